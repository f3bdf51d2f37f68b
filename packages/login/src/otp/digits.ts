// Codes that somebody reads in one place and types in another.
import { randomInt } from 'node:crypto'

/** NIST SP 800-63B §5.1.3.2: at least six. */
const DIGITS = 6

/** A new code. Secret. */
export function makeDigits(): string {
  return String(randomInt(10 ** DIGITS)).padStart(DIGITS, '0')
}

/** A code as it was typed, without the spaces that are for the eye. */
export function digitsOf(typed: string): string {
  return typed.replaceAll(' ', '')
}
