import { setTimeout as delay } from 'node:timers/promises'
import { type Field, fieldOf, formatWhen, ShapeError } from '@countersign/protocol'
import { openAdmin } from '../admin/client.ts'
import type { Admin } from '../admin/model.ts'
import { type Around, EXIT, Failure, type Run } from '../command.ts'
import { failureOf } from '../failure-of.ts'
import type { EventStream } from '../http-once.ts'
import { plainText } from '../output/plain-text.ts'

/** How soon one that follows asks again where the authority is away. */
const AGAIN_MS = 1_000

/** What an event says beside its kind, in the order of a line. */
const TOLD = [
  ...['party', 'account', 'issuer', 'state', 'profile', 'serial', 'subject', 'door', 'act'],
  ...['reason', 'role', 'until', 'notAfter', 'nextUpdate', 'sha256'],
] as const

/** `countersign events`: what has happened, and with `--follow` what happens, each once and in its order, whatever breaks between. */
export const events: Run = async (given, around) => {
  const follow = given.flag('follow')
  const json = given.flag('json')
  const asked = given.text('after')
  if (asked !== undefined && !/^(?:0|[1-9][0-9]{0,14})$/.test(asked))
    throw new Failure(EXIT.usage, '--after must be the number of an event', { code: 'ERR_CLI_USAGE' })
  const admin = await openAdmin(given, around)
  let after = asked ?? (follow ? 'newest' : '0')
  let open: EventStream | undefined
  let isStopped = false
  if (follow)
    void around.stopped().then(() => {
      isStopped = true
      open?.close()
    })

  const print = async (stream: EventStream): Promise<void> => {
    for await (const { id, data } of stream.parts) {
      if (data !== undefined) around.out(json ? data : eventLine(fieldOf(parse(data)), around))
      if (id !== undefined) after = id
    }
  }
  open = await openFrom(admin, after, follow)
  for (;;) {
    const broken = await print(open).then(
      () => undefined,
      (error: unknown) => error,
    )
    if (isStopped || !follow) {
      if (broken !== undefined && !isStopped) throw broken
      return EXIT.ok
    }
    if (broken !== undefined && !isConnectionFault(broken)) throw broken
    around.err('the authority has ended the stream; it is asked again from there')
    open = await openAgain(
      admin,
      () => after,
      () => isStopped,
    )
    if (open === undefined) return EXIT.ok
  }
}

function openFrom(admin: Admin, after: string, follow: boolean): Promise<EventStream> {
  return admin.stream(`/v1/events?after=${after}&follow=${follow}`)
}

/** Until the authority is back, or nobody waits any more. What it refuses is not asked again. */
async function openAgain(
  admin: Admin,
  after: () => string,
  isStopped: () => boolean,
): Promise<EventStream | undefined> {
  for (;;) {
    await delay(AGAIN_MS)
    if (isStopped()) return undefined
    try {
      return await openFrom(admin, after(), true)
    } catch (error) {
      if (failureOf(error)?.exit !== EXIT.unreachable) throw error
    }
  }
}

function isConnectionFault(error: unknown): boolean {
  return failureOf(error)?.exit === EXIT.unreachable && !(error instanceof ShapeError)
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch (error) {
    if (error instanceof SyntaxError) throw new ShapeError('', 'an event')
    throw error
  }
}

function eventLine(field: Field, around: Around): string {
  const [number, kind] = [field.get('number').number(Number.MAX_SAFE_INTEGER), field.get('kind').text(64)]
  const when = formatWhen(field.get('at').instant(), around.clock())
  // Of certificates it says less than the rest of the line.
  const names = kind === 'account' ? [...TOLD, 'evidence'] : TOLD
  const told = names.flatMap((name) => field.get(name).optional((each) => each.text()) ?? [])
  return plainText([String(number), when, kind, ...told].join('  '))
}
