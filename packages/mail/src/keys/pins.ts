// Keys of others that somebody accepted, or from which verified mail came: one file for each address, beside the identity.
import { createHash } from 'node:crypto'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { IdentityError, type PrivateFiles, privateFiles } from '@countersign/mtls'
import { fieldOf, ShapeError } from '@countersign/protocol'

/** How a key came to be known. Only `accepted` and `found` vouch for it; `seen` shows that another one comes. */
export const PIN_KINDS = ['accepted', 'found', 'seen'] as const
export type PinKind = (typeof PIN_KINDS)[number]

/** A public key that is remembered for an address. */
export interface PinnedKey {
  /** Compared form. */
  readonly address: string
  /** Hexadecimal. */
  readonly fingerprint: string
  /** In octets. */
  readonly key: Uint8Array
  readonly since: Temporal.Instant
  /** `accepted` by hand; `found` in the directory of its domain first; `seen` in verified mail, or written to, on the authority's word. */
  readonly how: PinKind
}

const FOLDER = 'mail'
const PREFIX = 'pin.'
const END = '.json'
/** As many octets as the package of OpenPGP reads of a key. */
const MAX_KEY_OCTETS = 262_144

/** The key that is remembered for an address. @throws {IdentityError} where its file is not as it was written */
export async function readPin(directory: string, address: string): Promise<PinnedKey | undefined> {
  const files = filesOf(directory)
  const pin = await read(files, nameOf(address))
  if (pin && pin.address !== address) throw malformed(files.pathOf(nameOf(address)), 'it is of another address')
  return pin
}

/** All of them, by address. */
export async function readPins(directory: string): Promise<readonly PinnedKey[]> {
  const files = filesOf(directory)
  const pins: PinnedKey[] = []
  for (const name of await namesIn(join(directory, FOLDER))) {
    const pin = await read(files, name)
    if (pin) pins.push(pin)
  }
  return pins.sort((a, b) => (a.address < b.address ? -1 : 1))
}

/** Remembers it, in place of what was remembered for its address. */
export async function writePin(directory: string, { address, fingerprint, key, since, how }: PinnedKey): Promise<void> {
  const json = { address, fingerprint, since: since.toString(), how, key: key.toBase64() }
  await filesOf(directory).write(nameOf(address), `${JSON.stringify(json)}\n`)
}

/** Forgets the key of an address. Answers whether there was one. */
export async function removePin(directory: string, address: string): Promise<boolean> {
  const files = filesOf(directory)
  if ((await files.read(nameOf(address))) === undefined) return false
  await rm(files.pathOf(nameOf(address)), { force: true })
  return true
}

function filesOf(directory: string): PrivateFiles {
  return privateFiles(join(directory, FOLDER))
}

/** An address may have octets that no name of a file has. */
function nameOf(address: string): string {
  return `${PREFIX}${createHash('sha256').update(address, 'utf8').digest('hex').slice(0, 32)}${END}`
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).filter((name) => name.startsWith(PREFIX) && name.endsWith(END))
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  }
}

async function read(files: PrivateFiles, name: string): Promise<PinnedKey | undefined> {
  const text = await files.read(name)
  if (text === undefined) return undefined
  try {
    const field = fieldOf(JSON.parse(text))
    const how = PIN_KINDS.find((kind) => kind === field.get('how').text(16))
    if (how === undefined) throw new ShapeError('how', `one of ${PIN_KINDS.join(', ')}`)
    return {
      address: field.get('address').text(1024),
      fingerprint: field.get('fingerprint').text(64),
      since: Temporal.Instant.from(field.get('since').text(64)),
      key: field.get('key').octets(MAX_KEY_OCTETS),
      how,
    }
  } catch (cause) {
    if (!(cause instanceof SyntaxError || cause instanceof ShapeError || cause instanceof RangeError)) throw cause
    // Fail closed: who is believed is not guessed.
    throw malformed(files.pathOf(name), cause.message)
  }
}

function malformed(path: string, detail: string): IdentityError {
  return new IdentityError('ERR_IDENTITY_MALFORMED', path, detail)
}
