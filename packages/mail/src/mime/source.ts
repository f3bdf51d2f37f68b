// Where octets are read from: memory, a file, or a spool that nothing outlives.
import { randomUUID } from 'node:crypto'
import { type FileHandle, mkdir, open, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { Source, Spool } from '../model.ts'

/** What a piece has at most. */
const PIECE_OCTETS = 262_144
/** What a spool keeps in memory; beyond it is a file. */
const MEMORY_OCTETS = 1_048_576

/** A source of octets in memory; the pieces are views of them. */
export function sourceOf(...octets: readonly Uint8Array[]): Source {
  return {
    length: octets.reduce((sum, { length }) => sum + length, 0),
    async *read(start, end) {
      let before = 0
      for (const each of octets) {
        const until = Math.min(end - before, each.length)
        for (let at = Math.max(0, start - before); at < until; at += PIECE_OCTETS)
          yield each.subarray(at, Math.min(until, at + PIECE_OCTETS))
        before += each.length
      }
    },
  }
}

/** A source of a file, which stays open until it is disposed of. @throws what the file system throws. */
export async function openFileSource(path: string): Promise<Source & AsyncDisposable> {
  const file = await open(path, 'r')
  try {
    const { size } = await file.stat()
    return { ...fileSource(file, size), [Symbol.asyncDispose]: () => file.close() }
  } catch (error) {
    await file.close()
    throw error
  }
}

/**
 * A spool: up to 1 MiB is in memory; more of it is in a file of mode 0600 in `directory`, which has no name as soon as it is
 * open, so that nothing of it is left when the process ends, however it ends.
 */
export function createSpool(directory: string): Spool {
  const pieces: Uint8Array[] = []
  let file: FileHandle | undefined
  let length = 0
  let failed: Error | undefined
  const append = async (octets: Uint8Array, at: number): Promise<void> => {
    try {
      file ??= await openNameless(directory)
      await writeAll(file, octets, at)
    } catch (error) {
      failed = spoolError(error)
      throw failed
    }
  }
  return {
    async write(octets) {
      if (failed !== undefined) throw failed
      const isLarge = length + octets.length > MEMORY_OCTETS
      if (isLarge) {
        let at = 0
        for (const piece of pieces.splice(0)) {
          await append(piece, at)
          at += piece.length
        }
        await append(octets, length)
      }
      // Whoever gives them may write into them again; `slice` of a Buffer is a view.
      else pieces.push(Uint8Array.from(octets))
      length += octets.length
    },
    async source() {
      // What is short of its end may be read as something else.
      if (failed !== undefined) throw failed
      return file === undefined ? sourceOf(...pieces) : fileSource(file, length)
    },
    async [Symbol.asyncDispose]() {
      pieces.length = 0
      const opened = file
      file = undefined
      await opened?.close()
    },
  }
}

/** All octets of a part of a source; for what is known to be small. */
export async function octetsOf(source: Source, start: number, end: number): Promise<Uint8Array> {
  return Buffer.concat(await Array.fromAsync(source.read(start, end)))
}

/** A source of a file that is open, and stays so while it is read. */
export function fileSource(file: FileHandle, length: number): Source {
  return {
    length,
    async *read(start, end) {
      for (let at = start; at < end; ) {
        const piece = Buffer.allocUnsafeSlow(Math.min(PIECE_OCTETS, end - at))
        const { bytesRead } = await file.read(piece, 0, piece.length, at)
        if (bytesRead === 0) throw new Error('the file became shorter while it was read')
        yield piece.subarray(0, bytesRead)
        at += bytesRead
      }
    },
  }
}

async function openNameless(directory: string): Promise<FileHandle> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const path = join(directory, `spool-${randomUUID()}`)
  const file = await open(path, 'wx+', 0o600)
  try {
    await unlink(path)
    return file
  } catch (error) {
    await file.close()
    throw error
  }
}

async function writeAll(file: FileHandle, octets: Uint8Array, at: number): Promise<void> {
  for (let done = 0; done < octets.length; ) {
    const { bytesWritten } = await file.write(octets, done, octets.length - done, at + done)
    done += bytesWritten
  }
}

/** Says what cannot be written; the system's own code stays, for whoever tells a full disk from others. */
function spoolError(error: unknown): Error {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  const full = code === 'ENOSPC' || code === 'EDQUOT'
  const text = full ? 'the disk with the spool is full' : 'the spool cannot be written'
  return Object.assign(new Error(text, { cause: error }), { code })
}
