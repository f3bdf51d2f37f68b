// The one place where a finding of the verifier becomes a sentence, with what to do next.
import type { Finding, FindingCode } from '@countersign/verify'
import { DerError, escapeText, formatName, isEmptyName, readCertificate, X509Error } from '@countersign/x509'
import { formatWhen } from './age.ts'
import { NEXT_STEPS, type NextStep, type Presenter } from './next-steps.ts'

/** For whom a finding is worded. */
export interface Audience {
  /** Who presented the certificates; `file`: nobody, they are looked at. */
  readonly presenter: Presenter
  /** The name of the presenter, where everybody reads it. Absent: a caller is spoken to, a callee is "the server". */
  readonly name?: string
}

/** A finding as a person reads it: lower case, no full stop, and nothing that moves a cursor. */
export interface FindingWords {
  /** Who, what, by how much and since when. */
  readonly text: string
  /** What to do next, as an imperative. */
  readonly next: string
}

/**
 * The sentence of a code, and its next step where the fault is in the presented certificate. `{it}` becomes the certificate at
 * fault, `{detail}` the verifier's own words, `{found}` and `{wanted}` what stands there and what was asked for, `{when}` how long
 * ago or in what time, `{so}` what was said beside it.
 */
export type Sentence = readonly [text: string, next: NextStep]

/** Every code of the verifier in words; there is none without. */
export const SENTENCES: Readonly<Record<FindingCode, Sentence>> = {
  ERR_VERIFY_MALFORMED: ['{it} cannot be read ({detail})', 'new'],
  ERR_VERIFY_EMPTY: ['no certificate was presented', 'other'],
  ERR_VERIFY_NO_ANCHOR: ['{it} leads to no authority that is trusted here ({detail})', 'other'],
  ERR_VERIFY_ISSUER_NOT_FOUND: ['{it} is from {found}, which is not trusted here', 'issuers'],
  ERR_VERIFY_BAD_SIGNATURE: ['{it} was not signed by the authority that it names', 'other'],
  ERR_VERIFY_ALGORITHM: ['{it} is signed in a way that does not count ({detail})', 'new'],
  ERR_VERIFY_ALGORITHM_MISMATCH: ['{it} names two signature algorithms, one of them unsigned', 'new'],
  ERR_VERIFY_WEAK_KEY: ['{it} is for a key that is not accepted ({detail})', 'key'],
  ERR_VERIFY_EXPIRED: ['{it} expired {when}', 'renew'],
  ERR_VERIFY_NOT_YET_VALID: ['{it} becomes valid {when}', 'clock'],
  ERR_VERIFY_VERSION: ['{it} is of an old version, which cannot say what its key is for ({detail})', 'new'],
  ERR_VERIFY_SERIAL: ['{it} has a serial number that is not positive or too long', 'new'],
  ERR_VERIFY_SUBJECT: ['{it} names nobody ({detail})', 'new'],
  ERR_VERIFY_NAME_CHAINING: ['{it} names an issuer, whose key is here under another name', 'issuers'],
  ERR_VERIFY_NOT_A_CA: ['{it} issued another one, and is of no authority ({detail})', 'authority'],
  ERR_VERIFY_CA_AS_LEAF: ['{it} is an authority’s own, and stands for a party', 'other'],
  ERR_VERIFY_PATH_LENGTH: ['{it} issued another one, and no issuer may stand there', 'authority'],
  ERR_VERIFY_KEY_USAGE: ['{it} is for a key that may not be used like this ({detail})', 'purpose'],
  ERR_VERIFY_EXTENDED_KEY_USAGE: ['{it} is for other purposes ({detail})', 'purpose'],
  ERR_VERIFY_CRITICAL_EXTENSION: [
    '{it} has {found}, and what is marked critical in it is not by the rules ({detail})',
    'new',
  ],
  ERR_VERIFY_UNSUPPORTED: ['{it} has {found}, which cannot be judged here ({detail})', 'new'],
  ERR_VERIFY_KEY_IDENTIFIER: ['{it} does not name the key of its issuer by the rules ({detail})', 'issuers'],
  ERR_VERIFY_NAME_CONSTRAINTS: ['{it} carries a name or a constraint that may not stand there ({detail})', 'new'],
  ERR_VERIFY_POLICY: ['{it} is not under a certificate policy that is asked for ({detail})', 'new'],
  ERR_VERIFY_POLICY_MAPPING: ['{it} maps anyPolicy, which nobody may', 'authority'],
  ERR_VERIFY_NAME: ['{it} is for {found}, not for {wanted}', 'name'],
  ERR_VERIFY_NAME_ABSENT: ['{it} has no name of the kind of {wanted}', 'name'],
  ERR_VERIFY_COMMON_NAME: ['{it} has a common name that is none of its names ({found})', 'new'],
  ERR_VERIFY_PUBLIC_SUFFIX: ['{it} is for {found}, which is wider than one owner', 'new'],
  ERR_VERIFY_SPIFFE: ['{it} is of no workload by the rules of SPIFFE ({detail})', 'new'],
  ERR_VERIFY_NO_REV_AVAIL: [
    '{it} says that nothing will be known of its status, beside {found}, which says otherwise',
    'new',
  ],
  ERR_VERIFY_REVOKED: ['{who} was revoked {when}{so}', 'new'],
  ERR_VERIFY_STATUS_UNKNOWN: ['it is not known whether {it} was revoked ({detail})', 'status'],
  ERR_VERIFY_STATUS_EXPIRED: [
    'it is not known any more whether {it} was revoked: its list was to be replaced {when}',
    'status',
  ],
  ERR_VERIFY_BUDGET: ['{it} takes too much work to check ({detail})', 'fewer'],
}

