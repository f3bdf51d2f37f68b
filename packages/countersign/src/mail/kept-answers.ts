// What the authority has said of the keys of addresses, for the while that it is away: doors go on by it, and not for long.
import { createHash } from 'node:crypto'
import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type Clock,
  EnrollmentError,
  type FoundMailKeys,
  type Log,
  MeetingRefusedError,
  privateFiles,
  readMailKeys,
  writeMailKeys,
} from '@countersign/mtls'
import { fieldOf, ShapeError } from '@countersign/protocol'
import { DerError, X509Error } from '@countersign/x509'

/** Answers that are kept. */
export interface KeptAnswers {
  /** As the authority says now, or where it is away, as it said last. Rejects, as asking does, where it has said nothing that counts. */
  find(address: string): Promise<FoundMailKeys>
  /** A revocation was heard: whose keys of OpenPGP end with it is known to the authority alone. */
  revoked(): Promise<void>
  /** Others are locked than before: whom it leaves out, the authority alone says. */
  locked(): Promise<void>
}

/** What keeping takes. */
export interface KeptAnswersOptions {
  /** Nobody else's. */
  readonly directory: string
  readonly ask: (address: string) => Promise<FoundMailKeys>
  readonly clock: Clock
  readonly log: Log
}

/** As long as an answer counts, and no longer than what is known of revocation, by which certificates are judged. */
const LASTS: Temporal.Duration = Temporal.Duration.from({ hours: 24 })
/** A newer answer that says the same is not written again before. */
const FRESH: Temporal.Duration = Temporal.Duration.from({ minutes: 30 })
/** After it did not answer, it is not asked again where an answer is here. */
const AWAY: Temporal.Duration = Temporal.Duration.from({ seconds: 30 })
/** Addresses: what a house writes to within a day, many times over. Whoever brings mail chooses some of them. */
const MOST = 10_000
const SINCE = 'since.json'

/** Keeps the answers of the authority. */
export function keptAnswers({ directory, ask, clock, log }: KeptAnswersOptions): KeptAnswers {
  const files = privateFiles(directory)
  let awayUntil: Temporal.Instant | undefined
  /** One after the other: what ends is not taken for what stays. */
  let turn: Promise<unknown> = Promise.resolve()
  const inTurn = <Value>(work: () => Promise<Value>): Promise<Value> => {
    const done = turn.then(work)
    turn = done.catch(() => undefined)
    return done
  }
  const end = (what: keyof Since) =>
    inTurn(async () => {
      const since = await readSince(files, clock())
      await files.write(SINCE, `${JSON.stringify({ ...since, [what]: clock().toString() })}\n`)
    })
  const isAway = () => awayUntil !== undefined && Temporal.Instant.compare(clock(), awayUntil) < 0
  return {
    async find(address) {
      const now = clock()
      const remembered = isAway() ? await countingAnswer(files, address, now) : undefined
      if (remembered) return remembered
      try {
        const found = await ask(address)
        awayUntil = undefined
        await inTurn(() => keep(files, directory, address, found, now))
        return found
      } catch (error) {
        if (!saysNothing(error)) throw error
        const last = await countingAnswer(files, address, now)
        if (last === undefined) throw error
        if (awayUntil === undefined) log('mail.keys-kept', { cause: error instanceof Error ? error.message : '' })
        awayUntil = now.add(AWAY)
        return last
      }
    },
    revoked: () => end('openPgp'),
    locked: () => end('all'),
  }
}

type Files = ReturnType<typeof privateFiles>

/** Before when no answer counts: none at all, or none with keys of OpenPGP. */
interface Since {
  readonly all: string
  readonly openPgp: string
}

/** Whether the authority is away, or whoever is there is another. What it refuses to us, it has said. */
function saysNothing(error: unknown): boolean {
  if (error instanceof MeetingRefusedError) return /^ERR_(?:CALLEE|GATE)_/.test(error.code)
  return error instanceof EnrollmentError && ['ERR_ENROLL_CONNECTION', 'ERR_ENROLL_ANSWER'].includes(error.code)
}

