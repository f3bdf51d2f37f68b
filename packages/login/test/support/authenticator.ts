// A passkey in software: what an authenticator makes and signs, octet by octet. @see WebAuthn 3 §6.1, §6.5.1, §8.7
import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { HOST, ORIGIN } from './device.ts'

/** What a test may have otherwise than it should be. */
export interface Faults {
  readonly origin?: string
  readonly rpId?: string
  readonly type?: string
  readonly challenge?: string
  readonly crossOrigin?: boolean
  readonly isVerified?: boolean
  readonly isPresent?: boolean
  readonly counter?: number
  readonly userHandle?: string
  readonly id?: string
  readonly signature?: string
}

/** A passkey. */
export interface TestPasskey {
  readonly id: string
  /** As `navigator.credentials.create` answers. */
  create(options: { readonly challenge?: unknown; readonly user?: unknown }, faults?: Faults): PasskeyAnswer
  /** As `navigator.credentials.get` answers. */
  get(options: { readonly challenge?: unknown }, faults?: Faults): PasskeyAnswer
}

/** PublicKeyCredential as JSON. */
export interface PasskeyAnswer {
  readonly id: string
  readonly rawId: string
  readonly type: 'public-key'
  readonly response: Readonly<Record<string, string>>
  readonly clientExtensionResults: object
  readonly [other: string]: unknown
}

/** Makes one. @param counts Authenticators that count signatures; those that are kept in several places do not. */
export function newPasskey({ counts = true }: { readonly counts?: boolean } = {}): TestPasskey {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' })
  const rawId = randomBytes(32)
  const id = rawId.toString('base64url')
  let counter = 0
  let user = ''

  const clientData = (type: string, challenge: unknown, faults: Faults) =>
    Buffer.from(
      JSON.stringify({
        type: faults.type ?? type,
        challenge: faults.challenge ?? challenge,
        origin: faults.origin ?? ORIGIN,
        crossOrigin: faults.crossOrigin ?? false,
      }),
    )
  const dataOf = ({ rpId = HOST, isPresent = true, isVerified = true, counter: other }: Faults, attested?: Buffer) => {
    if (counts) counter++
    const head = Buffer.alloc(37)
    createHash('sha256').update(rpId).digest().copy(head)
    head[32] = (isPresent ? 1 : 0) | (isVerified ? 4 : 0) | (attested ? 0x40 : 0)
    head.writeUInt32BE(other ?? counter, 33)
    return attested ? Buffer.concat([head, attested]) : head
  }
  const answer = (response: Readonly<Record<string, Buffer | string>>, faults: Faults): PasskeyAnswer => ({
    id: faults.id ?? id,
    rawId: faults.id ?? id,
    type: 'public-key',
    response: Object.fromEntries(
      Object.entries(response).map(([name, value]) => [
        name,
        typeof value === 'string' ? value : value.toString('base64url'),
      ]),
    ),
    clientExtensionResults: {},
  })

  return {
    id,
    create({ challenge, user: asked }, faults = {}) {
      user = typeof asked === 'object' && asked !== null && 'id' in asked ? String(asked.id) : ''
      // COSE_Key of RFC 9052 §7, in CBOR: kty EC2, alg ES256, crv P-256, x, y.
      const key = Buffer.concat([
        Buffer.from([0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20]),
        Buffer.from(x, 'base64url'),
        Buffer.from([0x22, 0x58, 0x20]),
        Buffer.from(y, 'base64url'),
      ])
      const attested = Buffer.concat([Buffer.alloc(16), Buffer.from([0, rawId.length]), rawId, key])
      const data = dataOf(faults, attested)
      // {"fmt": "none", "attStmt": {}, "authData": octets}
      const attestationObject = Buffer.concat([
        Buffer.from([0xa3, 0x63]),
        Buffer.from('fmt'),
        Buffer.from([0x64]),
        Buffer.from('none'),
        Buffer.from([0x67]),
        Buffer.from('attStmt'),
        Buffer.from([0xa0, 0x68]),
        Buffer.from('authData'),
        Buffer.from([0x58, data.length]),
        data,
      ])
      return answer({ clientDataJSON: clientData('webauthn.create', challenge, faults), attestationObject }, faults)
    },
    get({ challenge }, faults = {}) {
      const clientDataJSON = clientData('webauthn.get', challenge, faults)
      const authenticatorData = dataOf(faults)
      const signed = Buffer.concat([authenticatorData, createHash('sha256').update(clientDataJSON).digest()])
      const signature = faults.signature ?? sign('sha256', signed, privateKey).toString('base64url')
      const userHandle = faults.userHandle ?? user
      return answer({ clientDataJSON, authenticatorData, signature, userHandle }, faults)
    },
  }
}