/** What a party cannot mend by another certificate of the same issuer. */
const OF_THE_ISSUER: ReadonlySet<NextStep> = new Set(['new', 'renew', 'purpose', 'key', 'name'])

/** Words a finding for people, as of `now`. Pure; the same for terminal, page, log line and console. */
export function explainFinding(finding: Finding, audience: Audience, now: Temporal.Instant): FindingWords {
  const { code, detail, depth = 0, facts = {}, revocation } = finding
  const { found = [], others, wanted, at = revocation?.at } = facts
  const [sentence, step] = SENTENCES[code]
  const it = certificateAtFault(finding, audience)
  const reason = revocation?.reason ?? 'unspecified'
  const words: Readonly<Record<string, string>> = {
    it,
    // A party is revoked to everybody; its certificate is to itself.
    who: depth === 0 ? (audience.name ?? it) : it,
    detail,
    found: listOf(found, others),
    wanted: wanted ?? 'what was asked for',
    when: at === undefined ? '' : formatWhen(at, now),
    so: reason === 'unspecified' ? '' : ` (${wordsOf(reason)})`,
  }
  const text = sentence.replaceAll(/\{([a-z]+)\}/g, (_, word: string) => words[word] ?? '')
  return {
    text: escapeText(text.trim()),
    next: NEXT_STEPS[depth > 0 && OF_THE_ISSUER.has(step) ? 'authority' : step][audience.presenter],
  }
}

/** A record of an older door may not say what stands there. */
function listOf(found: readonly string[], others: number | undefined): string {
  if (found.length === 0) return 'something else'
  return others === undefined ? found.join(', ') : `${found.join(', ')} and ${others} more`
}

/** As in "your certificate", "alice's certificate", "the issuer CN=Acme Issuing 1 of the server's certificate". */
function certificateAtFault({ depth = 0, certificate, facts }: Finding, { presenter, name }: Audience): string {
  if (facts?.index !== undefined) return `certificate ${facts.index + 1} of those that were sent`
  const leaf = LEAF_WORDS[presenter] ?? (name === undefined ? 'your certificate' : `${name}'s certificate`)
  return depth === 0 ? leaf : `${issuerAtFault(certificate) ?? `issuer ${depth}`} above ${leaf}`
}

const LEAF_WORDS: Readonly<Record<Presenter, string | undefined>> = {
  caller: undefined,
  callee: "the server's certificate",
  file: 'the certificate',
}

/** Its name, where the verdict was made here and its octets are at hand. */
function issuerAtFault(certificate: Uint8Array | undefined): string | undefined {
  if (certificate === undefined) return undefined
  try {
    const { subject } = readCertificate(certificate)
    return isEmptyName(subject) ? undefined : `the issuer ${formatName(subject)}`
  } catch (error) {
    if (error instanceof DerError || error instanceof X509Error) return undefined
    throw error
  }
}

/** `keyCompromise` as `key compromise`. */
function wordsOf(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
}
