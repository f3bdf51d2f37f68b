// What a backup says of itself: its files with their hashes, so that half of one, or a changed one, is never restored.
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { type Field, fieldOf, ShapeError } from '@countersign/protocol'
import { AuthorityError } from '../error.ts'

/** The file with it, written last. */
export const MANIFEST = 'backup.json'

/** What is in a backup. */
export interface Manifest {
  readonly at: Temporal.Instant
  /** Hexadecimal. */
  readonly rootSha256: string
  readonly hasKeys: boolean
  /** The secrets that the house has beside its keys, by their paths in a data directory; held where there are keys. */
  readonly secrets: readonly string[]
  /** SHA-256 in hexadecimal, by the path within the backup. */
  readonly files: Readonly<Record<string, string>>
}

const VERSION = 1
const MAX_FILES = 100_000
const MAX_SECRETS = 1_000
const MAX_NAME = 512
/** Nothing of a backup may be written beside the directory that it is restored to. */
const WITHIN = /^[a-z0-9][a-z0-9._-]*(?:\/[a-z0-9][a-z0-9._-]*)*$/i

export function formatManifest({ at, ...rest }: Manifest): string {
  return `${JSON.stringify({ version: VERSION, at: at.toString(), ...rest }, null, 2)}\n`
}

/** @throws {AuthorityError} where it is none of ours. */
export function parseManifest(text: string, path: string): Manifest {
  try {
    const field = fieldOf(JSON.parse(text))
    const version = field.get('version').number(1_000)
    if (version !== VERSION) throw new ShapeError('version', `version ${VERSION}`)
    const files: unknown = Reflect.get(JSON.parse(text), 'files')
    const entries = Object.entries(typeof files === 'object' && files !== null ? files : {})
    if (entries.length === 0 || entries.length > MAX_FILES) throw new ShapeError('files', 'some files')
    const read = entries.map(([name]): [string, string] => {
      if (!isWithin(name)) throw new ShapeError(`files.${name}`, 'a path within the backup')
      return [name, field.get('files').get(name).text(64)]
    })
    return {
      at: field.get('at').instant(),
      rootSha256: field.get('rootSha256').text(64),
      hasKeys: field.get('hasKeys').boolean(),
      // Backups of before there were any do not say.
      secrets: field.get('secrets').optional((f) => f.list(MAX_SECRETS).map(secretName)) ?? [],
      files: Object.fromEntries(read),
    }
  } catch (cause) {
    if (!(cause instanceof ShapeError || cause instanceof SyntaxError)) throw cause
    throw new AuthorityError('ERR_AUTHORITY_BACKUP', path, `this is not a whole backup: ${cause.message}`, { cause })
  }
}

function secretName(field: Field): string {
  const name = field.text(MAX_NAME)
  if (!isWithin(name)) throw new ShapeError('secrets', 'paths within the backup')
  return name
}

function isWithin(name: string): boolean {
  return WITHIN.test(name) && !name.includes('..')
}

/** Hexadecimal. */
export async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}
