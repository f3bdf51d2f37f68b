// The words that several sections of countersign.yaml are made of.
import { isIP } from 'node:net'
import { readName } from '@countersign/verify'
import { formatIpAddress, parseIpAddress } from '@countersign/x509'
import { z } from 'zod'
import type { Address } from './address.ts'

/** Whether a text is a DNS name as certificates have it, in lower case. */
function isDnsName(text: string): boolean {
  const name = readName(text)
  return name?.kind === 'dNSName' && name.value === text
}

const LISTEN_FORM = 'must be HOST:PORT, as in 127.0.0.1:8443 or [::1]:8443'

/** Where to listen. `port` 0 lets the system choose. */
export interface Listen {
  readonly host: string
  readonly port: number
}

/** A DNS name in lower case. */
export const dnsName: z.ZodString = z
  .string()
  .refine(isDnsName, 'must be a DNS name in lower case, as in door.acme.example')

/** A DNS name in lower case, or an IP address. */
export const hostName: z.ZodType<string> = z
  .string()
  .refine(
    (text) => (isIP(text) !== 0 && !text.includes('%')) || isDnsName(text),
    'must be a DNS name in lower case or an IP address',
  )
  // However an address is written, it is one: certificates and meetings have it in the form of RFC 5952.
  .transform((text) => {
    const octets = parseIpAddress(text)
    return octets === undefined ? text : formatIpAddress(octets)
  })

/** An address to listen on. */
export const listen: z.ZodType<Listen> = z.string(LISTEN_FORM).transform((text, context) => {
  const parts = /^(?:\[([0-9a-f:.]+)\]|([^:[\]]+)):(\d{1,5})$/i.exec(text)
  const host = parts?.[1] ?? parts?.[2]
  const port = Number(parts?.[3])
  if (host === undefined || port > 65_535 || (isIP(host) === 0 && !isDnsName(host))) {
    context.addIssue({ code: 'custom', message: LISTEN_FORM })
    return z.NEVER
  }
  return { host, port }
})

/** An address to listen on, or the path of a Unix socket. */
export const listenOrPath: z.ZodType<Address> = z.string(LISTEN_FORM).transform((text, context): Address => {
  const path = /^unix:(\/.*)$/.exec(text)?.[1]
  // sun_path has 108 octets on Linux and 104 elsewhere, with the NUL.
  if (path !== undefined && Buffer.byteLength(path) <= 103 && !path.includes('\0')) return { path }
  const parsed = listen.safeParse(text)
  if (parsed.success) return parsed.data
  context.addIssue({ code: 'custom', message: `${LISTEN_FORM}, or unix:/path of at most 103 octets` })
  return z.NEVER
})

/** Whether only this machine reaches it. */
export const isLoopback = (address: Address): boolean =>
  'path' in address || /^(?:127\.|::1$|localhost$)/.test(address.host)

/** What a callee can be asked to prove: a DNS name, an IP address or a URI. */
export const provedName: z.ZodString = z
  .string()
  .refine(
    (text) => hostName.safeParse(text).success || /^[a-z][a-z0-9+.-]*:\/\/\S+$/.test(text),
    'must be a DNS name in lower case, an IP address, or a URI as in spiffe://acme.example/db',
  )
