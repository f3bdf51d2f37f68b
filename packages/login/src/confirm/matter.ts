// What somebody confirms: the octets that are signed, by which a service finds that it was.
import { hash } from 'node:crypto'
import type { Matter } from '../api.ts'
import { badRequest } from '../refusal.ts'
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
    throw badRequest(cause.message)
  }
}

/** What a code is for: this very matter, in this session. */
export function matterIn(session: string, matterSha256: string): string {
  return `${session}.${matterSha256}`
}
