// What must be with mail: encrypted to whom, verified from whom. A sentence each, which only ever asks for more.
import type { NormalName } from './model.ts'

/** What is asked: `encrypt` of mail to an address, `verify` of mail from one. */
export type DutyAct = 'encrypt' | 'verify'

/** One sentence. */
export interface Duty {
  readonly act: DutyAct
  /** `bob@partner.example`; `*@partner.example`; `*@*.partner.example`, of every domain below; or `*`, everybody. */
  readonly address: string
  /** As it is told: `must encrypt to *@partner.example`. */
  readonly name: string
  /** Line of the file. */
  readonly line: number
}

const SENTENCE = /^(?:(encrypt)\s+to|(be)\s+verified\s+from)\s+(\S+)$/
const WORDS = { encrypt: 'encrypt to', verify: 'be verified from' } as const

/** Reads a sentence, without `must` before it. Answers in words what is wrong. */
export function readDuty(text: string, normalName: NormalName): Omit<Duty, 'line'> | string {
  const [, encrypt, , address] = SENTENCE.exec(text.trim()) ?? []
  if (address === undefined) return 'must be as in encrypt to *@partner.example, or be verified from *@partner.example'
  const fault = addressFault(address, normalName)
  if (fault !== undefined) return fault
  const act = encrypt === undefined ? 'verify' : 'encrypt'
  return { act, address, name: `must ${WORDS[act]} ${address}` }
}

/** What is wrong with an address or a pattern of them, in words. */
export function addressFault(address: string, normalName: NormalName): string | undefined {
  if (address === '*') return undefined
  const { local, domain } = partsOf(address)
  // Any mailbox of the domain shows how certificates are read that have one.
  const [stars, name] = domain.startsWith('*.') ? ['*.', domain.slice(2)] : ['', domain]
  const example = `${local === '*' ? 'x' : local}@${name}`
  const normal = normalName(example)
  if (local === '' || name === '' || normal === undefined) return `no mail is for ${address}`
  const written = `${local}@${stars}${partsOf(normal).domain}`
  return written === address ? undefined : `write ${address} as certificates are read: ${written}`
}

/**
 * The sentence by which something must be with mail to or from an address; undefined where there is none.
 * @param address Its domain as certificates have it. Undefined: an address that cannot be compared, which every sentence means.
 */
export function dutyOf(duties: readonly Duty[], act: DutyAct, address: string | undefined): Duty | undefined {
  return duties.find((duty) => duty.act === act && (address === undefined || covers(duty.address, address)))
}

/** The sentences that ask for nothing that is not asked for by another of them. */
export function repeatedDuties(duties: readonly Duty[]): readonly Duty[] {
  return duties.filter((duty, at) =>
    duties.some((other, where) => {
      if (other === duty || other.act !== duty.act || !covers(other.address, duty.address)) return false
      return where < at || !covers(duty.address, other.address)
    }),
  )
}

/** What `one` asks for and `other` does not, as it is told. */
export function dutiesBeyond(one: readonly Duty[], other: readonly Duty[]): readonly string[] {
  return one.filter(({ act, address }) => dutyOf(other, act, address) === undefined).map(({ name }) => name)
}

/**
 * Whether a pattern means an address, or all that another pattern means. No case evades it: that of a local part is for its own
 * server to tell apart (RFC 5321 §2.4).
 */
export function covers(pattern: string, address: string): boolean {
  if (pattern === '*') return true
  const [wide, narrow] = [partsOf(folded(pattern)), partsOf(folded(address))]
  if (wide.local !== '*' && wide.local !== narrow.local) return false
  return wide.domain === narrow.domain || (wide.domain.startsWith('*.') && narrow.domain.endsWith(wide.domain.slice(1)))
}

function folded(text: string): string {
  return text.normalize('NFC').toLowerCase()
}

function partsOf(address: string): { readonly local: string; readonly domain: string } {
  const at = address.lastIndexOf('@')
  return at < 0 ? { local: '', domain: address } : { local: address.slice(0, at), domain: address.slice(at + 1) }
}
