// A key or a certificate as one line of text: authorized_keys of sshd(8), and the .pub files of ssh-keygen(1).
import { SshError } from '../error.ts'
import { openWire, readName } from '../wire/read.ts'
import { readSshPublicKey, type SshPublicKey, writeSshPublicKey } from './public-key.ts'

/** One option before a key, such as `restrict` or `from="192.0.2.0/24"`. */
export interface AuthorizedKeyOption {
  readonly name: string
  /** What stands in the quotes, without the backslashes before its quotation marks. */
  readonly value?: string
}

/** A line of `authorized_keys`. */
export interface AuthorizedKey {
  readonly options: readonly AuthorizedKeyOption[]
  readonly key: SshPublicKey
  /** Empty where none stands. */
  readonly comment: string
}

/** A line: what is before the octets, the octets, and what is after them. */
export interface KeyLine {
  readonly options: readonly AuthorizedKeyOption[]
  /** The type that the line names, which is that of the octets. */
  readonly type: string
  readonly blob: Uint8Array
  readonly comment: string
}

/** A line of a certificate has some 3,000 characters; sshd reads lines of 8192 (SSH_MAX_PUBKEY_BYTES twice in base64). */
const MAX_CHARACTERS = 65_536
const MAX_OPTIONS = 256

/** What has no place in a line: it would begin another, or deceive who reads it. */
const CONTROL = /[\p{Cc}\p{Cs}\u2028\u2029]/u
const TYPE = /^[a-z][a-z0-9-]*(?:@[a-z0-9.-]+)?$/

/** Reads a line of `authorized_keys`, without its end. @throws {SshError} */
export function parseAuthorizedKey(line: string): AuthorizedKey {
  const { options, blob, comment } = parseKeyLine(line)
  return { options, key: readSshPublicKey(blob), comment }
}

/** Writes a line of `authorized_keys`, without its end. @throws {SshError} when an option or the comment cannot stand in a line. */
export function formatAuthorizedKey({ key, ...rest }: Partial<AuthorizedKey> & Pick<AuthorizedKey, 'key'>): string {
  return formatKeyLine({ ...rest, blob: writeSshPublicKey(key) })
}

/** Reads the parts of a line, of a key or of a certificate; what the octets are is not judged, but for their type. @throws {SshError} */
export function parseKeyLine(line: string): KeyLine {
  if (line.length > MAX_CHARACTERS) throw new SshError('ERR_SSH_OCTETS_LIMIT', MAX_CHARACTERS)
  const control = line.replaceAll('\t', ' ').search(CONTROL)
  if (control >= 0) throw new SshError('ERR_SSH_LINE', control)
  const text = line.replaceAll('\t', ' ')
  const first = TYPE.test(text.slice(0, endOfWord(text, 0))) && /^ +A/.test(text.slice(endOfWord(text, 0)))
  const scanned = first ? { options: [], at: 0 } : scanOptions(text)
  const typeEnd = endOfWord(text, scanned.at)
  const type = text.slice(scanned.at, typeEnd)
  if (!TYPE.test(type)) throw new SshError('ERR_SSH_LINE', scanned.at)
  const from = afterSpaces(text, typeEnd)
  const end = endOfWord(text, from)
  const blob = blobOf(text.slice(from, end), from)
  if (readName(openWire(blob, blob.length)) !== type) throw new SshError('ERR_SSH_LINE_TYPE', scanned.at)
  return { options: scanned.options, type, blob, comment: text.slice(end).trim() }
}

/** Writes a line around a key or a certificate, by the type that it has. @throws {SshError} when an option or the comment cannot stand in a line. */
export function formatKeyLine({ options = [], blob, comment = '' }: Partial<KeyLine> & Pick<KeyLine, 'blob'>): string {
  if (CONTROL.test(comment) || comment !== comment.trim()) throw new SshError('ERR_SSH_LINE')
  const words = [
    ...(options.length === 0 ? [] : [options.map(formatOption).join(',')]),
    readName(openWire(blob, blob.length)),
    blob.toBase64(),
    ...(comment === '' ? [] : [comment]),
  ]
  return words.join(' ')
}

function formatOption({ name, value }: AuthorizedKeyOption): string {
  // sshd takes a backslash for one only before a quotation mark: the one before the closing mark would hide it.
  if (!/^[A-Za-z0-9-]+$/.test(name) || (value !== undefined && (CONTROL.test(value) || value.endsWith('\\'))))
    throw new SshError('ERR_SSH_LINE_OPTION')
  return value === undefined ? name : `${name}="${value.replaceAll('"', '\\"')}"`
}

/** A backslash before a quotation mark always takes it into the value, as it does for sshd. */
const OPTION = /([A-Za-z0-9-]+)(?:="((?:\\"|(?!\\")[^"])*)")?([, ])/y

/** Options end at the first space that is in no quotation marks. */
function scanOptions(text: string): { options: readonly AuthorizedKeyOption[]; at: number } {
  const options: AuthorizedKeyOption[] = []
  for (OPTION.lastIndex = 0; options.length < MAX_OPTIONS; ) {
    const at = OPTION.lastIndex
    const match = OPTION.exec(text)
    if (match === null) throw new SshError('ERR_SSH_LINE_OPTION', at)
    const [, name = '', value, end] = match
    options.push(value === undefined ? { name } : { name, value: value.replaceAll('\\"', '"') })
    if (end === ' ') return { options, at: afterSpaces(text, OPTION.lastIndex) }
  }
  throw new SshError('ERR_SSH_ELEMENTS_LIMIT', OPTION.lastIndex)
}

function blobOf(base64: string, at: number): Uint8Array {
  try {
    return Uint8Array.fromBase64(base64, { lastChunkHandling: 'strict' })
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause
    throw new SshError('ERR_SSH_LINE_BASE64', at)
  }
}

function endOfWord(text: string, from: number): number {
  const end = text.indexOf(' ', from)
  return end === -1 ? text.length : end
}

function afterSpaces(text: string, from: number): number {
  let at = from
  while (text[at] === ' ') at++
  return at
}
