// What is told of each request when it is over, and what is let go of then.
import type { Log } from '@countersign/mtls'
import type { Meeting, RefusalCode } from '@countersign/protocol'
import type { Exchange } from './exchange.ts'
import type { RequestTarget } from './request-target.ts'

/** Of one request. */
export interface Account {
  /** Who asks turned out to be another than the connection's caller. */
  of(meeting: Meeting): void
  /** `release` is called at its end. */
  holds(release: () => void): void
  refused(why: RefusalCode): void
  /** Tells of it, once. */
  over(): void
}

/** Opens one: its path is told without the question, in which people put secrets. */
export function openAccount(
  { head, tally, out }: Exchange,
  target: RequestTarget | undefined,
  first: Meeting,
  { door, log }: { readonly door: string; readonly log: Log },
): Account {
  const began = performance.now()
  const { method, version } = head
  let meeting = first
  let code: RefusalCode | undefined
  let isOver = false
  const held: (() => void)[] = []
  const account: Account = {
    of(other) {
      meeting = other
    },
    holds(release) {
      if (isOver) release()
      else held.push(release)
    },
    refused(why) {
      code = why
    },
    over() {
      if (isOver) return
      isOver = true
      for (const release of held) release()
      log('request.done', {
        door,
        reference: meeting.reference,
        caller: meeting.caller.name,
        method,
        version,
        ...(target && { host: target.host, path: target.path.split('?', 1)[0] }),
        ...tally,
        seconds: (performance.now() - began) / 1000,
        ...(code !== undefined && { code }),
      })
    },
  }
  out.once('close', () => account.over())
  return account
}
