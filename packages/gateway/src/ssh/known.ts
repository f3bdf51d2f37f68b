// Whom sshd may believe, and what of theirs is revoked: fetched from the authority, kept whole in files for sshd.
import { chmod, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock, Log, Trust } from '@countersign/mtls'
import type { SshStatus } from '@countersign/mtls/ssh'
import { type KeyRevocationList, parseKeyLine, readKeyRevocationList, SshError } from '@countersign/ssh'

/** What is known of certificates of SSH. */
export interface KnownStatus {
  /** The keys that may sign, in SSH's writing. */
  readonly authorities: readonly Uint8Array[]
  readonly revoked: KeyRevocationList
  /** When it was asked for. */
  readonly at: Temporal.Instant
}

/** Follows the authority. */
export interface Known {
  current(): KnownStatus | undefined
  /** Writes the files for sshd again where they are not what they should be. */
  mend(): Promise<void>
  close(): void
}

interface Parts {
  readonly door: string
  readonly directory: string
  readonly ask: () => Promise<SshStatus>
  readonly trust: Trust
  readonly clock: Clock
  readonly log: Log
}

/** What sshd reads, by name. */
type Files = readonly (readonly [name: string, octets: Uint8Array])[]

const [AUTHORITIES, REVOKED] = ['authorities.pub', 'revoked.krl']
/** Asked for again when nothing happens, and after it could not be had. */
const EVERY_MS = 300_000
const RETRY_MS = 10_000
/** A revocation is told before the list that has it is signed. */
const AFTER_MS = 200
const AFTER_TRIES = 20

/**
 * Asks at once, goes on for as long as it is open, and again soon after a revocation. What was kept is known until then: a
 * list that cannot be read stays where it is, and is not known here.
 */
export async function followStatus(parts: Parts): Promise<Known> {
  const { door, directory, ask, trust, clock, log } = parts
  const kept = await keptStatus(directory)
  let current: KnownStatus | undefined = kept?.status
  let files: Files = kept?.files ?? []
  let isClosed = false
  let timer: NodeJS.Timeout | undefined
  let turn: Promise<unknown> = Promise.resolve()
  let awaited: { readonly version: bigint; tries: number } | undefined

  const fetchNow = async () => {
    const at = clock()
    const { authorities, revoked } = await ask()
    // Both are read before either counts: what cannot be read would lock everybody out, or let the wrong one in.
    const read = { authorities: blobsOf(authorities), revoked: readKeyRevocationList(revoked), at }
    if (current !== undefined && read.revoked.version < current.revoked.version)
      throw new Error(
        `the revocation list ${read.revoked.version} is older than ${current.revoked.version}, which is known`,
      )
    files = [
      [
        AUTHORITIES,
        Buffer.from(
          linesOf(authorities)
            .map((line) => `${line}\n`)
            .join(''),
        ),
      ],
      [REVOKED, revoked],
    ]
    await mend()
    current = read
  }
  const write = async () => {
    for (const [name, octets] of files) {
      const path = join(directory, name)
      if (!(await isSame(path, octets))) await replace(path, octets, 0o644)
    }
  }
  let writing = Promise.resolve()
  /** One after the other: who is at it with what was known before would write over what is known now. */
  const mend = () => {
    writing = writing.then(write, write)
    return writing
  }
  const round = async () => {
    try {
      await fetchNow()
    } catch (error) {
      if (!(error instanceof Error)) throw error
      log('ssh.status-failed', { door, cause: error.message })
      return RETRY_MS
    }
    if (awaited && current && current.revoked.version <= awaited.version && awaited.tries-- > 0) return AFTER_MS
    awaited = undefined
    return EVERY_MS
  }
  const again = (ms: number) => {
    clearTimeout(timer)
    if (isClosed) return
    timer = setTimeout(() => {
      turn = turn.then(round).then(again)
    }, ms)
    timer.unref()
  }
  const leave = trust.onChange((change) => {
    if (change.kind === 'announced') awaited = { version: current?.revoked.version ?? 0n, tries: AFTER_TRIES }
    again(0)
  })
  again(await round())
  return {
    current: () => current,
    mend,
    close() {
      isClosed = true
      clearTimeout(timer)
      leave()
    },
  }
}

/** Puts octets in place, so that whoever reads has the old ones or the new ones, and never a part. */
export async function replace(path: string, octets: Uint8Array | string, mode: number): Promise<void> {
  const beside = `${path}.new`
  await writeFile(beside, octets, { mode })
  // The process may have another umask.
  await chmod(beside, mode)
  await rename(beside, path)
}

async function isSame(path: string, octets: Uint8Array): Promise<boolean> {
  const there = await ifThere(readFile(path))
  return there !== undefined && Buffer.compare(there, octets) === 0
}

/** What sshd goes by already, for a start while the authority is away: it is as old as it says. */
async function keptStatus(
  directory: string,
): Promise<{ readonly status: KnownStatus; readonly files: Files } | undefined> {
  const [authorities, list] = await Promise.all(
    [AUTHORITIES, REVOKED].map((name) => ifThere(readFile(join(directory, name)))),
  )
  if (authorities === undefined || list === undefined) return undefined
  try {
    const revoked = readKeyRevocationList(list)
    const status = { authorities: blobsOf(authorities.toString()), revoked, at: revoked.generatedAt }
    return {
      status,
      files: [
        [AUTHORITIES, authorities],
        [REVOKED, list],
      ],
    }
  } catch (error) {
    if (!(error instanceof SshError)) throw error
    return undefined
  }
}

function linesOf(text: string): readonly string[] {
  return text.split('\n').filter((line) => line !== '')
}

function blobsOf(text: string): readonly Uint8Array[] {
  return linesOf(text).map((line) => parseKeyLine(line).blob)
}

/** Undefined where the file is not there. */
export async function ifThere<Value>(reading: Promise<Value>): Promise<Value | undefined> {
  try {
    return await reading
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}
