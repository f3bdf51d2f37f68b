// The one picture of a meeting, as data: the caller left, the callee right, six rows between them.
import { escapeText } from '@countersign/x509'
import { formatValidity, formatWhen } from './age.ts'
import { CAUSE_OF_FINDING } from './cause.ts'
import { explainFinding } from './explain-finding.ts'
import type { CertificateSummary, Meeting, Proof, ProofKind, Refusal, Side, Step, StepEvidence } from './meeting.ts'
import { STEP_NAMES } from './meeting.ts'
import type { Reference } from './reference.ts'
import type { RefusalCode, RefusalEntry } from './refusals.ts'
import { REFUSALS } from './refusals.ts'

/** One of the six steps, as the picture shows it. */
export interface ExplanationRow {
  readonly number: number
  readonly verb: (typeof STEP_NAMES)[number]
  /** Where the arrow points: what is sent goes right (to the callee) or left, what is judged stays. */
  readonly direction: 'right' | 'left' | 'none'
  readonly outcome: Step['outcome']
  readonly text: string
}

/** Whoever has seen one can read every door's. */
export interface Explanation {
  readonly caller: string
  readonly callee: string
  readonly rows: readonly ExplanationRow[]
  /** Absent where it is nobody else's, see {@link sharedReference}. */
  readonly reference?: Reference
  readonly at: Temporal.Instant
  /** Absent where the meeting was accepted. `why` is said to the refused party, `cause` to everybody, as its row is. */
  readonly refusal?: RefusalEntry & { readonly code: RefusalCode; readonly why: string }
}

const DIRECTIONS = ['right', 'left', 'none', 'right', 'none', 'none'] as const

/**
 * Explains `meeting` as of `now`; pure, and the same for terminal, page and console. Names in it are a peer's, perhaps
 * by way of a record: no character of them moves a cursor or turns the direction of text.
 */
export function explainMeeting(meeting: Meeting, now: Temporal.Instant): Explanation {
  const { outcome } = meeting
  const refusal = outcome.ok ? undefined : explainRefusal(outcome.refusal, meeting, now)
  const shared = sharedReference(meeting)
  return {
    caller: escapeText(meeting.caller.name),
    callee: escapeText(meeting.callee.name),
    ...(shared !== undefined && { reference: shared }),
    at: meeting.at,
    rows: meeting.steps.map((step, index) => ({
      number: index + 1,
      verb: STEP_NAMES[index] ?? 'ask',
      direction: DIRECTIONS[index] ?? 'none',
      outcome: step.outcome,
      text: step.outcome === 'refused' ? `refused: ${refusal?.cause}` : escapeText(stepText(step, index, meeting, now)),
    })),
    ...(refusal !== undefined && { refusal }),
  }
}

/**
 * The reference under which the other side knows this meeting too. A caller whose ClientHello was not answered does not
 * learn the random that it is made of: whoever received it recorded another one, and nobody finds the caller's.
 */
export function sharedReference({ reference, seenBy, steps }: Meeting): Reference | undefined {
  return seenBy === 'caller' && steps[0].evidence === undefined ? undefined : reference
}

function stepText(step: Step, index: number, meeting: Meeting, now: Temporal.Instant): string {
  if (step.outcome === 'not reached') return ''
  const actor = step.by === 'callee' ? meeting.callee : meeting.caller
  const shown = evidenceText(step.evidence, actor, step.by === 'caller', now)
  // The caller knew whom it wanted to meet, so that it has checked the name too.
  if (index === 2 && step.evidence?.kind === 'verdict') return shown.replace('path · ', 'path · name · ')
  if (index === 2 && step.evidence?.kind === 'site') return `the passkey is for ${shown} alone`
  if (step.evidence?.kind === 'opaque') return `${meeting.callee.name} has proved that it keeps this account (${shown})`
  if (index === 4 && meeting.outcome.ok && meeting.outcome.decision.ok)
    return [shown, `allowed by “${meeting.outcome.decision.rule}”`].filter(Boolean).join(' · ')
  if (index === 5 && meeting.resumed) return `${shown} · resumed`
  return shown
}

