// A refusal in one line, for protocols that have room for one: why, by which code and reference, and what to do next.
import { explainMeeting, type Meeting, publicMeeting, REFUSALS, type RefusalCode } from '@countersign/protocol'

/** What a caller reads, where its protocol has a place for it. */
export interface Words {
  readonly code: RefusalCode
  readonly text: string
}

/** The words of a refusal that is its own record. */
export function wordsOfMeeting(meeting: Meeting, now: Temporal.Instant): Words {
  const { refusal } = explainMeeting(publicMeeting(meeting), now)
  const code = refusal?.code ?? 'ERR_GATE_FAULT'
  return { code, text: sentence(refusal?.why ?? 'refused', code, meeting, refusal?.next) }
}

/** The words of what went wrong within the session of a meeting. */
export function wordsOf(code: RefusalCode, meeting: Meeting): Words {
  const { public: why, next } = REFUSALS[code]
  return { code, text: sentence(why, code, meeting, next) }
}

function sentence(
  why: string,
  code: RefusalCode,
  { reference }: Meeting,
  next = 'ask the operator of this door',
): string {
  return `${why} (${code}, ${reference}); ${next}`
}
