// Keys, certificates and messages that the two sides of CMS exchange, and how OpenSSL is asked.
import assert from 'node:assert/strict'
import { createPrivateKey, type KeyObject, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { performWith } from '@countersign/mtls'
import {
  ALGORITHM,
  type AlgorithmIdentifier,
  type Certificate,
  type NewSigner,
  performSteps,
  readCertificate,
  readPem,
  referenceByIssuer,
  referenceByKey,
  signData,
  signingTimeAttribute,
} from '@countersign/x509'
import { file, openssl } from '../openssl.ts'

export { file, folder, openssl, refusedByOpenssl } from '../openssl.ts'

export const random = (octets: number) => new Uint8Array(randomBytes(octets))
export const content = new TextEncoder().encode('Both have proved themselves.\r\n'.repeat(400))

export interface Holder {
  readonly name: string
  readonly key: KeyObject
  readonly certificate: Certificate
  readonly keyFile: string
  readonly certificateFile: string
}

export const KEYS: Readonly<Record<string, readonly string[]>> = {
  RSA: ['-newkey', 'rsa:2048'],
  'P-256': ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'],
  'P-384': ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-384'],
  'P-521': ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-521'],
  Ed25519: ['-newkey', 'ed25519'],
}

/** Key and self-signed certificate, both made by OpenSSL. */
export function holderOf(name: string): Holder {
  const [keyFile, certificateFile] = [file(`${name}.key`), file(`${name}.pem`)]
  openssl(
    ...['req', '-x509', ...(KEYS[name] ?? assert.fail(name)), '-nodes', '-keyout', keyFile, '-out', certificateFile],
    ...[
      '-subj',
      `/O=Acme/CN=${name}`,
      '-days',
      '30',
      '-addext',
      'keyUsage=digitalSignature,keyEncipherment,keyAgreement',
    ],
  )
  const [block] = readPem(readFileSync(certificateFile, 'utf8'))
  const certificate = readCertificate((block ?? assert.fail('no certificate')).der)
  return { name, key: createPrivateKey(readFileSync(keyFile)), certificate, keyFile, certificateFile }
}

export const holders = new Map<string, Holder>()
export function holder(name: string): Holder {
  const known = holders.get(name) ?? holderOf(name)
  holders.set(name, known)
  return known
}

export const SIGNATURES: Readonly<Record<string, readonly [AlgorithmIdentifier, NewSigner['hash']]>> = {
  RSA: [ALGORITHM.sha256WithRSAEncryption, 'SHA-256'],
  'P-256': [ALGORITHM.ecdsaWithSHA256, 'SHA-256'],
  'P-384': [ALGORITHM.ecdsaWithSHA384, 'SHA-384'],
  'P-521': [ALGORITHM.ecdsaWithSHA512, 'SHA-512'],
}

export const REFERENCES = { issuer: referenceByIssuer, 'key identifier': referenceByKey } as const
export type ReferenceKind = keyof typeof REFERENCES
export const kinds = Object.keys(REFERENCES) as ReferenceKind[]

export function signer(name: string, kind: ReferenceKind): NewSigner {
  const [signatureAlgorithm, hash] = SIGNATURES[name] ?? assert.fail(name)
  const signedAttrs = [signingTimeAttribute(Temporal.Instant.from('2026-01-02T03:04:05Z'))]
  return { sid: REFERENCES[kind](holder(name).certificate), hash, signatureAlgorithm, signedAttrs }
}

export function signed(names: readonly string[], kind: ReferenceKind, detached: boolean): Uint8Array {
  const perform = performWith({ signers: names.map((name) => holder(name).key) })
  const certificates = names.map((name) => holder(name).certificate.der)
  return performSteps(
    signData({ content, detached, certificates, signers: names.map((name) => signer(name, kind)) }),
    perform,
  )
}
