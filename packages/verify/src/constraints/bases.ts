// The bases of one kind of name, made ready: a question costs the depth of one name, whatever the number of bases.
import { type GeneralName, rdnKeys } from '@countersign/x509'
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
  const isBelow = makeBeginnings([...domains].map(labelsOf))
  const covers = (name: GeneralName) => {
    const dns = dnsOf(name) ?? ''
    return isBelow(labelsOf(dns.startsWith('*.') ? dns.slice(2) : dns))
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
  const isBelow = makeBeginnings([...domains].map(labelsOf))
  const covers = (name: GeneralName) => {
    const host = hostOf(name) ?? ''
    return hosts.has(host) || isBelow(labelsOf(parentOf(host)))
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
  const isBelow = makeBeginnings(bases.map(stepsOf))
  const covers = (name: GeneralName) => name.kind === 'directoryName' && isBelow(stepsOf(name))
  return { covers, touches: covers }
}

/** §4.2.1.10: address and mask, in the style of CIDR; the reader has seen to the masks. */
function makeAddressBases(bases: readonly GeneralName[]): Bases | undefined {
  const ranges: { readonly first: string; readonly last: string }[] = []
  for (const base of bases) {
    if (base.kind !== 'iPAddress' || (base.octets.length !== 8 && base.octets.length !== 32)) return undefined
    const address = base.octets.subarray(0, base.octets.length / 2)
    const mask = base.octets.subarray(address.length)
    const end = (isLast: boolean) => addressKey(address.map((octet, i) => pick(octet, mask[i] as number, isLast)))
    ranges.push({ first: end(false), last: end(true) })
  }
  // Of two ranges one lies within the other, or they are apart: the widest are enough, and one question is a search in their order.
  ranges.sort((left, right) => compareKeys(left.first, right.first) || compareKeys(right.last, left.last))
  const widest: typeof ranges = []
  for (const range of ranges) if ((widest.at(-1)?.last ?? '') < range.first) widest.push(range)
  const covers = (name: GeneralName) => {
    const key = name.kind === 'iPAddress' ? addressKey(name.octets) : ''
    let low = 0
    for (let high = widest.length; low < high; ) {
      const middle = (low + high) >> 1
      if ((widest[middle]?.first ?? '') <= key) low = middle + 1
      else high = middle
    }
    return key <= (widest[low - 1]?.last ?? '') && key !== ''
  }
  return { covers, touches: covers }
}

function pick(octet: number, mask: number, isLast: boolean): number {
  return isLast ? octet | (~mask & 0xff) : octet & mask
}

/** Of addresses of one length in their order, and of two lengths apart. */
function addressKey(octets: Uint8Array): string {
  return `${octets.length === 4 ? 4 : 6}${octets.toHex()}`
}

function compareKeys(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0
}

/** A domain of constraints in lower case; the empty one is above all. */
function readHost(text: string): string | undefined {
  if (text === '') return ''
  return text.startsWith('*') ? undefined : readPresentedDnsName(text)
}

/** Each name is read once, and not for each of the issuers that constrain it. */
const DNS_NAMES = new WeakMap<GeneralName, string | undefined>()

function dnsOf(name: GeneralName): string | undefined {
  if (name.kind !== 'dNSName') return undefined
  if (!DNS_NAMES.has(name)) DNS_NAMES.set(name, readPresentedDnsName(name.value))
  return DNS_NAMES.get(name)
}

/** "the constraint applies to the host part of the name"; undefined where that is absent, or an address. */
function hostOfUri(name: GeneralName): string | undefined {
  const uri = name.kind === 'uniformResourceIdentifier' ? readUri(name.value) : undefined
  const host =
    uri === undefined ? undefined : /^[^:]+:\/\/(?:[^/?#@]*@)?([^/?#@:[\]]+)(?::[0-9]*)?(?:[/?#]|$)/.exec(uri)?.[1]
  return host === undefined ? undefined : readPresentedDnsName(host)
}

function stepsOf(name: GeneralName): readonly string[] {
  return name.kind === 'directoryName' ? rdnKeys(name.value) : []
}

/** The labels of a domain, the last one first; the empty domain has none. */
function* labelsOf(domain: string): Generator<string, void> {
  for (let end = domain.length; end > 0; ) {
    const dot = domain.lastIndexOf('.', end - 1)
    yield domain.slice(dot + 1, end)
    end = dot
  }
}

interface Beginning {
  readonly further: Map<string, Beginning>
  isBase: boolean
}

/** Tells whether steps begin with those of a base: each is looked at once, and none after the first that no base goes on with. */
function makeBeginnings(bases: readonly Iterable<string>[]): (steps: Iterable<string>) => boolean {
  const start: Beginning = { further: new Map(), isBase: false }
  for (const base of bases) {
    let at = start
    for (const step of base) {
      const next = at.further.get(step) ?? { further: new Map(), isBase: false }
      at.further.set(step, next)
      at = next
    }
    at.isBase = true
  }
  return (steps) => {
    let at: Beginning | undefined = start
    for (const step of steps) {
      if (at.isBase) return true
      at = at.further.get(step)
      if (at === undefined) return false
    }
    return at.isBase
  }
}

function parentOf(name: string): string {
  const dot = name.indexOf('.')
  return dot < 0 ? '' : name.slice(dot + 1)
}
