// Keeps an identity alive: renews it in time, fetches the lists before they run out, and tries again when that fails.
import { setTimeout as pause } from 'node:timers/promises'
import { MeetingRefusedError } from '../client/refused.ts'
import { IdentityError } from '../identity/error.ts'
import type { Clock, Log, OwnIdentity, Trust } from '../model.ts'
import { isSameName } from '../trust/list-issuer.ts'
import { TrustFileError } from '../trust/trust-files.ts'
import { unfailing } from '../warn.ts'
import { renewalDue, retryAfterMs, statusDue, urgency } from './due.ts'
import { EnrollmentError } from './error.ts'
import { awaitStatus, refreshStatus } from './refresh-status.ts'
import { renew } from './renew.ts'

/** An identity in a directory, as `openIdentity` gives it. */
export interface KeptIdentity extends Pick<OwnIdentity, 'current'> {
  readonly directory: string
  readonly trust: Trust
  reload(): Promise<void>
}

/** Whom {@link keepRenewed} tells what it did, and by which clock it goes. */
export interface KeepOptions {
  readonly clock?: Clock
  /**
   * Told `identity.renewed`, `identity.status-refreshed`, and `identity.renewal-failed` or `identity.status-failed` with
   * code and next step. `identity.status-unwatched` where the authority cannot be asked to tell of new lists at once, which
   * then come when they are due. `identity.revoked` where it is on a list. `identity.expiring` where a certificate is in its last quarter, and again in its last tenth.
   */
  readonly log?: Log
  /** Whether a process stays alive for it. Default true. */
  readonly ref?: boolean
  /** Whether it asks the authority to be told of new lists at once. Default true; false where a feed tells. */
  readonly watch?: boolean
}

/** A renewal that goes on until it is closed. */
export interface Keeper {
  /** Stops. Answers when nothing is under way any more. */
  close(): Promise<void>
}

// Clocks step, and machines sleep: nothing is waited for longer without looking again.
const MAX_WAIT_MS = 600_000
// A program that is over sooner asks nobody.
const FIRST_WATCH_MS = 500
const FIRST_WATCH_RETRY_MS = 2_000

interface Duty {
  readonly act: () => Promise<unknown>
  readonly done: string
  readonly failed: string
  readonly due: () => Temporal.Instant
}

