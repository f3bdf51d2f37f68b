// Secrets that a start needs: from a file that is its owner's alone, or from a descriptor; never from arguments or the environment.
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { AuthorityError } from '../error.ts'
import { errnoOf } from '../store/fault.ts'

/** Longer than any passphrase or PIN; a file that has more was not meant. */
const MAX_OCTETS = 1_024

/** 0, 1 and 2 are the process's own input and output. */
const DESCRIPTOR = /^fd:([3-9]|[1-9]\d{1,3})$/

/**
 * Reads a passphrase or a PIN: one line, whose end does not count. Secret. A descriptor is closed after it: what is read
 * from it is read once.
 * @param source A path, or `fd:N`.
 * @throws {AuthorityError} when it cannot be read, others can read it, or it holds anything but one line.
 */
export function readSecret(source: string): string {
  const descriptor = DESCRIPTOR.exec(source)?.[1]
  if (descriptor === undefined && source.startsWith('fd:')) throw refused(source, 'a descriptor is 3 or above, as fd:3')
  const octets = descriptor === undefined ? readFile(source) : readDescriptor(source, Number(descriptor))
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(octets)
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause
    throw refused(source, 'this secret is not text in UTF-8')
  }
  const line = text.replace(/\r?\n$/, '')
  if (line === '') throw refused(source, 'this secret is empty')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what nobody types is what must be found
  if (/[\u0000-\u001f\u007f]/.test(line)) throw refused(source, 'this secret is more than one line of text')
  return line
}

function readFile(path: string): Uint8Array {
  const file = guarded(path, () => openSync(path, 'r'))
  try {
    return read(path, file)
  } finally {
    closeSync(file)
  }
}

/** One that was not inherited may be the runtime's own, of the loop or its signals: it is neither read nor closed. */
function readDescriptor(source: string, descriptor: number): Uint8Array {
  const octets = read(source, descriptor)
  closeSync(descriptor)
  return octets
}

function read(source: string, file: number): Uint8Array {
  return guarded(source, () => {
    const stats = fstatSync(file)
    if (stats.isDirectory()) throw refused(source, 'this is a directory')
    if (!stats.isFile() && !stats.isFIFO() && !stats.isSocket()) throw refused(source, 'this is no file and no pipe')
    // A pipe has no mode that says who else may read it.
    if (stats.isFile() && (stats.mode & 0o077) !== 0)
      throw new AuthorityError('ERR_AUTHORITY_FILE_MODE', source, 'this secret can be read by others')
    const octets = new Uint8Array(MAX_OCTETS + 1)
    let length = 0
    for (let more = -1; more !== 0 && length < octets.length; length += more)
      more = readSync(file, octets, { offset: length })
    if (length > MAX_OCTETS) throw refused(source, `this secret has more than ${MAX_OCTETS} octets`)
    return octets.subarray(0, length)
  })
}

const FAULTS: Readonly<Record<string, string>> = {
  ENOENT: 'this file is missing',
  EBADF: 'this descriptor is not open',
  EAGAIN: 'there is nothing in this descriptor',
}

function guarded<T>(source: string, work: () => T): T {
  try {
    return work()
  } catch (cause) {
    const errno = errnoOf(cause)
    if (cause instanceof AuthorityError || errno === undefined) throw cause
    throw refused(source, FAULTS[errno] ?? `it cannot be read (${errno})`, cause)
  }
}

function refused(source: string, message: string, cause?: unknown): AuthorityError {
  return new AuthorityError('ERR_AUTHORITY_KEY_SECRET', source, message, { cause })
}
