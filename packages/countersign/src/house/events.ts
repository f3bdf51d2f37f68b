// What happens in a running house, as one line each: text for people, JSON for programs.
import { explainMeeting, type Meeting, writeJson } from '@countersign/protocol'
import { plainText } from '../output/plain-text.ts'
import type { Style } from '../output/style.ts'
import { LOG_LINES } from './log-lines.ts'

/** The ready line: only what this house has. */
export interface Ready {
  readonly event: 'ready'
  /** Of the process that signals are for: where `npx` started it, npx's is another. */
  readonly pid: number
  /** SHA-256 of the root certificate, as in `sha256:…`. */
  readonly root: string
  /** Path of the root certificate in PEM. */
  readonly trust: string
  readonly authority: { readonly url: string; readonly crl: string }
  readonly doors: readonly { readonly name: string; readonly kind: string; readonly url: string }[]
  /** Where the numbers are. */
  readonly metrics?: string
}

/** One meeting, short; `countersign why` tells the whole. */
export interface MeetingEvent {
  readonly event: 'meeting'
  readonly at: string
  readonly door: string
  readonly reference: string
  readonly caller: string
  readonly callee: string
  readonly resumed: boolean
  readonly ok: boolean
  readonly code?: string
}

/** Sums a meeting up for `--json`. */
export function meetingEvent(meeting: Meeting): MeetingEvent {
  const { at, door, reference, caller, callee, resumed, outcome } = meeting
  return {
    event: 'meeting',
    at: at.toString(),
    door,
    reference,
    caller: caller.name,
    callee: callee.name,
    resumed,
    ok: outcome.ok,
    ...(!outcome.ok && { code: outcome.refusal.code }),
  }
}

/** One meeting on one line. */
export function meetingLine(meeting: Meeting, now: Temporal.Instant, style: Style): string {
  const { caller, door, reference } = meeting
  const { refusal } = explainMeeting(meeting, now)
  const who = plainText(caller.name)
  if (refusal === undefined) return `${style.proved('✔')} ${who} met ${door}  ${style.quiet(reference)}`
  const { cause, code } = refusal
  return `${style.refused('✘')} ${who} was refused at ${door}: ${plainText(cause)}  ${style.quiet(`${reference} ${code}`)}`
}

/** One log event on one line, without its time; undefined where it is not for people. */
export function logLine(
  event: string,
  fields: Readonly<Record<string, unknown>>,
  style: Style,
): { readonly text: string; readonly alarm: boolean } | undefined {
  const known = LOG_LINES[event]
  if (known === undefined) return undefined
  const [kind, template] = known
  const has = (name: string) => fields[name] !== undefined && fields[name] !== null
  const text = template
    .replaceAll(/\[([^\]{]*\{(\w+)\}[^\]]*)\]/g, (_, part: string, name: string) => (has(name) ? part : ''))
    .replaceAll(/\{(\w+)\}/g, (_, name: string) => wordOf(fields[name]))
  const mark = { done: style.proved('+'), ended: style.refused('–'), alarm: style.refused('!') }[kind]
  return { text: `${mark} ${text}`, alarm: kind === 'alarm' }
}

function wordOf(value: unknown): string {
  if (typeof value !== 'object' || value === null || value instanceof Error) return plainText(String(value ?? '?'))
  return plainText(JSON.stringify(writeJson(value)))
}