function nameOf(address: string): string {
  return `${createHash('sha256').update(address, 'utf8').digest('hex')}.json`
}

async function keep(
  files: Files,
  directory: string,
  address: string,
  found: FoundMailKeys,
  now: Temporal.Instant,
): Promise<void> {
  const answer = writeMailKeys(found)
  const before = await readAnswer(files, address)
  if (before === undefined) await makeRoom(directory, now)
  else if (
    Temporal.Duration.compare(now.since(before.at).abs(), FRESH) < 0 &&
    JSON.stringify(before.answer) === JSON.stringify(answer) &&
    (await counts(files, before, now))
  )
    return
  await files.write(nameOf(address), `${JSON.stringify({ address, at: now.toString(), answer })}\n`)
}

interface Answer {
  readonly at: Temporal.Instant
  readonly answer: unknown
  readonly found: FoundMailKeys
}

async function countingAnswer(files: Files, address: string, now: Temporal.Instant) {
  const answer = await readAnswer(files, address)
  return answer && (await counts(files, answer, now)) ? answer.found : undefined
}

/** An answer of later than now was given before the clock was set back: how old it is, nobody knows. */
async function counts(files: Files, { at, found }: Answer, now: Temporal.Instant): Promise<boolean> {
  const since = await readSince(files, now)
  const begins = found.openPgp && found.openPgp.keys.length > 0 ? [since.all, since.openPgp] : [since.all]
  if (begins.some((text) => Temporal.Instant.compare(at, Temporal.Instant.from(text)) <= 0)) return false
  return Temporal.Instant.compare(at, now) <= 0 && Temporal.Instant.compare(at.add(LASTS), now) > 0
}

/** What cannot be read was never said. */
async function readAnswer(files: Files, address: string): Promise<Answer | undefined> {
  try {
    const text = await files.read(nameOf(address))
    if (text === undefined) return undefined
    const json: unknown = JSON.parse(text)
    const field = fieldOf(json)
    if (field.get('address').text(1024) !== address) return undefined
    const { answer } = json as { readonly answer?: unknown }
    return { at: Temporal.Instant.from(field.get('at').text(64)), answer, found: readMailKeys(answer) }
  } catch (error) {
    if (isUnreadable(error)) return undefined
    throw error
  }
}

const NEVER: Since = { all: '1970-01-01T00:00:00Z', openPgp: '1970-01-01T00:00:00Z' }

/** Where it cannot be read, nothing counts that was said before now. */
async function readSince(files: Files, now: Temporal.Instant): Promise<Since> {
  try {
    const text = await files.read(SINCE)
    if (text === undefined) return NEVER
    const field = fieldOf(JSON.parse(text))
    const [all, openPgp] = [field.get('all').text(64), field.get('openPgp').text(64)]
    for (const each of [all, openPgp]) Temporal.Instant.from(each)
    return { all, openPgp }
  } catch (error) {
    if (!isUnreadable(error)) throw error
    return { all: now.toString(), openPgp: now.toString() }
  }
}

function isUnreadable(error: unknown): boolean {
  return [SyntaxError, ShapeError, DerError, X509Error, RangeError].some((kind) => error instanceof kind)
}

/** Removes what does not count any more, when there is much. */
async function makeRoom(directory: string, now: Temporal.Instant): Promise<void> {
  const names = await readdir(directory).catch(() => [])
  if (names.length < MOST) return
  const aged = await Promise.all(
    names
      .filter((name) => name !== SINCE)
      .map(async (name) => ({ name, at: (await stat(join(directory, name))).mtimeMs })),
  )
  aged.sort((one, other) => one.at - other.at)
  const ended = aged.filter(({ at }) => at < now.subtract(LASTS).epochMilliseconds)
  const oldest = ended.length > 0 ? ended : aged.slice(0, Math.ceil(MOST / 10))
  for (const { name } of oldest) await rm(join(directory, name), { force: true })
}
