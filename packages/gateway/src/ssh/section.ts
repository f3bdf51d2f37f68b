// What countersign.yaml says of a door for SSH.
import { z } from 'zod'
import type { Fault, Section } from '../kind/model.ts'
import type { SshDoorConfig } from './door.ts'

/** POSIX.1-2024 §3.426, as useradd(8) has it; a name that a shell or sshd reads otherwise is none. */
const account = z.string().regex(/^[A-Za-z_][A-Za-z0-9._-]{0,31}$/, 'must be the name of an account, as in deploy')

const line = z.strictObject({
  account: account.describe('an account of this host'),
  who: z
    .union(
      [
        z.literal(true),
        z.string().regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'must be at most 40 lower-case letters, digits and hyphens'),
      ],
      'must be true, or a name',
    )
    .describe(
      'who may log in to it: true for whoever the door lets in; a name for whoever rules let meet service:NAME too',
    ),
})

function faultsOf({ accounts = [], allow }: SshDoorConfig & { readonly allow?: unknown }): readonly Fault[] {
  return accounts.flatMap((one, index): Fault[] => {
    const at = (key: string, message: string) => ({ path: ['accounts', index, key], message })
    return [
      ...(accounts.findIndex((other) => other.account === one.account) === index
        ? []
        : [at('account', 'must stand once')]),
      ...(allow !== undefined && typeof one.who === 'string'
        ? [at('who', 'must be true at a door with allow: a service is asked of a policy')]
        : []),
    ]
  })
}

/** The keys of a door for SSH. */
export const SSH_SECTION: Section = {
  summary: 'logins at the sshd of this host, which stays as it is: the door answers whom it lets in, and ends sessions',
  meetsCallers: true,
  keys: {
    listen: z
      .string()
      .transform((text, context) => {
        const path = /^unix:(\/.*)$/.exec(text)?.[1]
        // sun_path has 108 octets on Linux; another name stands in the same directory.
        if (path !== undefined && Buffer.byteLength(path) <= 96 && /^[\x21-\x7e]+$/.test(path)) return { path }
        context.addIssue({ code: 'custom', message: 'must be unix:/path of at most 96 characters without spaces' })
        return z.NEVER
      })
      .describe(
        'socket at which sshd asks, unix:/path, in a directory of its own that belongs to root as all above it: what sshd reads is written there',
      ),
    hostCertificate: z
      .string()
      .regex(/^\//, 'must be an absolute path')
      .exactOptional()
      .describe('the certificate by which this host proves itself (/etc/ssh/ssh_host_ed25519_key-cert.pub)'),
    accounts: z
      .array(line)
      .min(1, 'must name at least one account')
      .exactOptional()
      .describe(
        'who may log in to which accounts; what no line speaks of, nobody. Left out: each party to the account called as it is',
      ),
    asker: account.exactOptional().describe('who asks for sshd: its AuthorizedPrincipalsCommandUser (nobody)'),
  } satisfies { readonly [Key in keyof Omit<SshDoorConfig, 'name' | 'host'>]-?: z.ZodType<SshDoorConfig[Key]> },
  faults: (door) => faultsOf(door as SshDoorConfig & { readonly allow?: unknown }),
  services: (door) =>
    ((door as SshDoorConfig).accounts ?? []).flatMap(({ who }) => (typeof who === 'string' ? [who] : [])),
  within: { 'accounts.*': line.shape },
}
