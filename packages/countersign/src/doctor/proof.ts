// What the server shows: which certificate of it is at fault, why, and who can mend it.
import { createCheckSignature, type DirectoryIdentity, type Trust, verdictOf } from '@countersign/mtls'
import { nearest } from '@countersign/policy/nearest'
import { explainFinding, formatValidity, refusalOfFindings } from '@countersign/protocol'
import type { Finding, ReferenceIdentity, Verdict } from '@countersign/verify'
import {
  type Certificate,
  DerError,
  formatName,
  isEmptyName,
  namesEqual,
  readCertificate,
  X509Error,
} from '@countersign/x509'
import { shellWord } from '../output/shell-word.ts'
import type { Style } from '../output/style.ts'
import { verdictLines } from '../verifying/lines.ts'
import type { Check, Mend, Patient } from './model.ts'

/** What the proof of a server is judged by. */
export interface ProofQuestion {
  /** DER, as they were sent. */
  readonly certificates: readonly Uint8Array[]
  readonly name: ReferenceIdentity
  readonly trust: Trust
  readonly identity: DirectoryIdentity | undefined
  readonly style: Style
}

/** The check of what the server presented, and the verdict where there is one. */
export function examineProof(
  question: ProofQuestion,
  patient: Patient,
): { readonly check: Check; readonly verdict?: Verdict } {
  const { certificates, name, trust, style } = question
  const { now, address } = patient
  if (certificates.length === 0) {
    const mend: Mend = { text: 'give the server a certificate', by: 'callee' }
    return {
      check: {
        area: 'proof',
        outcome: 'bad',
        text: 'it presents no certificate',
        code: 'ERR_CALLEE_NO_CERTIFICATE',
        mend,
      },
    }
  }
  const checkSignature = createCheckSignature()
  const judged = (sent: readonly Uint8Array[]) =>
    verdictOf({ presenter: 'callee', certificates: sent, trust, now, name, address, checkSignature })
  const verdict = judged(certificates)
  const read = certificates.map(readIfReadable)
  if (verdict.ok) {
    const leaf = verdict.path.certificates[0]
    if (leaf === undefined) throw new RangeError('a path has a certificate')
    const { notBefore, notAfter } = leaf.validity
    const text = `${name.value}, issued by ${formatName(leaf.issuer)}, ${formatValidity(notBefore, notAfter, now)}`
    return { check: { area: 'proof', outcome: 'good', text }, verdict }
  }
  const { code, detail } = refusalOfFindings('callee', verdict.findings)
  const whole = read.filter((each) => each !== undefined)
  // The tree counts certificates as they were sent: with one that cannot be read, the numbers would be others.
  const more = whole.length === read.length ? verdictLines(verdict, whole, now, style).slice(1) : []
  const said = detail && explainFinding(detail, { presenter: 'callee' }, now)
  const text = said?.text ?? 'what it presents is not to be believed'
  const missing = code === 'ERR_CALLEE_UNKNOWN_ISSUER' ? missingIssuer(question, whole, judged) : undefined
  const mend = missing?.mend ?? mendOf(detail, said?.next ?? 'tell the operator of the server', question, patient)
  return { check: { area: 'proof', outcome: 'bad', text: missing?.text ?? text, more, code, mend }, verdict }
}

/** Whether it leads to our authority, had the server only sent what stands between. */
function missingIssuer(
  { certificates, identity, trust }: ProofQuestion,
  sent: readonly Certificate[],
  judged: (sent: readonly Uint8Array[]) => Verdict,
): { readonly text: string; readonly mend: Mend } | undefined {
  const known = [...(identity?.current().certificates.slice(1) ?? []), ...trust.issuers]
  const absent = known.find(
    (issuer) =>
      sent.some((one) => namesEqual(one.issuer, issuer.subject)) &&
      !sent.some((one) => namesEqual(one.subject, issuer.subject)),
  )
  if (absent !== undefined) {
    const verdict = judged([...certificates, absent.der])
    if (verdict.ok || verdict.findings.every(({ code }) => !OF_THE_ISSUER.has(code)))
      return {
        text: `it does not send its issuer ${formatName(absent.subject)}, which our own chain has`,
        mend: {
          text: 'let the server send its chain: behind its certificate in the same file, without the root',
          command: 'cat server.pem issuing.pem > chain.pem',
          by: 'callee',
        },
      }
  }
  const [leaf, ...others] = sent
  if (leaf === undefined || others.length > 0) return undefined
  const anchors = trust.anchors.map(({ name }) => formatName(name)).join(', ')
  const itself = namesEqual(leaf.subject, leaf.issuer) && !isEmptyName(leaf.subject)
  return {
    text: itself
      ? `it is signed by itself (${formatName(leaf.subject)}), and not believed here`
      : `it sends its own certificate alone, from ${formatName(leaf.issuer)}: either the chain is missing, or it is of another authority than ${anchors}`,
    mend: otherAuthority(),
  }
}

const OF_THE_ISSUER: ReadonlySet<string> = new Set([
  'ERR_VERIFY_ISSUER_NOT_FOUND',
  'ERR_VERIFY_NO_ANCHOR',
  'ERR_VERIFY_BAD_SIGNATURE',
])

function otherAuthority(): Mend {
  return {
    text: 'if it is the right server, get the root certificate of its authority from its operator, compare the fingerprint, and ask again with --trust FILE',
    by: 'caller',
  }
}

function mendOf(
  finding: Finding | undefined,
  next: string,
  { identity }: ProofQuestion,
  { address, directory }: Patient,
): Mend {
  const who = identity && directory !== undefined ? ` --identity ${shellWord(directory)}` : ''
  switch (finding?.code) {
    case 'ERR_VERIFY_NAME':
    case 'ERR_VERIFY_NAME_ABSENT': {
      const names = finding.facts?.found ?? []
      const meant = nearest(finding.facts?.wanted ?? '', names) ?? names.find((each) => !/[*/@]/.test(each))
      if (meant === undefined) return { text: next, by: 'callee' }
      const command = `countersign meet ${shellWord(address)} --name ${shellWord(meant)}${who}`
      return { text: `if ${meant} is whom you mean, say so; else check the address`, command, by: 'caller' }
    }
    case 'ERR_VERIFY_ISSUER_NOT_FOUND':
    case 'ERR_VERIFY_NO_ANCHOR':
    case 'ERR_VERIFY_BAD_SIGNATURE':
      return otherAuthority()
    case 'ERR_VERIFY_STATUS_UNKNOWN':
    case 'ERR_VERIFY_STATUS_EXPIRED':
      if (directory === undefined) return { text: next, by: 'caller' }
      return { text: next, command: `countersign enroll --keep --out ${shellWord(directory)}`, by: 'caller' }
    default:
      return { text: next, by: 'callee' }
  }
}

function readIfReadable(der: Uint8Array): Certificate | undefined {
  try {
    return readCertificate(der)
  } catch (error) {
    if (error instanceof DerError || error instanceof X509Error) return undefined
    throw error
  }
}
