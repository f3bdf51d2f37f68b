// Reads a matter from the address of the page, as strictly as the server does.
import type { Matter } from '../api.ts'
import { fromBase64url } from './octets.ts'
import { isSeen } from './seen.ts'

/** Of base64url of JSON; undefined where it is anything but a matter. Its limits are those of the table of calls. */
export function readMatter(encoded: string): Matter | undefined {
  try {
    const read: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(fromBase64url(encoded)))
    return isMatter(read) ? read : undefined
  } catch {
    // Neither base64url, nor UTF-8, nor JSON: the same answer for whatever cannot be read.
    return undefined
  }
}

function isMatter(read: unknown): read is Matter {
  if (typeof read !== 'object' || read === null) return false
  const { title, lines, nonce, ...rest } = read as Readonly<Record<string, unknown>>
  return (
    Object.keys(rest).length === 0 &&
    isText(title, 1, 80) &&
    isText(nonce, 16, 64) &&
    Array.isArray(lines) &&
    lines.length <= 12 &&
    lines.every((line) => Array.isArray(line) && line.length === 2 && isText(line[0], 1, 40) && isText(line[1], 0, 200))
  )
}

function isText(value: unknown, least: number, most: number): boolean {
  return typeof value === 'string' && value.length >= least && value.length <= most && isSeen(value)
}
