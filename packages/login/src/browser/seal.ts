// Sealing and opening in the page: JWE in compact form, so that the server keeps what it cannot read. @see RFC 7516, RFC 7518 §4.5, §4.6
import type { DeviceKeys } from '../api.ts'
import { concat, fromBase64url, type Octets, sha256, toBase64url, utf8 } from './octets.ts'

/** Why something sealed does not open: somebody else's, or altered. */
export class SealError extends Error {
  override readonly name = 'SealError'
}

/** For whom it is: RFC 7518 §4.6.1.2 and .3. */
export interface Recipient {
  readonly account: string
  readonly device: string
}

/** Seals to the agreement key of a device. */
export async function sealToDevice(
  contents: Octets,
  to: DeviceKeys['agreement'],
  recipient: Recipient,
): Promise<string> {
  const theirs = await crypto.subtle.importKey('jwk', to, ECDH, false, [])
  const own = await crypto.subtle.generateKey(ECDH, false, ['deriveBits'])
  const { x, y } = await crypto.subtle.exportKey('jwk', own.publicKey)
  const header = { ...headerTo(recipient), epk: { kty: 'EC', crv: 'P-256', x, y } }
  return seal(contents, header, await agree(own.privateKey, theirs, recipient))
}

/** Opens what was sealed to this device for this account. @throws {SealError} */
export async function openOfDevice(sealed: string, agreement: CryptoKeyPair, recipient: Recipient): Promise<Octets> {
  return opened(async () => {
    const { epk, ...header } = headerOf(sealed)
    expectHeader(header, headerTo(recipient))
    const { kty, crv, x, y } = epk as JsonWebKey
    // The import fails for a point that is not on the curve.
    const theirs = await crypto.subtle.importKey('jwk', { kty, crv, x, y } as JsonWebKey, ECDH, false, [])
    return open(sealed, await agree(agreement.privateKey, theirs, recipient))
  })
}

/** Seals under OPAQUE's export key. @param exportKey secret, as base64url */
export async function sealToPassword(contents: Octets, exportKey: string): Promise<string> {
  return seal(contents, DIRECT, await passwordKey(exportKey))
}

/** Opens what was sealed under OPAQUE's export key. @throws {SealError} */
export async function openOfPassword(sealed: string, exportKey: string): Promise<Octets> {
  return opened(async () => {
    expectHeader(headerOf(sealed), DIRECT)
    return open(sealed, await passwordKey(exportKey))
  })
}

const ECDH = { name: 'ECDH', namedCurve: 'P-256' }
const DIRECT = { alg: 'dir', enc: 'A256GCM' }
const INFO = 'countersign login picture v1'

function headerTo({ account, device }: Recipient) {
  return { alg: 'ECDH-ES', enc: 'A256GCM', apu: toBase64url(utf8(account)), apv: toBase64url(utf8(device)) }
}

/** RFC 7518 §4.6.2: one round of Concat KDF gives the 256 bits of A256GCM. */
async function agree(privateKey: CryptoKey, publicKey: CryptoKey, { account, device }: Recipient): Promise<CryptoKey> {
  const shared = new Uint8Array(await crypto.subtle.deriveBits({ name: 'ECDH', public: publicKey }, privateKey, 256))
  const info = concat(counted(utf8('A256GCM')), counted(utf8(account)), counted(utf8(device)), uint32(256))
  const key = await sha256(concat(uint32(1), shared, info))
  return crypto.subtle.importKey('raw', key, 'AES-GCM', false, ['encrypt', 'decrypt'])
}

async function passwordKey(exportKey: string): Promise<CryptoKey> {
  const secret = await crypto.subtle.importKey('raw', fromBase64url(exportKey), 'HKDF', false, ['deriveKey'])
  const how = { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info: utf8(INFO) }
  return crypto.subtle.deriveKey(how, secret, { name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt'])
}

async function seal(contents: Octets, header: object, key: CryptoKey): Promise<string> {
  const protectedHeader = toBase64url(utf8(JSON.stringify(header)))
  const iv = crypto.getRandomValues(new Uint8Array(12))
  const how = { name: 'AES-GCM', iv, additionalData: utf8(protectedHeader) }
  const sealed = new Uint8Array(await crypto.subtle.encrypt(how, key, contents))
  const [text, tag] = [sealed.subarray(0, -16), sealed.subarray(-16)]
  // The second part is empty: both algorithms agree on the key itself (RFC 7516 §5.1, step 6).
  return [protectedHeader, '', toBase64url(iv), toBase64url(text), toBase64url(tag)].join('.')
}

async function open(sealed: string, key: CryptoKey): Promise<Octets> {
  const [header = '', encryptedKey, iv = '', text = '', tag = '', ...more] = sealed.split('.')
  if (encryptedKey !== '' || more.length > 0) throw new SealError('not five parts, the second of them empty')
  const [nonce, last] = [fromBase64url(iv), fromBase64url(tag)]
  if (nonce.length !== 12 || last.length !== 16) throw new SealError('nonce or tag is of another length')
  const how = { name: 'AES-GCM', iv: nonce, additionalData: utf8(header) }
  return new Uint8Array(await crypto.subtle.decrypt(how, key, concat(fromBase64url(text), last)))
}

function headerOf(sealed: string): Readonly<Record<string, unknown>> {
  const read: unknown = JSON.parse(
    new TextDecoder('utf-8', { fatal: true }).decode(fromBase64url(sealed.split('.', 1)[0] ?? '')),
  )
  if (typeof read !== 'object' || read === null) throw new SealError('the header is no object')
  return read as Readonly<Record<string, unknown>>
}

/** Exactly these members: nothing else is understood, `zip` and `crit` included. */
function expectHeader(header: Readonly<Record<string, unknown>>, expected: Readonly<Record<string, string>>): void {
  const names = Object.keys(header)
  const fits = names.length === Object.keys(expected).length && names.every((name) => header[name] === expected[name])
  if (!fits) throw new SealError('sealed in another way, or for somebody else')
}

/** Whatever is wrong with it is one error: it did not open. */
async function opened(work: () => Promise<Octets>): Promise<Octets> {
  try {
    return await work()
  } catch (cause) {
    throw cause instanceof SealError ? cause : new SealError('it does not open', { cause })
  }
}

function counted(octets: Octets): Octets {
  return concat(uint32(octets.length), octets)
}

function uint32(value: number): Octets {
  const octets = new Uint8Array(4)
  new DataView(octets.buffer).setUint32(0, value)
  return octets
}
