// What countersign.yaml says of a mail door.
import { isLoopback, type Keys, listen, provedName, type Section } from '@countersign/gateway/sections'
import type { MailDoorConfig } from '@countersign/mail/door'
import { z } from 'zod'

const next = z.strictObject(
  {
    address: listen.describe('HOST:PORT of the server that mail goes to from here'),
    tls: z
      .enum(['implicit', 'starttls', 'none'], 'must be implicit, starttls or none')
      .default('starttls')
      .describe(
        'implicit: TLS from the first octet; starttls: TLS, or nothing is sent; none: in clear, on loopback alone',
      ),
    name: provedName.exactOptional().describe('the DNS name that its certificate must prove (the host of address)'),
    anchors: z
      .string()
      .min(1)
      .exactOptional()
      .describe(
        'the certificates in PEM that its own must lead to; a relative path begins at this file (those of the system)',
      ),
  },
  { error: ({ code }) => (code === 'invalid_type' ? 'must be a mapping with the key address' : undefined) },
)

const place = z.string().regex(/^[^\s@]*@[^\s@]+$/, 'must be an address, or a domain as in @partner.example')

const recipient = z.strictObject({
  to: place.describe('an address, or a domain as in @partner.example'),
  service: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'must be at most 40 lower-case letters, digits and hyphens')
    .describe('what rules call it, as service:NAME: whoever writes there is asked for, beside the door itself'),
})

type MailKeys = { readonly [Key in keyof Omit<MailDoorConfig, 'name' | 'host'>]-?: z.ZodType<MailDoorConfig[Key]> }

/** The keys of a mail door. */
export const MAIL_SECTION: Section = {
  summary: 'mail: submission over mutual TLS, a durable queue, and one server that it goes to',
  meetsCallers: true,
  keys: {
    listen: listen.describe('address on which it listens: HOST:PORT; TLS from the first octet (port 465)'),
    next: next
      .transform(({ address, ...rest }) => ({ ...address, ...rest }))
      .describe('where mail goes: {address, tls, name, anchors}'),
    recipients: z
      .array(recipient)
      .exactOptional()
      .describe('services for mail to some addresses; the first that fits counts'),
    arrives: z
      .array(place)
      .min(1)
      .exactOptional()
      .describe(
        'mail for these addresses or domains arrives here, from whomever the callers bring it; left out, people hand in their own',
      ),
    keys: z
      .array(z.string().min(1))
      .min(1)
      .exactOptional()
      .describe(
        'directories that countersign enroll wrote, with keys of countersign mail key: what arrives encrypted to them is opened here, and handed on decrypted; a relative path begins at this file',
      ),
    partnerKeys: z
      .string()
      .min(1)
      .exactOptional()
      .describe(
        'the directory that countersign mail keys accept and mail keys --wkd are given as --identity: what must be encrypted to people whom the authority does not know is, with the OpenPGP keys that are remembered there; a relative path begins at this file',
      ),
    maxMessageOctets: z
      .int()
      .min(1024)
      .max(1024 ** 3)
      .exactOptional()
      .describe('octets of the largest message (41943040)'),
    maxMessagesPerMinute: z
      .int()
      .positive()
      .max(1_000_000)
      .exactOptional()
      .describe('messages that one caller may hand in within a minute (60)'),
  } satisfies MailKeys,
  faults(door) {
    // Each key is as it must be.
    const {
      next: hop,
      recipients,
      arrives,
      keys,
      partnerKeys,
      allow,
    } = door as MailDoorConfig & { readonly allow?: readonly string[] }
    return [
      ...(hop.tls === 'none' && !isLoopback(hop)
        ? [{ path: ['next', 'tls'], message: 'must not be none: nothing goes to another machine in clear' }]
        : []),
      ...(keys !== undefined && arrives === undefined
        ? [{ path: ['keys'], message: 'must be left out where no mail arrives: arrives says whose it is' }]
        : []),
      ...(partnerKeys !== undefined && arrives !== undefined
        ? [{ path: ['partnerKeys'], message: 'must be left out where mail arrives: nothing is sealed there' }]
        : []),
      ...(recipients !== undefined && arrives !== undefined
        ? [{ path: ['recipients'], message: 'must be left out where mail arrives: arrives says whose it is' }]
        : []),
      ...(recipients !== undefined && allow !== undefined
        ? [{ path: ['recipients'], message: 'must be left out at a door with allow: it is asked of a policy' }]
        : []),
    ]
  },
  services: (door) => (door as MailDoorConfig).recipients?.map(({ service }) => service) ?? [],
  within: { next: next.shape satisfies Keys, 'recipients.*': recipient.shape },
}
