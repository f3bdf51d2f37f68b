// multipart/signed, RFC 8551 §3.5.3: the entity goes by, and its signature follows it.

import { createHash, type KeyObject, randomBytes } from 'node:crypto'
import { performWith } from '@countersign/mtls'
import { MailError } from '@countersign/protocol'
import {
  ALGORITHM,
  type AlgorithmIdentifier,
  type Certificate,
  encryptionKeyPreferenceAttribute,
  OID,
  performStepsAsync,
  readPublicKey,
  referenceByIssuer,
  signDigest,
  signingCertificateV2Attribute,
  signingTimeAttribute,
  smimeCapabilitiesAttribute,
} from '@countersign/x509'
import { encodeBase64 } from '../mime/encode.ts'
import type { SealedEntity } from '../model.ts'
import { ascii, gathered } from './pieces.ts'
import { type AskTimeStamp, withTimeStamp } from './time-stamp.ts'

/** Who signs. */
export interface SmimeSigner {
  /** The signer's, and what leads from it to the anchor. */
  readonly certificates: readonly [Certificate, ...Certificate[]]
  /** A private key, or what signs with one that is elsewhere. Secret. */
  readonly key: KeyObject | ((octets: Uint8Array, algorithm: AlgorithmIdentifier) => Uint8Array | Promise<Uint8Array>)
  /** The certificate to which answers are encrypted, and what leads from it to the anchor; absent: that of the signer. */
  readonly encryption?: readonly [Certificate, ...Certificate[]]
  /** So that what was signed before its key was revoked is still believed afterwards. */
  readonly timeStamp?: AskTimeStamp
}

type Hash = 'SHA-256' | 'SHA-384' | 'SHA-512'

/** RFC 5758 §3.2: a hash as long as the curve; RFC 8419 §3.1: "the digest algorithm MUST be SHA-512" for Ed25519. */
const ALGORITHMS: Readonly<Record<string, readonly [AlgorithmIdentifier, Hash]>> = {
  RSA: [ALGORITHM.sha256WithRSAEncryption, 'SHA-256'],
  'P-256': [ALGORITHM.ecdsaWithSHA256, 'SHA-256'],
  'P-384': [ALGORITHM.ecdsaWithSHA384, 'SHA-384'],
  'P-521': [ALGORITHM.ecdsaWithSHA512, 'SHA-512'],
  Ed25519: [ALGORITHM.Ed25519, 'SHA-512'],
}

/** What we read, the best first. */
const CAPABILITIES = [
  OID['id-aes256-GCM'],
  OID['id-aes128-GCM'],
  OID['id-aes256-CBC'],
  OID['id-aes192-CBC'],
  OID['id-aes128-CBC'],
]

/**
 * Signs an entity while it goes by. It must be in lines that no server on the way has to change: 7bit (RFC 8551 §3.1.3).
 * @throws {MailError} when the signer's key is none that signs mail.
 */
export function signEntity(
  entity: AsyncIterable<Uint8Array>,
  signer: SmimeSigner,
  now: Temporal.Instant,
): SealedEntity {
  const [certificate] = signer.certificates
  const key = readPublicKey(certificate.subjectPublicKeyInfo)
  const found = ALGORITHMS[(key?.kind === 'EC' ? key.curve : key?.kind) ?? '']
  if (found === undefined) throw new MailError('ERR_MAIL_ALGORITHM', `mail is not signed by a key of ${key?.kind}`)
  const [algorithm, hash] = found
  // No line of any entity begins with it, but by a chance of 1 in 2^128.
  const boundary = `signed-${randomBytes(16).toString('hex')}`

  async function* body(): AsyncGenerator<Uint8Array> {
    const digest = createHash(hash.replace('-', ''))
    yield ascii(`--${boundary}\r\n`)
    for await (const piece of gathered(entity)) {
      digest.update(piece)
      yield piece
    }
    yield ascii(`\r\n--${boundary}\r\n${SIGNATURE_HEADER}\r\n`)
    const signature = await signatureOf(signer, algorithm, hash, new Uint8Array(digest.digest()), now)
    const { timeStamp } = signer
    yield* encodeBase64(only(timeStamp ? await withTimeStamp(signature, timeStamp) : signature))
    yield ascii(`--${boundary}--\r\n`)
  }
  return {
    fields: [
      `Content-Type: multipart/signed; protocol="application/pkcs7-signature";\r\n micalg=${hash.toLowerCase()};\r\n boundary="${boundary}"\r\n`,
    ],
    body: body(),
  }
}

const SIGNATURE_HEADER = [
  'Content-Type: application/pkcs7-signature; name=smime.p7s\r\n',
  'Content-Transfer-Encoding: base64\r\n',
  'Content-Disposition: attachment; filename=smime.p7s\r\n',
].join('')

async function* only(octets: Uint8Array): AsyncGenerator<Uint8Array> {
  yield octets
}

async function signatureOf(
  { certificates, key, encryption }: SmimeSigner,
  signatureAlgorithm: AlgorithmIdentifier,
  hash: Hash,
  digest: Uint8Array,
  now: Temporal.Instant,
): Promise<Uint8Array> {
  const [certificate] = certificates
  const answersTo = encryption?.[0]
  const steps = signDigest({
    digests: new Map([[hash, digest]]),
    certificates: unique([...certificates, ...(encryption ?? [])]),
    signers: [
      {
        sid: referenceByIssuer(certificate),
        hash,
        signatureAlgorithm,
        signedAttrs: [
          signingTimeAttribute(now),
          smimeCapabilitiesAttribute(CAPABILITIES),
          signingCertificateV2Attribute(sha256(certificate.der)),
          ...(answersTo ? [encryptionKeyPreferenceAttribute(answersTo)] : []),
        ],
      },
    ],
  })
  if (typeof key !== 'function') return performStepsAsync(steps, performWith({ signers: [key] }))
  return performStepsAsync(steps, (step) => (step.op === 'sign' ? key(step.octets, step.algorithm) : undefined))
}

function sha256(octets: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update(octets).digest())
}

function unique(certificates: readonly Certificate[]): Uint8Array[] {
  return [...new Map(certificates.map(({ der }) => [der.toHex(), der])).values()]
}
