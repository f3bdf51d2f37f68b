// The bases of one kind of name, made ready: a question costs the depth of one name, whatever the number of bases.
import { formatIpAddress, type GeneralName, type Name, rdnKeys } from '@countersign/x509'
import { readPresentedDnsName } from '../names/dns.ts'
import { mailboxOf } from '../names/mailbox.ts'
import { readUri } from '../names/uri.ts'

/** What a set of bases says of names of its kind. */
export interface Bases {
  /** Everything that the name stands for is below a base. */
  covers(name: GeneralName): boolean
  /** Something that the name stands for is below a base. */
  touches(name: GeneralName): boolean
}

/** How constraints of one kind are read. Undefined: a base, or a name, has no form in which it could be compared. */
export interface Kind {
  makeBases(bases: readonly GeneralName[]): Bases | undefined
  isComparable(name: GeneralName): boolean
}

/** The kinds that we process; of any other, a name of a constrained kind is refused. */
export const KINDS: Readonly<Partial<Record<GeneralName['kind'], Kind>>> = {
  dNSName: { makeBases: makeDnsBases, isComparable: (name) => dnsOf(name) !== undefined },
  uniformResourceIdentifier: {
    makeBases: (bases) => makeHostBases(bases, hostOfUri),
    isComparable: (name) => hostOfUri(name) !== undefined,
  },
  rfc822Name: { makeBases: makeMailBases, isComparable: (name) => mailboxOf(name) !== undefined },
  directoryName: { makeBases: makeDirectoryBases, isComparable: () => true },
  iPAddress: { makeBases: makeAddressBases, isComparable: ({ kind }) => kind === 'iPAddress' },
}

/** §4.2.1.10: "Any DNS name that can be constructed by simply adding zero or more labels to the left-hand side of the name". */
function makeDnsBases(bases: readonly GeneralName[]): Bases | undefined {
  const domains = new Set<string>()
  const parents = new Set<string>()
  for (const base of bases) {
    const domain = base.kind === 'dNSName' ? readHost(base.value) : undefined
    if (domain === undefined) return undefined
    domains.add(domain)
    parents.add(parentOf(domain))
  }
  const covers = (name: GeneralName) => {
    const dns = dnsOf(name) ?? ''
    return isBelow(domains, dns.startsWith('*.') ? dns.slice(2) : dns)
  }
  return {
    covers,
    touches(name) {
      const dns = dnsOf(name) ?? ''
      // A wildcard stands for the base's own first label, too.
      return covers(name) || (dns.startsWith('*.') && parents.has(dns.slice(2)))
    },
  }
}

/** §4.2.1.10, for URIs: a host, or with a leading period a domain, "expanded with one or more labels". */
function makeHostBases(
  bases: readonly GeneralName[],
  hostOf: (name: GeneralName) => string | undefined,
): Bases | undefined {
  const hosts = new Set<string>()
  const domains = new Set<string>()
  for (const base of bases) {
    const text = 'value' in base && typeof base.value === 'string' ? base.value : '*'
    const host = readHost(text.replace(/^\./, ''))
    if (host === undefined || text === '.') return undefined
    // An empty base constrains every name of its kind, as it does for DNS names.
    if (text.startsWith('.') || text === '') domains.add(host)
    else hosts.add(host)
  }
  const covers = (name: GeneralName) => {
    const host = hostOf(name) ?? ''
    return hosts.has(host) || isBelow(domains, parentOf(host))
  }
  return { covers, touches: covers }
}

/** §4.2.1.10, for mail: a mailbox, a host, or with a leading period a domain; RFC 9598 §6: of both forms of an address. */
function makeMailBases(bases: readonly GeneralName[]): Bases | undefined {
  const isMailbox = (base: GeneralName) => base.kind === 'rfc822Name' && base.value.includes('@')
  const mailboxes = bases.filter(isMailbox).map(mailboxOf)
  if (mailboxes.includes(undefined)) return undefined
  const hosts = makeHostBases(
    bases.filter((base) => !isMailbox(base)),
    (name) => mailboxOf(name)?.split('@').at(-1),
  )
  if (hosts === undefined) return undefined
  const known = new Set(mailboxes)
  const covers = (name: GeneralName) => known.has(mailboxOf(name)) || hosts.covers(name)
  return { covers, touches: covers }
}

/** §7.1: a base is the beginning of the names below it. */
function makeDirectoryBases(bases: readonly GeneralName[]): Bases {
  const known = new Set(bases.map((base) => beginningsOf(base).at(-1)))
  const covers = (name: GeneralName) => beginningsOf(name).some((beginning) => known.has(beginning))
  return { covers, touches: covers }
}

/** §4.2.1.10: address and mask, in the style of CIDR; the reader has seen to the masks. */
function makeAddressBases(bases: readonly GeneralName[]): Bases | undefined {
  const networks = new Map<string, { readonly mask: Uint8Array; readonly addresses: Set<string> }>()
  for (const base of bases) {
    if (base.kind !== 'iPAddress' || (base.octets.length !== 8 && base.octets.length !== 32)) return undefined
    const half = base.octets.length / 2
    const mask = base.octets.subarray(half)
    const network = networks.get(mask.toHex()) ?? { mask, addresses: new Set() }
    network.addresses.add(masked(base.octets.subarray(0, half), mask))
    networks.set(mask.toHex(), network)
  }
  const covers = (name: GeneralName) =>
    name.kind === 'iPAddress' &&
    networks
      .values()
      .some(({ mask, addresses }) => mask.length === name.octets.length && addresses.has(masked(name.octets, mask)))
  return { covers, touches: covers }
}

function masked(octets: Uint8Array, mask: Uint8Array): string {
  return formatIpAddress(octets.map((octet, i) => octet & (mask[i] ?? 0)))
}

/** A domain of constraints in lower case; the empty one is above all. */
function readHost(text: string): string | undefined {
  if (text === '') return ''
  return text.startsWith('*') ? undefined : readPresentedDnsName(text)
}

function dnsOf(name: GeneralName): string | undefined {
  return name.kind === 'dNSName' ? readPresentedDnsName(name.value) : undefined
}

/** "the constraint applies to the host part of the name"; undefined where that is absent, or an address. */
function hostOfUri(name: GeneralName): string | undefined {
  const uri = name.kind === 'uniformResourceIdentifier' ? readUri(name.value) : undefined
  const host =
    uri === undefined ? undefined : /^[^:]+:\/\/(?:[^/?#@]*@)?([^/?#@:[\]]+)(?::[0-9]*)?(?:[/?#]|$)/.exec(uri)?.[1]
  return host === undefined ? undefined : readPresentedDnsName(host)
}

/** A key for each beginning of a directory name, the empty one and the whole included. */
function beginningsOf(name: GeneralName): readonly string[] {
  if (name.kind !== 'directoryName') return []
  const keys = rdnKeys(name.value as Name)
  return [...keys, ''].map((_, count) => keys.slice(0, count).join(','))
}

function isBelow(domains: ReadonlySet<string>, name: string): boolean {
  for (let domain = name; domain !== ''; domain = parentOf(domain)) if (domains.has(domain)) return true
  return domains.has('')
}

function parentOf(name: string): string {
  const dot = name.indexOf('.')
  return dot < 0 ? '' : name.slice(dot + 1)
}
