// OpenPGP keys beside a person's identity, as other programs read them too: armored, one a file. This package knows no format of
// them; none is ever written over with another: old mail stays readable.
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { IdentityError, privateFiles } from '@countersign/mtls'

/** A key of one's own. Armored; secret: `privateKey`. */
export interface OwnOpenPgpKey {
  /** Hexadecimal. */
  readonly fingerprint: string
  readonly privateKey: Uint8Array
  /** As the authority has certified it. Absent while it has not. */
  readonly publicKey?: Uint8Array
}

/** The files. Names are fingerprints; what is written is armored. */
export interface OpenPgpFolder {
  /** One's own, in no order. @throws {IdentityError} where one cannot be read, or is for others to read. */
  own(): Promise<readonly OwnOpenPgpKey[]>
  keepPrivate(fingerprint: string, armored: string): Promise<void>
  keepPublic(fingerprint: string, armored: string): Promise<void>
  /** The authority's own public keys, as it told them last. */
  authorities(): Promise<readonly Uint8Array[]>
  /** In place of those of this version that were kept. */
  keepAuthorities(version: number, armored: readonly string[]): Promise<void>
}

const FOLDER = 'mail'
const SECRET = '.secret.asc'
const PUBLIC = '.asc'
/** A file for each version, one block of armor behind the other: GnuPG 2.2 reads nothing of a file with one of version 6. */
const authorityFile = (version: number) => `authority.${version}.asc`
const VERSIONS = [6, 4] as const
/** Of a key of version 4 or 6. */
const FINGERPRINT = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/

/** The folder of the identity in `directory`; it is made when something is first written. */
export function openPgpFolder(directory: string): OpenPgpFolder {
  const files = privateFiles(join(directory, FOLDER))
  const named = (fingerprint: string, end: string) => {
    if (!FINGERPRINT.test(fingerprint)) throw new RangeError('no fingerprint of a key')
    return `${fingerprint}${end}`
  }
  const read = async (name: string) => {
    const text = await files.read(name)
    return text === undefined ? undefined : Buffer.from(text, 'utf8')
  }
  return {
    async own() {
      const keys: OwnOpenPgpKey[] = []
      for (const fingerprint of await fingerprintsOf(directory)) {
        const privateKey = await read(`${fingerprint}${SECRET}`)
        if (!privateKey) throw new IdentityError('ERR_IDENTITY_MISSING', files.pathOf(`${fingerprint}${SECRET}`))
        const publicKey = await read(`${fingerprint}${PUBLIC}`)
        keys.push({ fingerprint, privateKey, ...(publicKey && { publicKey }) })
      }
      return keys
    },
    keepPrivate: (fingerprint, armored) => files.write(named(fingerprint, SECRET), armored),
    keepPublic: (fingerprint, armored) => files.write(named(fingerprint, PUBLIC), armored),
    async authorities() {
      const texts = await Promise.all(VERSIONS.map((version) => files.read(authorityFile(version))))
      return texts.flatMap((text) => (text === undefined ? [] : blocksOf(text)))
    },
    keepAuthorities: (version, armored) => files.write(authorityFile(version), armored.join('')),
  }
}

/** @see RFC 9580 §6.2 */
function blocksOf(text: string): readonly Uint8Array[] {
  return text.split(/^(?=-----BEGIN PGP)/m).map((block) => Buffer.from(block, 'utf8'))
}

async function fingerprintsOf(directory: string): Promise<readonly string[]> {
  try {
    const names = await readdir(join(directory, FOLDER))
    return names
      .filter((name) => name.endsWith(SECRET))
      .map((name) => name.slice(0, -SECRET.length))
      .filter((name) => FINGERPRINT.test(name))
      .sort()
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  }
}