function evidenceText(
  evidence: StepEvidence | undefined,
  actor: Side,
  isShown: boolean,
  now: Temporal.Instant,
): string {
  switch (evidence?.kind) {
    case undefined:
    case 'clientHello':
      return ''
    case 'certificate': {
      const { certificate, beside = [] } = evidence
      const shown = certificateText(actor.name, certificate, now)
      return beside.length === 0 ? shown : `${shown} · ${proofsText(beside, isShown)}`
    }
    case 'verdict':
      return evidence.knownAt === undefined
        ? 'path · whether it was revoked is not known'
        : `path · not revoked (known ${formatWhen(evidence.knownAt, now)})`
    case 'finished':
      return `${actor.name} went on after seeing it`
    case 'forwarded':
      return `${certificateText(actor.name, evidence.certificate, now)}, as ${evidence.by} says`
    case 'told':
      return `accepted, as ${evidence.by} says`
    case 'token':
      return `an enrollment token (${evidence.id})`
    case 'device':
      return evidence.known ? 'signed by a device of this account' : 'signed by a device that is not known here'
    case 'picture':
      return evidence.sealedTo === 'device'
        ? 'picture and phrase, which only this device opens'
        : 'picture and phrase, which only the password opens'
    case 'site':
      return evidence.name
    case 'opaque':
      return 'OPAQUE'
    case 'proofs':
      return proofsText(evidence.proofs, isShown)
    case 'bound':
      return evidence.to === 'device' ? 'bound to the key of the device' : 'bound to the certificate of the connection'
    case 'message':
      return ''
    case 'openpgpKey':
      return `${actor.name}, OpenPGP key ${evidence.fingerprint.slice(-16)}`
    case 'vouched':
      return `vouched for by ${evidence.by}`
    case 'sealed':
      return [FORMATS[evidence.format], evidence.cipher, evidence.transport].filter(Boolean).join(' · ')
    case 'engine':
      return `by ${evidence.by}`
    case 'channel':
      return `${evidence.protocol} · ${evidence.cipher}`
  }
}

const FORMATS = { smime: 'S/MIME', openpgp: 'OpenPGP' } as const

const PROOF_WORDS: Readonly<Record<ProofKind, string>> = {
  certificate: 'certificate',
  passkey: 'passkey',
  totp: 'one-time password',
  password: 'password',
  sms: 'code by SMS (restricted)',
}

/** By the caller with where it was shown, by the callee as what was checked. */
function proofsText(proofs: readonly Pick<Proof, 'kind' | 'binding'>[], isShown: boolean): string {
  const text = proofs.map(({ kind }) => PROOF_WORDS[kind]).join(' · ')
  return isShown && proofs.length > 0 && proofs.every(({ binding }) => binding === 'device')
    ? `${text}, on this device`
    : text
}

function certificateText(name: string, certificate: CertificateSummary, now: Temporal.Instant): string {
  const issuer = certificate.issuerCommonName ?? certificate.issuer
  return `${name}, issued by ${issuer}, ${formatValidity(certificate.notBefore, certificate.notAfter, now)}`
}

/** Explains why one of the two sides was refused: what is known of this very case, where a finding says it; else what the code says of all. */
export function explainRefusal(
  { code, detail }: Refusal,
  { caller, callee }: Pick<Meeting, 'caller' | 'callee'>,
  now: Temporal.Instant,
): NonNullable<Explanation['refusal']> {
  const entry = REFUSALS[code]
  const { fault } = entry
  const presenter = fault === 'callee' ? 'callee' : 'caller'
  // A record may come from elsewhere: a finding that is of another cause explains nothing.
  if (detail === undefined || !('clause' in detail) || !code.endsWith(`_${CAUSE_OF_FINDING[detail.code]}`)) {
    const { name } = presenter === 'callee' ? callee : caller
    const cause = escapeText(entry.cause.replaceAll('{name}', () => name))
    return { ...entry, code, cause, why: entry.public }
  }
  const { text: why, next } = explainFinding(detail, { presenter }, now)
  const { text: cause } = explainFinding(
    detail,
    { presenter, name: presenter === 'callee' ? callee.name : caller.name },
    now,
  )
  return { ...entry, code, cause, why, next }
}
