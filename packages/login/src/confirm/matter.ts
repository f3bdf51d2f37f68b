// What somebody confirms: the octets that are signed, by which a service finds that it was.
import { hash } from 'node:crypto'
import type { Matter } from '../api.ts'
import { PersonRefusal } from '../refusal.ts'
import { canonical } from './canonical.ts'

/** A matter in the one text that it has, and base64url SHA-256 of that. */
export interface CanonicalMatter {
  readonly text: string
  readonly sha256: string
  /** As it is read, line by line. */
  readonly lines: readonly (readonly [string, string])[]
}

/** @throws {PersonRefusal} where it is not Unicode: what is no text cannot be read, and so not be confirmed. */
export function canonicalMatter({ title, lines, nonce }: Matter): CanonicalMatter {
  try {
    const text = canonical({ title, lines, nonce })
    return { text, sha256: hash('sha256', text, 'base64url'), lines: [['To confirm', title], ...lines] }
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause
    throw new PersonRefusal('ERR_PERSON_REQUEST', { note: cause.message, isTold: true })
  }
}
