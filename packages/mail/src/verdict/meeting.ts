// A message as the one picture has it: the sender is the caller, the reader the callee, and six steps between them.
import {
  type DoorName,
  type Identity,
  type Meeting,
  REFUSALS,
  type Refusal,
  referenceOf,
  type Side,
  type Step,
  type StepEvidence,
  type Steps,
} from '@countersign/protocol'
import type { Signer } from '../model.ts'
import type { MailFacts } from './facts.ts'
import type { MailVerdict } from './verdict.ts'

/** What a record of a message says beside its verdict. */
export interface MailRecord {
  readonly facts: MailFacts
  readonly verdict: MailVerdict
  readonly door: DoorName
  readonly at: Temporal.Instant
  /** SHA-256 of the body as it was carried: both sides know it, and the reference is made of it. 32 octets. */
  readonly bodySha256: Uint8Array
}

/** The rule by which mail is taken that no rule of a house speaks of. */
const OWN_RULE = 'mail is signed by its From'

/** The meeting that a message was, as its reader saw it. */
export function meetingOfMail({ facts, verdict, door, at, bodySha256 }: MailRecord): Meeting {
  const { state, refusal, signer, from } = verdict
  const reader = verdict.encryption?.openedBy ?? facts.self
  return {
    reference: referenceOf(bodySha256),
    door,
    seenBy: 'callee',
    at,
    resumed: false,
    caller: signer ? sideOf(signer) : { name: from?.address ?? 'nobody', identities: [] },
    callee: reader ? sideOf(reader) : { name: 'the reader', identities: [] },
    steps: stepsOf(facts, verdict, bodySha256, at),
    outcome:
      state === 'verified' || refusal === undefined
        ? { ok: true, decision: { ok: true, rule: OWN_RULE } }
        : { ok: false, refusal },
  }
}

function sideOf({ name, addresses, certificate }: Signer): Side {
  const identities = addresses.map((value): Identity => ({ kind: 'rfc822Name', value }))
  return { name, identities, ...(certificate && { certificate }) }
}

function stepsOf(facts: MailFacts, verdict: MailVerdict, bodySha256: Uint8Array, at: Temporal.Instant): Steps {
  const { signature, encryption, refusal } = verdict
  const failed = refusal && stepOf(refusal)
  const opened = encryption?.outcome.ok === true ? encryption : undefined
  const step = (number: number, by: Step['by'], evidence: StepEvidence | undefined): Step => {
    if (failed === number) return { by, outcome: 'refused', ...(evidence && { evidence }), at }
    if (evidence === undefined || (failed !== undefined && number > failed)) return { by, outcome: 'not reached' }
    return { by, outcome: 'proved', evidence, at }
  }
  return [
    step(1, 'caller', facts.form.ok ? { kind: 'message', bodySha256: bodySha256.toHex() } : undefined),
    step(2, 'callee', opened?.openedBy && credentialOf(opened.openedBy)),
    step(3, 'caller', opened?.openedBy && { kind: 'finished' }),
    step(4, 'caller', signature?.signer && credentialOf(signature.signer)),
    step(5, 'callee', trustOf(verdict)),
    step(
      6,
      'both',
      opened && {
        kind: 'sealed',
        format: opened.format,
        cipher: opened.cipher ?? 'a cipher',
        ...(opened.transport !== undefined && { transport: opened.transport }),
        recipients: opened.recipients,
      },
    ),
  ]
}

function stepOf({ code }: Refusal): number {
  return REFUSALS[code].step
}

function credentialOf({ certificate, fingerprint }: Signer): StepEvidence | undefined {
  if (certificate) return { kind: 'certificate', certificate }
  return fingerprint === undefined ? undefined : { kind: 'openpgpKey', fingerprint }
}

function trustOf({ signature }: MailVerdict): StepEvidence | undefined {
  const trust = signature?.trust
  if (!trust?.ok) return undefined
  const { anchor, anchorSpkiSha256, status, knownAt } = trust
  if (anchorSpkiSha256 === undefined) return { kind: 'vouched', by: anchor }
  return { kind: 'verdict', anchor, anchorSpkiSha256, status, ...(knownAt && { knownAt }) }
}