/** Keeps `identity` renewed until `close`. A failure never ends it: what is in hand stays, and the next attempt comes. */
export function keepRenewed(identity: KeptIdentity, options: KeepOptions = {}): Keeper {
  const { clock = () => Temporal.Now.instant(), ref = true, watch: isWatching = true } = options
  const log = unfailing(options.log ?? (() => undefined))
  const { directory, trust } = identity
  const stop = new AbortController()
  // One number for each keeper, so that a thousand parties that enrolled together do not renew together.
  const spread = Math.random()
  const notAfter = () => identity.current().certificates[0].validity.notAfter
  const renewal: Duty = {
    act: () => renew(directory, { clock }),
    done: 'identity.renewed',
    failed: 'identity.renewal-failed',
    due: () => renewalDue(identity.current().certificates[0].validity, spread),
  }
  const status: Duty = {
    act: () => refreshStatus(directory, { clock }),
    done: 'identity.status-refreshed',
    failed: 'identity.status-failed',
    due: () =>
      statusDue(
        trust.crls.map(({ crl }) => crl),
        spread,
      ),
  }

  /** Once for each certificate: nothing renews it any more, and no door lets it in. */
  const lookAtSelf = () => {
    const [own] = identity.current().certificates
    const isListed = trust.crls.some(
      ({ crl, entries }) => isSameName(crl.issuer, own.issuer) && entries.has(own.serialNumber),
    )
    if (!isListed || own.serialNumber === toldRevoked) return
    toldRevoked = own.serialNumber
    log('identity.revoked', {
      directory,
      next: 'ask an administrator for a new invitation, and enroll into another directory',
    })
  }
  let toldRevoked: bigint | undefined

  // Both duties change the same directory. A failure is told where it is awaited; the chain only orders.
  let turn: Promise<unknown> = Promise.resolve()
  const inTurn = (act: () => Promise<unknown>): Promise<unknown> => {
    const run = turn.then(act)
    turn = run.catch(() => undefined)
    return run
  }

  const rest = async (ms: number) => {
    try {
      await pause(ms, undefined, { signal: stop.signal, ref })
    } catch (error) {
      if (!(error instanceof Error && error.name === 'AbortError')) throw error
    }
  }
  const keep = async ({ act, due, done, failed }: Duty) => {
    let failures = 0
    let idle = 0
    while (!stop.signal.aborted) {
      const waitMs = clock().until(due()).total('milliseconds')
      if (waitMs > 0) {
        await rest(Math.min(waitMs, MAX_WAIT_MS))
        continue
      }
      try {
        await inTurn(async () => {
          // What was due may have been done meanwhile: a renewal brings the lists too, and others may keep the same directory.
          await identity.reload()
          if (Temporal.Instant.compare(due(), clock()) <= 0) await act()
          await identity.reload()
          lookAtSelf()
        })
        failures = 0
        log(done, { directory, notAfter: notAfter().toString() })
        // An authority that has nothing newer yet is asked again soon, then less and less.
        idle = Temporal.Instant.compare(due(), clock()) <= 0 ? idle + 1 : 0
        if (idle > 0) await rest(retryAfterMs(idle, Math.random()))
      } catch (error) {
        const retryMs = retryAfterMs(++failures, Math.random())
        log(failed, { directory, ...describe(error), retryInSeconds: Math.round(retryMs / 1000) })
        await rest(retryMs)
      }
    }
  }
  // Beside the duties, which hold whatever becomes of it: a list that revokes somebody is here as soon as it is signed.
  const watch = async () => {
    await rest(FIRST_WATCH_MS * (1 + spread))
    let version: string | undefined
    let failures = 0
    while (!stop.signal.aborted) {
      try {
        const seen = await awaitStatus(directory, { clock, ref, ...(version !== undefined && { version }) })
        if (stop.signal.aborted) return
        failures = 0
        if (seen.written > 0) {
          await identity.reload()
          lookAtSelf()
          log('identity.status-refreshed', { directory, notAfter: notAfter().toString() })
        }
        // An authority of before: the lists come when they are due.
        if (seen.version === undefined) return
        version = seen.version
        if (seen.retryAfterSeconds !== undefined) await rest(seen.retryAfterSeconds * 1000 * (0.75 + spread / 2))
      } catch (error) {
        // Said once: what must not be missed, the duties tell.
        if (failures++ === 0) log('identity.status-unwatched', { directory, ...describe(error) })
        await rest(Math.min(FIRST_WATCH_RETRY_MS * 2 ** (failures - 1), MAX_WAIT_MS) * (0.75 + Math.random() / 2))
      }
    }
  }
  const warn = async () => {
    lookAtSelf()
    let told = 0
    while (!stop.signal.aborted) {
      const now = urgency(identity.current().certificates[0].validity, clock())
      if (now > told)
        log('identity.expiring', {
          directory,
          notAfter: notAfter().toString(),
          next: `countersign doctor --identity ${directory} says why it was not renewed`,
        })
      told = now
      await rest(MAX_WAIT_MS)
    }
  }
  const running = Promise.all([keep(renewal), keep(status), warn()])
  // It may be in the middle of its wait, which need not be waited for: its connection ends with the process, or by itself.
  if (isWatching) void watch()
  return {
    async close() {
      stop.abort()
      await running
    },
  }
}

/** Whatever happens, whoever keeps an identity goes on: a fault of ours is told as it is. */
function describe(error: unknown): Readonly<Record<string, unknown>> {
  if (error instanceof MeetingRefusedError)
    return { code: error.code, next: error.next, reference: error.meeting.reference, reason: error.message }
  if (error instanceof EnrollmentError)
    return { code: error.code, next: error.next, reference: error.reference, reason: error.message }
  if (error instanceof IdentityError) return { code: error.code, next: error.next, reason: error.message }
  if (error instanceof TrustFileError) return { code: error.code, reason: error.message }
  return { reason: String(error), error }
}
