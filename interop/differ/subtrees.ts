// Random subtrees and names that come near them.
import {
  type Extension,
  type GeneralName,
  type NameConstraints,
  nameConstraintsExtension,
  nameOf,
} from '@countersign/x509'
import type { Random } from './random.ts'
import type { Subtrees } from './subtree-oracle.ts'

const DOMAINS = ['example', 'a.example', 'b.example', 'x.a.example', 'xa.example', 'y.x.a.example', 'A.Example']
const LOCAL_PARTS = ['carol', 'Carol', 'dora.e']
/** Octets of IPv4 and IPv6, and masks of both. */
const ADDRESSES = ['c0000201', 'c0000280', 'c6336401', '20010db8000000000000000000000001', '20010db9'.padEnd(32, '0')]
const MASKS = { 4: ['ffffffff', 'ffffff80', 'ffffff00', '00000000'], 16: [32, 31, 8, 0] } as const
const PARTS = [
  ['organizationName', 'Acme'],
  ['organizationName', ' ACME '],
  ['organizationalUnitName', 'A'],
  ['organizationalUnitName', 'b  c'],
  ['organizationalUnitName', 'B C'],
] as const

type Kind = 'dNSName' | 'rfc822Name' | 'uniformResourceIdentifier' | 'iPAddress' | 'directoryName'
const KINDS: readonly Kind[] = ['dNSName', 'rfc822Name', 'uniformResourceIdentifier', 'iPAddress', 'directoryName']

/** A name of a party. */
export function randomName(random: Random, kind: Kind = random.pick(KINDS)): GeneralName {
  const domain = random.pick(DOMAINS)
  switch (kind) {
    case 'dNSName':
      return { kind, value: random.once(4) ? `*.${domain}` : domain }
    case 'rfc822Name':
      return { kind, value: `${random.pick(LOCAL_PARTS)}@${domain}` }
    case 'uniformResourceIdentifier':
      return { kind, value: randomUri(random, domain) }
    case 'iPAddress':
      return { kind, octets: Uint8Array.fromHex(random.pick(ADDRESSES)) }
    case 'directoryName':
      return { kind, value: randomDirectoryName(random) }
  }
}

function randomUri(random: Random, domain: string): string {
  const hosts = [domain, domain, domain, `${domain}:8443`, `user@${domain}`, '192.0.2.1', '[2001:db8::1]']
  return random.once(12) ? 'urn:example:a' : `https://${random.pick(hosts)}/${random.pick(['', 'p', 'p?q#f'])}`
}

/** A directory name of the parts that subtrees have, too. */
export function randomDirectoryName(random: Random): ReturnType<typeof nameOf> {
  return nameOf(Array.from({ length: 1 + random.below(3) }, () => random.pick(PARTS)))
}

/** The base of a subtree. */
function randomBase(random: Random, kind: Kind): GeneralName {
  const domain = random.once(12) ? '' : random.pick(DOMAINS)
  const host = domain !== '' && random.once(2) ? `.${domain}` : domain
  switch (kind) {
    case 'dNSName':
      return { kind, value: domain }
    case 'rfc822Name':
      return { kind, value: random.once(3) ? `${random.pick(LOCAL_PARTS)}@${random.pick(DOMAINS)}` : host }
    case 'uniformResourceIdentifier':
      return { kind, value: host }
    case 'iPAddress': {
      const address = random.pick(ADDRESSES)
      const mask = address.length === 8 ? random.pick(MASKS[4]) : 'f'.repeat(random.pick(MASKS[16])).padEnd(32, '0')
      return { kind, octets: Uint8Array.fromHex(address + mask) }
    }
    case 'directoryName':
      return { kind, value: random.once(12) ? nameOf([]) : randomDirectoryName(random) }
  }
}

/** What one authority permits and excludes; at least one subtree. `kinds`: of which names. */
export function randomSubtrees(random: Random, kinds: readonly Kind[] = KINDS): Subtrees {
  const bases = () => Array.from({ length: random.below(4) }, () => randomBase(random, random.pick(kinds)))
  const permitted = bases()
  const excluded = bases()
  return permitted.length + excluded.length > 0
    ? { permitted, excluded }
    : { permitted: [randomBase(random, random.pick(kinds))], excluded }
}

export function subtreesExtension({ permitted, excluded }: Subtrees): Extension {
  const listed = (bases: readonly GeneralName[]) => bases.map((base) => ({ base, minimum: 0 }))
  const values: NameConstraints = {
    ...(permitted.length > 0 && { permittedSubtrees: listed(permitted) }),
    ...(excluded.length > 0 && { excludedSubtrees: listed(excluded) }),
  }
  return nameConstraintsExtension(values)
}
