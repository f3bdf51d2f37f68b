// What a follower of the feed keeps between its connections, so that a restart without the authority knows as much.
import { readFile } from 'node:fs/promises'
import {
  type FeedRules,
  type KeptSnapshot,
  readFeedRules,
  readKeptSnapshot,
  ShapeError,
  writeFeedRules,
  writeKeptSnapshot,
} from '@countersign/protocol'
import { replaceFiles } from '../identity/durable.ts'
import { IdentityError, systemCode } from '../identity/error.ts'
import { type IdentityPaths, pathsOf } from '../identity/files.ts'

/** What was known, if anything was. */
export interface Kept {
  readonly snapshot: KeptSnapshot | undefined
  readonly rules: FeedRules | undefined
}

/** Reads it. @throws {IdentityError} when it cannot be read, or is damaged. */
export async function readKept(paths: IdentityPaths): Promise<Kept> {
  return { snapshot: await readJson(paths.feed, readKeptSnapshot), rules: await readJson(paths.rules, readFeedRules) }
}

/**
 * The rules that the authority told last to whoever follows it by the identity in `directory`; undefined where it has told
 * none yet. @throws {IdentityError} when they cannot be read, or are damaged.
 */
export function readToldRules(directory: string): Promise<FeedRules | undefined> {
  return readJson(pathsOf(directory).rules, readFeedRules)
}

/** Keeps it durably; without `rules`, those before. @throws {IdentityError} and what was kept stays. */
export function keep(paths: IdentityPaths, kept: KeptSnapshot, rules: FeedRules | undefined): Promise<void> {
  const line = (value: unknown) => `${JSON.stringify(value)}\n`
  // The rules first: who stops in between is told them again, and nobody takes a number for rules that are not there.
  return replaceFiles([
    ...(rules ? [{ path: paths.rules, octets: line(writeFeedRules(rules)), mode: 0o600 } as const] : []),
    { path: paths.feed, octets: line(writeKeptSnapshot(kept)), mode: 0o600 },
  ])
}

/** Undefined where nothing was kept yet. */
async function readJson<Value>(path: string, read: (value: unknown) => Value): Promise<Value | undefined> {
  try {
    return read(JSON.parse(await readFile(path, 'utf8')))
  } catch (cause) {
    if (cause instanceof SyntaxError || cause instanceof ShapeError)
      throw new IdentityError('ERR_IDENTITY_MALFORMED', path, cause.message, { cause })
    const code = systemCode(cause)
    if (code === undefined) throw cause
    if (code === 'ENOENT') return undefined
    throw new IdentityError('ERR_IDENTITY_UNREADABLE', path, code, { cause })
  }
}
