// What a follower of the feed keeps between its connections, so that a restart without the authority knows as much.
import { readFile } from 'node:fs/promises'
import {
  type FeedRules,
  type KeptSnapshot,
  readAnchors,
  readFeedRules,
  readKeptSnapshot,
  ShapeError,
  writeAnchors,
  writeFeedRules,
  writeKeptSnapshot,
} from '@countersign/protocol'
import { replaceFiles } from '../identity/durable.ts'
import { IdentityError, systemCode } from '../identity/error.ts'
import { type IdentityPaths, pathsOf } from '../identity/files.ts'
import type { Told } from './told.ts'

/** What was known, if anything was. */
export interface Kept {
  readonly snapshot: KeptSnapshot | undefined
  readonly told: Told
}

/** Reads it. @throws {IdentityError} when it cannot be read, or is damaged. */
export async function readKept(paths: IdentityPaths): Promise<Kept> {
  return {
    snapshot: await readJson(paths.feed, readKeptSnapshot),
    told: { rules: await readJson(paths.rules, readFeedRules), anchors: await readJson(paths.anchors, readAnchors) },
  }
}

/**
 * The rules that the authority told last to whoever follows it by the identity in `directory`; undefined where it has told
 * none yet. @throws {IdentityError} when they cannot be read, or are damaged.
 */
export function readToldRules(directory: string): Promise<FeedRules | undefined> {
  return readJson(pathsOf(directory).rules, readFeedRules)
}

/** Keeps it durably; what is not in `told` stays. @throws {IdentityError} and what was kept stays. */
export function keep(paths: IdentityPaths, kept: KeptSnapshot, { rules, anchors }: Told): Promise<void> {
  const file = (path: string, value: unknown) => ({ path, octets: `${JSON.stringify(value)}\n`, mode: 0o600 }) as const
  // The number last: who stops in between is told them again, and nobody takes a number for rules that are not there.
  return replaceFiles([
    ...(anchors ? [file(paths.anchors, writeAnchors(anchors))] : []),
    ...(rules ? [file(paths.rules, writeFeedRules(rules))] : []),
    file(paths.feed, writeKeptSnapshot(kept)),
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
