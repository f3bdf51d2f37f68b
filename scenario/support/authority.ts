// A real authority in this process, on loopback and on a clock that a test may turn.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Authority, type Failpoint, type InvitationRequest, openAuthority } from '@countersign/authority'
import type { Clock, KeyAlgorithm } from '@countersign/mtls'

export const AUTHORITY_NAME = 'authority.localhost'

export interface TestAuthority extends AsyncDisposable {
  readonly authority: Authority
  /** A directory of the test, which goes with it. */
  readonly directory: string
  readonly clock: Clock
  /** What the authority has logged: name and fields. */
  readonly log: readonly (readonly [event: string, fields: Readonly<Record<string, unknown>>])[]
  /** Turns the clock of both sides. */
  turn(by: Temporal.DurationLike): void
  /** Ends the authority and starts it again in its directory, at the same address. */
  restart(): Promise<void>
  stop(): Promise<void>
  /** A token for `party`. */
  invite(party: string, more?: Omit<InvitationRequest, 'party'>): Promise<string>
}

export async function startAuthority(
  options: { readonly failpoint?: Failpoint; readonly algorithm?: KeyAlgorithm; readonly issuingKey?: string } = {},
): Promise<TestAuthority> {
  const directory = await mkdtemp(join(tmpdir(), 'countersign-scenario-'))
  const log: (readonly [string, Readonly<Record<string, unknown>>])[] = []
  let ahead = Temporal.Duration.from({ seconds: 0 })
  const clock = () => Temporal.Now.instant().add(ahead)
  const open = (port: number) =>
    openAuthority({
      directory: join(directory, 'authority'),
      name: AUTHORITY_NAME,
      domain: 'acme.example',
      organization: 'Acme',
      listen: { host: '127.0.0.1', port },
      clock,
      log: (event, fields = {}) => log.push([event, fields]),
      ...options,
    })
  let authority = await open(0)
  let stopped = false
  const stop = async () => {
    if (!stopped) await authority.close()
    stopped = true
  }
  return {
    get authority() {
      return authority
    },
    directory,
    clock,
    log,
    turn(by) {
      // In milliseconds: instants know no days.
      const ms = Temporal.Duration.from(by).total({ unit: 'milliseconds', relativeTo: '2026-01-01' })
      ahead = ahead.add({ milliseconds: Math.round(ms) })
    },
    async restart() {
      const port = Number(authority.address.split(':').at(-1))
      await stop()
      authority = await open(port)
      stopped = false
    },
    stop,
    async invite(party, more = {}) {
      const invited = await authority.invite({ party, ...more })
      if (!invited.ok) throw new Error(`not invited: ${invited.refusal.code} ${invited.refusal.note}`)
      return invited.token
    },
    [Symbol.asyncDispose]: async () => {
      await stop()
      await rm(directory, { recursive: true, force: true })
    },
  }
}
