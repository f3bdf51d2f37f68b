// What a follower of the feed keeps between its connections, so that a restart without the authority knows as much.
import { readFile } from 'node:fs/promises'
import { type KeptSnapshot, readKeptSnapshot, ShapeError, writeKeptSnapshot } from '@countersign/protocol'
import { replaceFiles } from '../identity/durable.ts'
import { IdentityError, systemCode } from '../identity/error.ts'

/** Reads it; undefined where nothing was kept yet. @throws {IdentityError} when it cannot be read, or is damaged. */
export async function readKept(path: string): Promise<KeptSnapshot | undefined> {
  try {
    return readKeptSnapshot(JSON.parse(await readFile(path, 'utf8')))
  } catch (cause) {
    if (cause instanceof SyntaxError || cause instanceof ShapeError)
      throw new IdentityError('ERR_IDENTITY_MALFORMED', path, cause.message, { cause })
    const code = systemCode(cause)
    if (code === undefined) throw cause
    if (code === 'ENOENT') return undefined
    throw new IdentityError('ERR_IDENTITY_UNREADABLE', path, code, { cause })
  }
}

/** Keeps it durably. @throws {IdentityError} and what was kept stays. */
export function keep(path: string, kept: KeptSnapshot): Promise<void> {
  return replaceFiles([{ path, octets: `${JSON.stringify(writeKeptSnapshot(kept))}\n`, mode: 0o600 }])
}
