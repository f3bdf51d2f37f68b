// The operations that CMS, PKCS#12 and keys under a password ask for, done by synchronous node:crypto: for files, not for a hot path.
import {
  type CipherGCMTypes,
  constants,
  createCipheriv,
  createDecipheriv,
  createHmac,
  createPublicKey,
  sign as cryptoSign,
  diffieHellman,
  hash,
  type KeyObject,
  pbkdf2Sync,
  privateDecrypt,
  publicEncrypt,
  scryptSync,
} from 'node:crypto'
import {
  ALGORITHM,
  type CryptoAnswer,
  type CryptoStep,
  type HashName,
  type KeyTransport,
  type SubjectPublicKeyInfo,
} from '@countersign/x509'
import { createCheckSignature } from '../trust/check-signature.ts'

type Step<Op, Each = CryptoStep> = Each extends { readonly op: infer Ops } ? (Op extends Ops ? Each : never) : never

/** The keys that a performer has. */
export interface PerformerKeys {
  /** Decrypts keys, and agrees on them. */
  readonly recipient?: KeyObject
  readonly signers?: readonly KeyObject[]
}

/**
 * Makes a performer for `performSteps`: what fails (padding, tag, key), what is of an unknown algorithm and what needs a key
 * that is not there answers `undefined`, as the steps want it.
 */
export function performWith({ recipient, signers = [] }: PerformerKeys = {}): (step: CryptoStep) => CryptoAnswer {
  const checkSignature = createCheckSignature()
  return (step) => {
    switch (step.op) {
      case 'digest':
        return digest(step)
      case 'hmac':
        return plain(createHmac(nodeHash(step.hash), step.key).update(step.octets).digest())
      case 'deriveKey':
        return plain(deriveKey(step))
      case 'encrypt':
        return encrypt(step)
      case 'decrypt':
        return orUndefined(() => decrypt(step))
      case 'wrapKey':
        return plain(wrapCipher(createCipheriv, step))
      case 'unwrapKey':
        return orUndefined(() => plain(wrapCipher(createDecipheriv, step)))
      case 'encryptKey':
        return orUndefined(() =>
          plain(publicEncrypt({ key: imported(step.publicKey), ...padding(step.transport) }, step.octets)),
        )
      case 'decryptKey':
        return (
          recipient &&
          orUndefined(() => plain(privateDecrypt({ key: recipient, ...padding(step.transport) }, step.octets)))
        )
      case 'agree':
        return (
          recipient &&
          orUndefined(() => plain(diffieHellman({ privateKey: recipient, publicKey: imported(step.publicKey) })))
        )
      case 'sign':
        return sign(step, signers[step.signer])
      case 'verify':
        return checkSignature(step.algorithm, step.publicKey, step.octets, step.signature)
    }
  }
}

function plain(octets: Buffer): Uint8Array {
  return new Uint8Array(octets)
}

/** What node:crypto throws for input that is wrong is an answer, all else a bug. */
function orUndefined<T>(operation: () => T): T | undefined {
  try {
    return operation()
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    // What a cipher that does not authenticate says, GCM and key wrap each in its own words, has no code.
    if (code.startsWith('ERR_OSSL_') || (error instanceof Error && /unsupported state/i.test(error.message)))
      return undefined
    throw error
  }
}

function nodeHash(name: HashName): string {
  return name.replace('-', '').toLowerCase()
}

function digest({ hash: name, octets, times }: Step<'digest'>): Uint8Array {
  let value: Uint8Array = octets
  for (let i = 0; i < times; i++) value = hash(nodeHash(name), value, 'buffer')
  return new Uint8Array(value)
}

function deriveKey({ derivation, password, keyOctets }: Step<'deriveKey'>): Buffer {
  const { salt } = derivation
  if (derivation.kind === 'PBKDF2')
    return pbkdf2Sync(password, salt, derivation.iterations, keyOctets, nodeHash(derivation.hash))
  const { cost, blockSize, parallelization } = derivation
  return scryptSync(password, salt, keyOctets, { cost, blockSize, parallelization, maxmem: 1 << 30 })
}

function encrypt({ cipher, key, iv, octets, additional, tagOctets }: Step<'encrypt'>): Uint8Array {
  if (!cipher.endsWith('GCM')) {
    const cbc = createCipheriv(cipher.toLowerCase(), key, iv)
    return plain(Buffer.concat([cbc.update(octets), cbc.final()]))
  }
  const gcm = createCipheriv(cipher.toLowerCase() as CipherGCMTypes, key, iv, { authTagLength: tagOctets ?? 16 })
  gcm.setAAD(additional)
  return plain(Buffer.concat([gcm.update(octets), gcm.final(), gcm.getAuthTag()]))
}

function decrypt({ cipher, key, iv, octets, additional, tagOctets = 16 }: Step<'decrypt'>): Uint8Array {
  if (!cipher.endsWith('GCM')) {
    const cbc = createDecipheriv(cipher.toLowerCase(), key, iv)
    return plain(Buffer.concat([cbc.update(octets), cbc.final()]))
  }
  const gcm = createDecipheriv(cipher.toLowerCase() as CipherGCMTypes, key, iv, { authTagLength: tagOctets })
  const end = octets.length - tagOctets
  gcm.setAAD(additional)
  gcm.setAuthTag(octets.subarray(end))
  return plain(Buffer.concat([gcm.update(octets.subarray(0, end)), gcm.final()]))
}

/** RFC 3394 §2.2.3.1. */
const WRAP_IV = Buffer.from('a6a6a6a6a6a6a6a6', 'hex')

function wrapCipher(
  create: typeof createCipheriv | typeof createDecipheriv,
  { wrappingKey, octets }: Step<'wrapKey' | 'unwrapKey'>,
): Buffer {
  const cipher = create(`aes${8 * wrappingKey.length}-wrap`, wrappingKey, WRAP_IV)
  return Buffer.concat([cipher.update(octets), cipher.final()])
}

function padding(transport: KeyTransport) {
  if (transport.kind === 'RSAES-PKCS1-v1_5') return { padding: constants.RSA_PKCS1_PADDING }
  return { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: nodeHash(transport.hash), oaepLabel: transport.label }
}

function imported({ der }: SubjectPublicKeyInfo): KeyObject {
  return createPublicKey({ key: Buffer.from(der), format: 'der', type: 'spki' })
}

/** By each algorithm of {@link ALGORITHM}; the hash is null where the algorithm has its own. */
function sign({ algorithm, octets }: Step<'sign'>, key: KeyObject | undefined): Uint8Array | undefined {
  const name = Object.entries(ALGORITHM).find(([, each]) => each.algorithm === algorithm.algorithm)?.[0]
  if (name === undefined || key === undefined) return undefined
  const hash = /sha(?:256|384|512)/i.exec(name)?.[0].toLowerCase() ?? null
  return plain(cryptoSign(hash, octets, key))
}
