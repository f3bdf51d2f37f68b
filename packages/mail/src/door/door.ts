// The mail door: people of the house hand in mail over mutual TLS, and it is here until each recipient has it.
import { join } from 'node:path'
import { type CallerSession, createAcceptor, createTroubles, type Door, IdentityError } from '@countersign/mtls'
import { readOwnMailKeys } from '../keys/own-keys.ts'
import type { ReadingKey } from '../smime/decrypt.ts'
import { type Arrival, createArrival } from './arrive/arrive.ts'
import { createHop, type Hop } from './leave/hop.ts'
import type { LeaveOptions } from './leave/leave.ts'
import { runLeaving } from './leave/run.ts'
import { createSealing } from './leave/sealing.ts'
import type { MailDoorConfig, MailHouse } from './model.ts'
import type { Queue } from './queue/model.ts'
import { openQueue } from './queue/queue.ts'
import { lineOf } from './submit/answer.ts'
import { createSubmission, endWith } from './submit/submission.ts'

/** The mail door as it stands; what is not fixed of its configuration can change. */
export interface MailDoor extends Door {
  /** Makes ready for another configuration: exactly one of the two is called. */
  prepare(next: MailDoorConfig): Promise<{ apply(): void; discard(): Promise<void> }>
}

/**
 * Opens a mail door.
 * @throws {IdentityError} where its keys cannot be read; {QueueError} where its queue is in use or cannot be written; the system's error where it cannot listen.
 */
export async function openMailDoor(config: MailDoorConfig, house: MailHouse): Promise<MailDoor> {
  const { name } = config
  const { log, directory, failpoint } = house
  let current = config
  const keys = await readingKeys(config)
  const queue = await openQueue({ directory, ...(failpoint && { failpoint }) })
  const hop = createHop(config.next, config.host[0])
  const leaving = runLeaving(leavingOf(config, house, queue, hop))
  const submission = createSubmission({
    config: () => current,
    house,
    queue,
    ...(config.arrives && { arrival: arrivalOf(config, config.arrives, house, keys) }),
    onQueued: () => leaving.poke(),
    onTrouble: createTroubles(house),
  })
  const acceptor = createAcceptor({
    ...house,
    door: name,
    onAccepted(socket, meeting, session: CallerSession) {
      const began = performance.now()
      socket.once('close', () =>
        log('session.done', {
          door: name,
          reference: meeting.reference,
          caller: meeting.caller.name,
          seconds: (performance.now() - began) / 1000,
          ...(session.cutBy !== undefined && { code: session.cutBy }),
        }),
      )
      submission.serve(socket, meeting, session)
    },
    // RFC 5321 §3.1: 554 in place of a greeting. It is all of SMTP that a refused caller hears.
    onRefused(socket, meeting) {
      socket.on('error', () => socket.destroy())
      if (!meeting.outcome.ok) endWith(socket, lineOf(meeting.outcome.refusal.code, meeting.reference, 554))
    },
  })
  const door = await house.listen({
    name,
    kind: 'mail',
    scheme: 'smtps',
    listen: config.listen,
    server: { noDelay: true },
    house,
    onConnection: (raw) => acceptor.accept(raw),
    isBusy: () => acceptor.pending > 0,
    endIdle: () => submission.endIdle(),
    stop: () => acceptor.close(),
    async close() {
      await leaving.close()
      hop.rest()
      await queue[Symbol.asyncDispose]()
    },
  })
  return {
    ...door,
    prepare: async (wanted) => ({
      apply() {
        current = wanted
      },
      discard: async () => undefined,
    }),
  }
}

/** What is sealed, sent on and told. */
function leavingOf(
  { name, host, next, arrives }: MailDoorConfig,
  house: MailHouse,
  queue: Queue,
  hop: Hop,
): LeaveOptions {
  const { clock, log, trust, failpoint, mustEncrypt, mailKeys, sealOpenPgp } = house
  const treat = createSealing({
    // What arrives has come as it did, and goes to the mailboxes of this house.
    mustEncrypt: arrives ? () => undefined : mustEncrypt,
    keysOf: mailKeys,
    trust,
    door: name,
    clock,
    log,
    spoolDirectory: spoolOf(house),
    ...(sealOpenPgp && { openPgp: sealOpenPgp }),
    ...(failpoint && { failpoint }),
  })
  return { queue, hop, treat, door: name, host: host[0], hopName: next.name ?? next.host, clock, log }
}

function arrivalOf(
  { name, host }: MailDoorConfig,
  arrives: readonly string[],
  house: MailHouse,
  keys: readonly ReadingKey[],
): Arrival {
  const { trust, mustBeVerified, openers = [] } = house
  return createArrival({
    house,
    trust,
    door: name,
    host: host[0],
    arrives,
    mustBeVerified,
    spoolDirectory: spoolOf(house),
    keys,
    openers,
  })
}

function spoolOf({ directory }: MailHouse): string {
  return join(directory, 'spool')
}

/** @throws {IdentityError} where they cannot be read, or there is none where some should be. */
async function readingKeys({ keys = [] }: MailDoorConfig): Promise<readonly ReadingKey[]> {
  const found = await Promise.all(
    keys.map(async (directory) => {
      const own = await readOwnMailKeys(directory)
      if (own.length === 0) throw new IdentityError('ERR_IDENTITY_MISSING', `${directory}/mail`)
      return own
    }),
  )
  return found.flat().map(({ certificates: [certificate], privateKey }) => ({ certificate, privateKey }))
}
