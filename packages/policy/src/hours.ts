// When a rule holds: hours of the day, on days of the week, in a time zone.

/** From `from` to before `to`, minutes of the day, on `days` (1 is Monday); where `from` is later, it ends on the next day. */
export interface Hours {
  readonly days: readonly number[]
  readonly from: number
  readonly to: number
  /** IANA name. */
  readonly zone: string
}

const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']
const FORM = /^hours\s+(?:([a-z,-]+)\s+)?([0-2]\d):([0-5]\d)-([0-2]\d):([0-5]\d)(?:\s+([A-Za-z][A-Za-z0-9_+/-]*))?$/
const DAY_MINUTES = 1_440

/**
 * Reads `hours 08:00-20:00`, `hours mon-fri 22:00-06:00 Europe/Berlin`. Without a zone it is UTC.
 * @throws {RangeError} in words, where it is none.
 */
export function readHours(text: string): Hours {
  const found = FORM.exec(text.trim())
  if (found === null) throw new RangeError('must be as in hours 08:00-20:00 or hours mon-fri 08:00-20:00 Europe/Berlin')
  const [, days, fromHour, fromMinute, toHour, toMinute, zone = 'UTC'] = found
  const from = Number(fromHour) * 60 + Number(fromMinute)
  const to = Number(toHour) * 60 + Number(toMinute)
  if (from >= DAY_MINUTES || to > DAY_MINUTES || from === to)
    throw new RangeError('must begin and end at different times between 00:00 and 24:00')
  try {
    Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(zone)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new RangeError(`names no time zone: ${zone}`, { cause: error })
  }
  return { days: days === undefined ? [1, 2, 3, 4, 5, 6, 7] : readDays(days), from, to, zone }
}

function readDays(text: string): readonly number[] {
  const number = (name: string) => {
    const index = DAYS.indexOf(name)
    if (index === -1) throw new RangeError(`names no day: ${name}; the days are ${DAYS.join(', ')}`)
    return index + 1
  }
  const days = text.split(',').flatMap((part) => {
    const [first = '', last = first, ...rest] = part.split('-')
    if (rest.length > 0) throw new RangeError(`names no days: ${part}`)
    const [from, to] = [number(first), number(last)]
    return Array.from({ length: ((to - from + 7) % 7) + 1 }, (_, i) => ((from + i - 1) % 7) + 1)
  })
  return [...new Set(days)].sort((one, other) => one - other)
}

/** When it holds next: since or until when. */
export interface HoursState {
  readonly open: boolean
  /** When that changes; undefined where it never does. */
  readonly changesAt?: Temporal.Instant
}

/** Whether it holds at `now`, and when that changes. */
export function hoursAt(hours: Hours, now: Temporal.Instant): HoursState {
  const { zone } = hours
  const today = now.toZonedDateTimeISO(zone).toPlainDate()
  const spans: [Temporal.Instant, Temporal.Instant][] = []
  for (let offset = -1; offset <= 8; offset++) {
    const day = today.add({ days: offset })
    if (!hours.days.includes(day.dayOfWeek)) continue
    const endDay = hours.to > hours.from ? day : day.add({ days: 1 })
    const span: [Temporal.Instant, Temporal.Instant] = [
      atMinute(day, hours.from, zone),
      atMinute(endDay, hours.to, zone),
    ]
    const before = spans.at(-1)
    // What touches is one.
    if (before && Temporal.Instant.compare(span[0], before[1]) <= 0) before[1] = span[1]
    else spans.push(span)
  }
  for (const [from, to] of spans) {
    if (Temporal.Instant.compare(now, to) >= 0) continue
    if (Temporal.Instant.compare(now, from) < 0) return { open: false, changesAt: from }
    // A span that fills the whole view goes on.
    return { open: true, changesAt: to }
  }
  return { open: false }
}

/** Clocks that are put on skip some minutes, and have others twice: the earlier counts. */
function atMinute(day: Temporal.PlainDate, minute: number, zone: string): Temporal.Instant {
  const [date, time] = minute === DAY_MINUTES ? [day.add({ days: 1 }), 0] : [day, minute]
  const plain = date.toPlainDateTime({ hour: Math.floor(time / 60), minute: time % 60 })
  return plain.toZonedDateTime(zone, { disambiguation: 'compatible' }).toInstant()
}

/** Writes hours as they are read. */
export function formatHours({ days, from, to, zone }: Hours): string {
  const clock = (minute: number) =>
    `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`
  const named = days.length === 7 ? '' : `${days.map((day) => DAYS[day - 1]).join(',')} `
  return `hours ${named}${clock(from)}-${clock(to)}${zone === 'UTC' ? '' : ` ${zone}`}`
}
