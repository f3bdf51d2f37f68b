// The keys to which a person's mail was and is encrypted, beside their identity. None is ever written over: old mail stays readable.
import { createHash, createPublicKey, type KeyObject } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import {
  certifyMailKey,
  EnrollmentError,
  IdentityError,
  keyFits,
  makeKey,
  type PrivateFiles,
  privateFiles,
  type RenewOptions,
  readChainIfThere,
  readPrivateKey,
} from '@countersign/mtls'
import { type Certificate, writePem } from '@countersign/x509'

/** A key of one's own, with its certificate and what leads to the anchor. Secret: `privateKey`. */
export interface OwnMailKey {
  readonly certificates: readonly [Certificate, ...Certificate[]]
  readonly privateKey: KeyObject
}

const FOLDER = 'mail'
/** So many octets of the SHA-256 of its SubjectPublicKeyInfo name a key's files. */
const NAME_OCTETS = 16

/**
 * Reads the keys beside the identity in `directory`, the newest first; a key whose certificate never came is left out.
 * @throws {IdentityError} where one cannot be read, or is for others to read.
 */
export async function readOwnMailKeys(directory: string): Promise<readonly OwnMailKey[]> {
  const files = filesOf(directory)
  const keys: OwnMailKey[] = []
  for (const name of await namesOf(directory)) {
    const path = files.pathOf(`${name}.pem`)
    const certificates = await readChainIfThere(path)
    if (!certificates) continue
    const privateKey = await readPrivateKey(files.pathOf(`${name}.key`))
    if (nameOf(privateKey) !== name || !keyFits(privateKey, certificates[0]))
      throw new IdentityError('ERR_IDENTITY_KEY_MISMATCH', path)
    keys.push({ certificates, privateKey })
  }
  const startOf = ({ certificates: [leaf] }: OwnMailKey) => leaf.validity.notBefore
  return keys.sort((a, b) => Temporal.Instant.compare(startOf(b), startOf(a)))
}

/**
 * Makes a key here and has it certified by the authority of the identity in `directory`, a person's. The key is on the disk
 * before anybody is asked; one whose certificate did not come is asked for again.
 * @throws {MeetingRefusedError | EnrollmentError | IdentityError | TrustFileError}
 */
export async function makeMailKey(directory: string, options: RenewOptions = {}): Promise<OwnMailKey> {
  const files = filesOf(directory)
  const waiting = await firstWithoutCertificate(directory, files)
  if (waiting) {
    try {
      return await certify(directory, files, waiting, options)
    } catch (error) {
      // It was revoked, or another has it: the next one is new.
      if (!(error instanceof EnrollmentError && error.code === 'ERR_ENROLL_KEY_TAKEN')) throw error
    }
  }
  const privateKey = makeKey('p256')
  await files.write(`${nameOf(privateKey)}.key`, privateKey.export({ format: 'pem', type: 'pkcs8' }).toString())
  return certify(directory, files, privateKey, options)
}

async function certify(
  directory: string,
  files: PrivateFiles,
  privateKey: KeyObject,
  options: RenewOptions,
): Promise<OwnMailKey> {
  const certificates = await certifyMailKey(directory, privateKey, options)
  const pem = certificates.map(({ der }) => writePem('CERTIFICATE', der)).join('')
  await files.write(`${nameOf(privateKey)}.pem`, pem)
  return { certificates, privateKey }
}

async function firstWithoutCertificate(directory: string, files: PrivateFiles): Promise<KeyObject | undefined> {
  for (const name of await namesOf(directory))
    if ((await files.read(`${name}.pem`)) === undefined) return readPrivateKey(files.pathOf(`${name}.key`))
  return undefined
}

function filesOf(directory: string): PrivateFiles {
  return privateFiles(join(directory, FOLDER))
}

async function namesOf(directory: string): Promise<readonly string[]> {
  try {
    const names = await readdir(join(directory, FOLDER))
    return names
      .filter((name) => /^[0-9a-f]{32}\.key$/.test(name))
      .map((name) => name.slice(0, -'.key'.length))
      .sort()
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  }
}

function spkiOf(privateKey: KeyObject): Buffer {
  return createPublicKey(privateKey).export({ format: 'der', type: 'spki' })
}

function nameOf(privateKey: KeyObject): string {
  return createHash('sha256').update(spkiOf(privateKey)).digest().subarray(0, NAME_OCTETS).toString('hex')
}
