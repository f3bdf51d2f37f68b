// What one trust has judged, remembered as long as nothing that it rests on has changed, begun or ended.
import { hash } from 'node:crypto'
import type { CheckSignature } from '@countersign/verify'
import type { Certificate } from '@countersign/x509'
import type { Trust } from '../model.ts'
import { createCheckSignature } from '../trust/check-signature.ts'
import { LeastRecentlyUsed } from '../trust/least-recently-used.ts'
import { type Judgement, judge, type Question } from './judge.ts'

/** What is asked of the gate, but for the trust. */
export type TrustedQuestion = Omit<Question, 'trust' | 'checkSignature'>

/** The gate under one trust. */
export interface Verdicts {
  /** What checks signatures for it, and remembers what has verified. */
  readonly checkSignature: CheckSignature
  /** As {@link judge}; a chain that it has believed twice is not judged again. */
  judge(question: TrustedQuestion): Judgement
  /** For many open sessions at once, which are not what comes next: nothing is kept. */
  judgeAnew(question: TrustedQuestion): Judgement
}

/** What was believed, and when that is known to hold: from `from`, and before `until`. */
interface Believed {
  readonly judgement: Extract<Judgement, { readonly ok: true }>
  readonly from: Temporal.Instant
  readonly until: Temporal.Instant
}

// Some 10 kB each: the certificates as they were read.
const MAX_BELIEVED = 4096
// Of who came once, only that: to keep what is never asked for again costs a door of strangers a tenth of its handshakes.
const MAX_SEEN = 16_384

const made = new WeakMap<Trust, Verdicts>()

/** Answers the memory of `trust`: one for the doors, the calls and the open sessions that share it. */
export function verdictsOf(trust: Trust): Verdicts {
  const known = made.get(trust)
  if (known) return known
  const fresh = createVerdicts(trust, createCheckSignature())
  made.set(trust, fresh)
  return fresh
}

/**
 * Starts an empty memory. Only acceptances are kept, and only of chains that are their path and nothing else: who is
 * refused fills nothing, and one leaf has as many places at most as its path has certificates.
 */
export function createVerdicts(
  trust: Trust,
  checkSignature: CheckSignature,
  maxBelieved: number = MAX_BELIEVED,
): Verdicts {
  const seen = new LeastRecentlyUsed<true>(MAX_SEEN)
  const believed = new LeastRecentlyUsed<Believed>(maxBelieved)
  let version = trust.version
  const judgeAnew = (question: TrustedQuestion) => judge({ ...question, trust, checkSignature })

  return {
    checkSignature,
    judgeAnew,
    judge(question) {
      // Seen is no judgement, and stays.
      if (trust.version !== version) {
        believed.clear()
        version = trust.version
      }
      const { certificates, now } = question
      const key = keyOf(question)
      const known = believed.get(key)
      if (known && !isBefore(now, known.from) && isBefore(now, known.until)) return known.judgement
      const judgement = judgeAnew(question)
      // Whoever shows no name is called by its address, which is of this meeting alone.
      if (judgement.ok && judgement.side.identities.length > 0 && isItsPath(certificates, judgement)) {
        if (seen.get(key)) believed.set(key, { judgement, from: now, until: endOf(judgement, trust, now) })
        else seen.set(key, true)
      }
      return judgement
    },
  }
}

/** A key for what was asked, as SHA-256 over all of it, the lengths of the certificates first. */
function keyOf({ presenter, purpose, certificates, name }: TrustedQuestion): string {
  const octets = certificates.map((one) => (one instanceof Uint8Array ? one : one.der))
  const head = JSON.stringify([presenter, purpose, name?.kind, name?.value, octets.map(({ length }) => length)])
  return hash('sha256', Buffer.concat([Buffer.from(head), ...octets]), 'latin1')
}

/** Whether nothing was sent but the path from its leaf on, perhaps with the anchor at its end. */
function isItsPath(
  certificates: TrustedQuestion['certificates'],
  { path: { certificates: path, anchor } }: Believed['judgement'],
): boolean {
  const whole = anchor.certificate ? [...path, anchor.certificate] : path
  return certificates.length <= whole.length && certificates.every((one, i) => isSame(one, whole[i]))
}

function isSame(one: Uint8Array | Certificate, other: Certificate | undefined): boolean {
  return other !== undefined && Buffer.compare(one instanceof Uint8Array ? one : one.der, other.der) === 0
}

/** The first moment at which something begins or ends that the judgement may rest on: in its path, or in a list that is held. */
function endOf({ path }: Believed['judgement'], { crls }: Trust, now: Temporal.Instant): Temporal.Instant {
  let first = path.validUntil
  for (const { crl } of crls)
    for (const at of [crl.thisUpdate, crl.nextUpdate]) if (at && isBefore(now, at) && isBefore(at, first)) first = at
  return first
}

function isBefore(one: Temporal.Instant, other: Temporal.Instant): boolean {
  return Temporal.Instant.compare(one, other) < 0
}
