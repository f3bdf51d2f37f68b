// Files that people write: as large as those are, and in UTF-8.
import { open } from 'node:fs/promises'
import { EXIT, Failure } from './command.ts'

/** Reads a file of at most `maxOctets` (1 MiB). @throws {Failure} when it is larger; the system's error, with its path. */
export async function readSmallFile(path: string, maxOctets: number = 1 << 20): Promise<Uint8Array> {
  const file = await open(path, 'r')
  try {
    const chunks: Uint8Array[] = []
    let length = 0
    // Not by its size: a pipe has none.
    for (;;) {
      const { buffer, bytesRead } = await file.read(new Uint8Array(1 << 16))
      if (bytesRead === 0) return Buffer.concat(chunks)
      chunks.push(buffer.subarray(0, bytesRead))
      length += bytesRead
      if (length > maxOctets)
        throw new Failure(EXIT.input, `${path} is larger than ${maxOctets >> 20} MiB`, {
          code: 'ERR_CLI_FILE_LIMIT',
          next: 'check that it is the right file',
        })
    }
  } catch (error) {
    // What fails while octets are read, as of a directory, comes without a name.
    throw error instanceof Error && 'syscall' in error ? Object.assign(error, { path }) : error
  } finally {
    await file.close()
  }
}

/** Reads octets of a file as UTF-8, every one of them. @throws {Failure} where they are none, with `advice`. */
export function utf8(
  octets: Uint8Array,
  file: string,
  advice: { readonly code: string; readonly next: string },
): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(octets)
  } catch (cause) {
    if (cause instanceof TypeError) throw new Failure(EXIT.input, `${file} is not text in UTF-8`, { ...advice, cause })
    throw cause
  }
}
