// One message, as much of it as is asked for, and the same cryptography without a format around it.

import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hash,
  type KeyObject,
  randomBytes,
  sign,
  verify,
} from 'node:crypto'
import { tmpdir } from 'node:os'
import {
  createSmimeOpener,
  createSmimeSealer,
  createSpool,
  type LayerOpener,
  type LayerSealer,
  type OpenedLayer,
  type Recipient,
  scanEntity,
  sourceOf,
} from '@countersign/mail'
import { type Holder, house, NOW, trust } from '../../tools/testing/mail-people.ts'

export const alice: Holder = house.holder('alice@acme.example')
export const bob: Holder = house.holder('bob@acme.example')

/** A text of mail, of lines. */
export function textOf(octets: number): Buffer {
  const line = 'Both have proved themselves, and nobody else has read it.......\r\n'
  return Buffer.from(
    `${`Content-Type: text/plain\r\n\r\n${line.repeat(Math.ceil(octets / line.length))}`.slice(0, octets - 2)}\r\n`,
  )
}

export const sealer: LayerSealer = createSmimeSealer({
  signer: { certificates: [alice.certificate], key: alice.privateKey },
  trust,
})
export const opener: LayerOpener = createSmimeOpener({ keys: [bob], trust })
export const recipients: readonly Recipient[] = [{ address: bob.address, format: 'smime', key: bob.certificate.der }]

/** Signs and encrypts, and gives the pieces away, as to a file or a socket. */
export async function seal(text: Buffer, give?: (piece: Uint8Array) => void): Promise<void> {
  const entity = sourceOf(text).read(0, text.length)
  const { fields, body } = await sealer.seal(entity, { profile: 'modern', recipients, now: NOW })
  give?.(Buffer.from(`${fields.join('')}\r\n`))
  for await (const piece of body) give?.(piece)
}

/** The sealed message, whole. */
export async function sealed(text: Buffer): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  await seal(text, (piece) => pieces.push(piece))
  return Buffer.concat(pieces)
}

/** Finds the parts, decrypts, finds those within, verifies and judges. */
export async function open(message: Buffer): Promise<NonNullable<OpenedLayer['inside']>> {
  let inside: NonNullable<OpenedLayer['inside']> = { source: sourceOf(message), start: 0, end: message.length }
  for (let layers = 0; ; layers++) {
    const entity = inside.entity ?? (await scanEntity(inside.source, inside.start, inside.end))
    const opened = await opener.open(entity, inside.source, { now: NOW, spool: () => createSpool(tmpdir()) })
    if (opened?.inside === undefined) {
      if (layers !== 2) throw new Error('it did not open')
      return inside
    }
    inside = opened.inside
  }
}

/** What a sealed message comes to, without CMS and MIME. */
export interface Bare {
  readonly ephemeral: KeyObject
  readonly iv: Buffer
  readonly ciphertext: Buffer
  readonly tag: Buffer
  readonly signature: Buffer
  readonly wrapped: Buffer
}

const WRAP_IV = Buffer.from('a6a6a6a6a6a6a6a6', 'hex')

/** A digest, a signature, a key pair, an agreement, a key wrap, AES-256-GCM. */
export function bareSeal(text: Buffer): Bare {
  const digest = createHash('sha256').update(text).digest()
  const signature = sign('sha256', digest, alice.privateKey)
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const publicKey = createPublicKey({
    key: Buffer.from(bob.certificate.subjectPublicKeyInfo.der),
    format: 'der',
    type: 'spki',
  })
  const wrapping = hash('sha256', diffieHellman({ privateKey: pair.privateKey, publicKey }), 'buffer')
  const [key, iv] = [randomBytes(32), randomBytes(12)]
  const wrap = createCipheriv('aes256-wrap', wrapping, WRAP_IV)
  const wrapped = Buffer.concat([wrap.update(key), wrap.final()])
  const gcm = createCipheriv('aes-256-gcm', key, iv)
  const ciphertext = gcm.update(text)
  gcm.final()
  return { ephemeral: pair.publicKey, iv, ciphertext, tag: gcm.getAuthTag(), signature, wrapped }
}

/** The same backwards. @throws when it is not what was sealed. */
export function bareOpen({ ephemeral, iv, ciphertext, tag, signature, wrapped }: Bare): Buffer {
  const wrapping = hash('sha256', diffieHellman({ privateKey: bob.privateKey, publicKey: ephemeral }), 'buffer')
  const unwrap = createDecipheriv('aes256-wrap', wrapping, WRAP_IV)
  const key = Buffer.concat([unwrap.update(wrapped), unwrap.final()])
  const gcm = createDecipheriv('aes-256-gcm', key, iv)
  gcm.setAuthTag(tag)
  const text = gcm.update(ciphertext)
  gcm.final()
  const digest = createHash('sha256').update(text).digest()
  const publicKey = createPublicKey({
    key: Buffer.from(alice.certificate.subjectPublicKeyInfo.der),
    format: 'der',
    type: 'spki',
  })
  if (!verify('sha256', digest, publicKey, signature)) throw new Error('not signed')
  return text
}
