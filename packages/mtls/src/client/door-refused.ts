// What a door says over HTTP when it refuses us, RFC 9457.
import { fieldOf, parseReference, REFUSALS, type Reference, type RefusalCode, ShapeError } from '@countersign/protocol'
import { escapeText } from '@countersign/x509'

/** A refusal as it was told. */
export interface ToldRefusal {
  readonly code: RefusalCode
  /** The other side's words, escaped. */
  readonly detail: string | undefined
  readonly reference: Reference | undefined
}

const MAX_DETAIL = 500

/** Reads a refusal from untrusted JSON. Its code speaks in our own words; only its detail is the other side's. @throws {ShapeError} */
export function readToldRefusal(json: unknown): ToldRefusal {
  const problem = fieldOf(json)
  return {
    code: problem.get('code').oneOf(Object.keys(REFUSALS) as RefusalCode[]),
    detail: problem.get('detail').optional((field) => escapeText(field.text(MAX_DETAIL))),
    reference: problem.get('reference').optional((field) => parseReference(field.text(32))),
  }
}

/** Says that a door has proved itself, and refused us or what we asked for. */
export class DoorRefusedError extends Error {
  override readonly name = 'DoorRefusedError'
  readonly code: RefusalCode
  /** Of the answer, HTTP. */
  readonly status: number
  /** What to do next, as an imperative. */
  readonly next: string
  /** Of the meeting, as the door knows it too: its operator can ask `countersign why`. */
  readonly reference: Reference | undefined
  constructor(status: number, { code, detail, reference }: ToldRefusal) {
    super(`${detail ?? REFUSALS[code].public}${reference === undefined ? '' : ` (${reference})`}`)
    this.code = code
    this.status = status
    this.next = REFUSALS[code].next
    this.reference = reference
  }
}

/** Answers the refusal that the body of an HTTP answer tells; undefined where it tells none that we know. */
export function doorRefusal(status: number, body: string): DoorRefusedError | undefined {
  try {
    return new DoorRefusedError(status, readToldRefusal(JSON.parse(body)))
  } catch (error) {
    if (error instanceof ShapeError || error instanceof SyntaxError) return undefined
    throw error
  }
}
