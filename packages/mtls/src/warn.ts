import type { Log } from './model.ts'

/** Where nobody listens to the log, a fault is still to be seen: as a warning of the process. */
export const warn: Log = (event, fields) => {
  const { error } = fields ?? {}
  // All else is news.
  if (error === undefined) return
  process.emitWarning(error instanceof Error ? error : event, { code: event })
}

/** A log that throws must end no process: what it was told is then a warning. */
export function unfailing(log: Log): Log {
  return (event, fields) => {
    try {
      log(event, fields)
    } catch (cause) {
      process.emitWarning(`the log failed at ${event}: ${String(cause)}`, { code: event })
    }
  }
}
