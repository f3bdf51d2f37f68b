import type { Log } from '../model.ts'

/** Where nobody listens to the log, a fault is still to be seen: as a warning of the process. */
export const warn: Log = (event, fields) => {
  const { error } = fields ?? {}
  // All else is news.
  if (error === undefined) return
  process.emitWarning(error instanceof Error ? error : event, { code: event })
}
