// Passwords that anybody would try first. The table is asked for only where a password is chosen. @see ASVS 5.0 6.2.4, 6.2.11
import { COMMON_PASSWORDS } from './common-passwords.ts'
import { fromBase64url, sha256, utf8 } from './octets.ts'

const ENTRY_OCTETS = 4

/** Whether it stands in the table: as it is, or once what stands before and after its letters is taken away. */
export async function isCommon(password: string): Promise<boolean> {
  const table = new DataView(fromBase64url(COMMON_PASSWORDS).buffer)
  const whole = password.toLowerCase()
  return (await isIn(table, whole)) || (await isIn(table, bare(whole))) || isMonotone(whole)
}

/** Whether hardly anything is left of it without the names of account and bank. */
export function isMadeOf(password: string, names: readonly string[]): boolean {
  const parts = names.flatMap((name) => [name, ...name.split(/[^\p{L}\p{N}]+/u)]).map((name) => name.toLowerCase())
  const rest = parts
    .filter((part) => part.length >= 4)
    .sort((a, b) => b.length - a.length)
    .reduce((left, part) => left.replaceAll(part, ''), password.toLowerCase())
  return rest.length < password.length && rest.length < 6
}

/** `aaaaaaaaaa`, `abababababab`, `abcdefghij`, `9876543210`: what has a length and nothing else. */
function isMonotone(password: string): boolean {
  if (new Set(password).size <= 2) return true
  const codes = [...password].map((character) => character.codePointAt(0) ?? 0)
  const [first = 0, second = 0] = codes
  const pace = second - first
  return Math.abs(pace) <= 1 && codes.every((code, index) => index === 0 || code - (codes[index - 1] ?? 0) === pace)
}

function bare(password: string): string {
  return password.replaceAll(/^[^\p{L}]+|[^\p{L}]+$/gu, '')
}

async function isIn(table: DataView, word: string): Promise<boolean> {
  const wanted = new DataView((await sha256(utf8(word))).buffer).getUint32(0)
  let [from, to] = [0, table.byteLength / ENTRY_OCTETS]
  while (from < to) {
    const middle = (from + to) >> 1
    const entry = table.getUint32(middle * ENTRY_OCTETS)
    if (entry === wanted) return true
    if (entry < wanted) from = middle + 1
    else to = middle
  }
  return false
}
