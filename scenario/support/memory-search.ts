// Looks for secrets in files and in the memory of a process, in every form in which something might have kept them.
import { execFileSync } from 'node:child_process'
import { closeSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs'
import { join } from 'node:path'

/** One form of one secret. */
export interface Sought {
  /** As in `password`. */
  readonly of: string
  /** As in `base64url, one octet before it`. */
  readonly form: string
  readonly octets: Uint8Array
}

/** Where one was found. */
export interface Found {
  readonly of: string
  readonly form: string
  /** A path, or a mapping of the memory. */
  readonly where: string
}

const CHUNK_OCTETS = 16 * 1024 * 1024
/** Shorter ones are found by chance. */
const LEAST_OCTETS = 8

/** The forms of a text: its octets, their encodings, and both as text of two octets a character. */
export function formsOfText(of: string, text: string): readonly Sought[] {
  const escaped = [...text].map(jsonEscape).join('')
  const more: readonly Sought[] = [
    ...inText(of, 'UTF-8', text),
    ...(escaped === text ? [] : inText(of, 'escapes of JSON', escaped)),
    ...(encodeURIComponent(text) === text ? [] : inText(of, 'percent-encoded', encodeURIComponent(text))),
    // One octet a character, as V8 keeps such a text.
    ...(/^[\0-\xff]*$/.test(text) ? [{ of, form: 'Latin-1', octets: Buffer.from(text, 'latin1') }] : []),
  ]
  return [...more, ...encodingsOf(of, Buffer.from(text))]
}

/** The forms of octets. Long ones are looked for by pieces of themselves: a copy that is not whole is one too. */
export function formsOfOctets(of: string, octets: Uint8Array, pieceOctets = 48, pieces = 8): readonly Sought[] {
  const starts = octets.length <= pieceOctets * 2 ? [0] : Array.from({ length: pieces }, (_, i) => i)
  return starts.flatMap((i) => {
    const at = Math.floor(((octets.length - pieceOctets) * (i + 1)) / (pieces + 1))
    const piece = starts.length === 1 ? octets : octets.subarray(at, at + pieceOctets)
    return [{ of, form: 'octets', octets: piece }, ...encodingsOf(of, piece)]
  })
}

function encodingsOf(of: string, octets: Uint8Array): readonly Sought[] {
  const hex = Buffer.from(octets).toString('hex')
  return [
    ...inText(of, 'hexadecimal', hex),
    ...inText(of, 'hexadecimal, in capitals', hex.toUpperCase()),
    ...[0, 1, 2].flatMap((before) => {
      // What stands before and behind shares a character with it: only the characters that are its own are looked for.
      const whole = Buffer.concat([Buffer.alloc(before), octets]).toString('base64')
      const isWhole = (before + octets.length) % 3 === 0
      const own = whole.replace(/=+$/, '').slice(before === 0 ? 0 : before + 1, isWhole ? undefined : -1)
      const url = own.replaceAll('+', '-').replaceAll('/', '_')
      return [
        ...inText(of, `base64, ${before} octets before it`, own),
        ...(url === own ? [] : inText(of, `base64url, ${before} octets before it`, url)),
      ]
    }),
  ]
}

function inText(of: string, form: string, text: string): readonly Sought[] {
  const little = Buffer.from(text, 'utf16le')
  return [
    { of, form, octets: Buffer.from(text) },
    { of, form: `${form}, UTF-16LE`, octets: little },
    { of, form: `${form}, UTF-16BE`, octets: Buffer.from(little).swap16() },
  ]
}

function jsonEscape(character: string): string {
  return [...Array(character.length).keys()]
    .map((i) => character.charCodeAt(i))
    .map((unit) => (unit < 0x80 ? String.fromCharCode(unit) : `\\u${unit.toString(16).padStart(4, '0')}`))
    .join('')
}

/** Looks through all files below a directory. */
export function searchFiles(directory: string, sought: readonly Sought[]): readonly Found[] {
  const search = searcher(sought)
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .flatMap((entry) => {
      const path = join(entry.parentPath, entry.name)
      return search(readFileSync(path)).map(({ of, form }) => ({ of, form, where: path }))
    })
}

/** Looks through octets that are no file. */
export function searchOctets(where: string, octets: Uint8Array, sought: readonly Sought[]): readonly Found[] {
  return searcher(sought)(octets).map(({ of, form }) => ({ of, form, where }))
}

/**
 * Looks through the memory of a process, which is stopped meanwhile. Left out is what the process cannot have written:
 * mappings of files that are read alone. @see proc(5)
 */
export function searchMemory(pid: number, sought: readonly Sought[]): { found: readonly Found[]; octets: number } {
  const search = searcher(sought)
  const longest = Math.max(...sought.map(({ octets }) => octets.length))
  process.kill(pid, 'SIGSTOP')
  const memory = openSync(`/proc/${pid}/mem`, 'r')
  try {
    const found: Found[] = []
    let octets = 0
    const chunk = Buffer.alloc(CHUNK_OCTETS)
    for (const { start, end, name } of residentOf(pid, mappingsOf(pid))) {
      for (let at = start; at < end; ) {
        const length = Math.min(CHUNK_OCTETS, end - at)
        const read = readSync(memory, chunk, 0, length, at)
        if (read === 0) throw new Error(`the memory of ${pid} ends at ${at.toString(16)}`)
        for (const { of, form } of search(chunk.subarray(0, read))) found.push({ of, form, where: `memory ${name}` })
        octets += read
        if (at + read >= end) break
        // What lies across two chunks is whole in the next.
        at += Math.max(1, read - longest)
      }
    }
    return { found, octets }
  } finally {
    closeSync(memory)
    process.kill(pid, 'SIGCONT')
  }
}

interface Mapping {
  readonly start: number
  readonly end: number
  readonly name: string
}

function mappingsOf(pid: number): readonly Mapping[] {
  return readFileSync(`/proc/${pid}/maps`, 'utf8')
    .split('\n')
    .flatMap((line) => {
      const [, start = '', end = '', rights = '', inode = '', name = ''] =
        /^([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ (\d+)\s*(.*)$/.exec(line) ?? []
      const isRead = rights.startsWith('r') && !/^\[v(?:var|var_vclock|syscall)\]/.test(name)
      if (!isRead || (inode !== '0' && !rights.includes('w'))) return []
      return [{ start: Number.parseInt(start, 16), end: Number.parseInt(end, 16), name: name || 'anonymous' }]
    })
}

const PAGE_OCTETS = Number(execFileSync('getconf', ['PAGESIZE'], { encoding: 'utf8' }))

/** The parts of mappings that are anywhere: pages that were never touched are zeros. @see Linux, admin-guide/mm/pagemap.rst */
function residentOf(pid: number, mappings: readonly Mapping[]): readonly Mapping[] {
  const pagemap = openSync(`/proc/${pid}/pagemap`, 'r')
  try {
    return mappings.flatMap(({ start, end, name }) => {
      const entries = Buffer.alloc(((end - start) / PAGE_OCTETS) * 8)
      readSync(pagemap, entries, 0, entries.length, (start / PAGE_OCTETS) * 8)
      const parts: { start: number; end: number; name: string }[] = []
      for (let at = start, i = 7; at < end; at += PAGE_OCTETS, i += 8) {
        // Bits 63 and 62: present, swapped.
        if (((entries[i] ?? 0) & 0xc0) === 0) continue
        const last = parts.at(-1)
        if (last?.end === at) last.end += PAGE_OCTETS
        else parts.push({ start: at, end: at + PAGE_OCTETS, name })
      }
      return parts
    })
  } finally {
    closeSync(pagemap)
  }
}

/**
 * One pass over the octets for all that is sought: four octets at a time, by a table of what they may begin.
 * Answers each that is there, once.
 */
function searcher(sought: readonly Sought[]): (octets: Uint8Array) => readonly Sought[] {
  const mayBegin = new Uint8Array(1 << 16)
  const begins = new Map<number, Sought[]>()
  for (const one of sought) {
    const { octets } = one
    if (octets.length < LEAST_OCTETS) throw new RangeError(`${one.of}, ${one.form}: too short to be told from chance`)
    const word = new DataView(octets.buffer, octets.byteOffset).getUint32(0, true)
    mayBegin[hashOf(word)] = 1
    begins.set(word, [...(begins.get(word) ?? []), one])
  }
  return (octets) => {
    const found = new Set<Sought>()
    let word = 0
    for (let i = 0; i < octets.length; i++) {
      word = ((word >>> 8) | ((octets[i] as number) << 24)) >>> 0
      if (i < 3 || mayBegin[hashOf(word)] === 0) continue
      for (const one of begins.get(word) ?? []) if (!found.has(one) && isAt(octets, i - 3, one.octets)) found.add(one)
    }
    return [...found]
  }
}

function hashOf(word: number): number {
  return Math.imul(word, 0x9e3779b1) >>> 16
}

function isAt(octets: Uint8Array, at: number, sought: Uint8Array): boolean {
  return Buffer.compare(octets.subarray(at, at + sought.length), sought) === 0
}
