// A file with a secret in it: whole or not there, and for its owner's eyes alone.
import { link, open, rename, rm } from 'node:fs/promises'
import { EXIT, Failure } from '../command.ts'

/**
 * Writes `octets` to `path`, mode 0600; one that is there stays unless `force` is true. Absent: the command has no such option.
 * @throws {Failure} where it is there; the system's error, with the path, where it cannot be written.
 */
export async function writeSecretFile(
  path: string,
  octets: Uint8Array | AsyncIterable<Uint8Array>,
  force?: boolean,
): Promise<void> {
  const beside = `${path}.${process.pid}.tmp`
  try {
    // `wx` follows no link, and takes no mode from a file that somebody put there.
    const file = await open(beside, 'wx', 0o600)
    try {
      await file.writeFile(octets)
      await file.sync()
    } finally {
      await file.close()
    }
    // A name that was taken meanwhile is still not overwritten.
    if (force) await rename(beside, path)
    else await link(beside, path)
  } catch (error) {
    throw isThere(error) ? taken(path, error, force !== undefined) : named(error, path)
  } finally {
    await rm(beside, { force: true })
  }
}

function taken(path: string, cause: unknown, mayForce: boolean): Failure {
  return new Failure(EXIT.input, `${path} is there already`, {
    code: 'EEXIST',
    next: `choose another path, or ${mayForce ? 'write over it with --force' : 'move it away'}`,
    cause,
  })
}

function isThere(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EEXIST'
}

/** What the system says of the file beside is said of the one that was asked for. */
function named(error: unknown, path: string): unknown {
  return error instanceof Error && 'path' in error ? Object.assign(error, { path }) : error
}
