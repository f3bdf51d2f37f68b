// Verifying and decrypting what OpenSSL made, sealing for every kind of key, and every way in which it is refused.
import assert from 'node:assert/strict'
import { createPrivateKey, randomBytes } from 'node:crypto'
import {
  type AuthEnvelopedData,
  type CMS_ERRORS,
  cmsFromBer,
  type EnvelopedData,
  openEnvelope,
  performSteps,
  readCertificate,
  type SignedData,
  type SignerInfo,
  verifySigner,
} from '@countersign/x509'
import { performWith } from '../../../../tools/testing/crypto-steps.ts'
import { casesOf, fileOf } from '../vectors.ts'
import type { CmsType } from './again.ts'

export interface Vector {
  readonly id: string
  readonly type: CmsType
  readonly hex: string
  readonly signers?: readonly string[]
  readonly recipients?: readonly string[]
  readonly detached?: true
}

export const { content, holders } = fileOf<{
  readonly content: string
  readonly holders: Readonly<Record<string, { readonly certificate: string; readonly privateKey: string }>>
}>('cms/openssl.json')
export const plaintext = Uint8Array.fromHex(content)
export const vectors = casesOf<Vector>('cms/openssl.json')
export const random = (octets: number) => new Uint8Array(randomBytes(octets))

export function holder(name: string) {
  const { certificate, privateKey } = holders[name] ?? assert.fail(name)
  return {
    certificate: readCertificate(Uint8Array.fromHex(certificate)),
    key: createPrivateKey({ key: Buffer.from(privateKey, 'hex'), format: 'der', type: 'pkcs8' }),
  }
}

export function vector(id: string): Uint8Array {
  return cmsFromBer(Uint8Array.fromHex(vectors.find((each) => each.id === id)?.hex ?? assert.fail(id)))
}

export function verdict(data: SignedData, signer: SignerInfo, name: string, detached?: Uint8Array) {
  const { subjectPublicKeyInfo } = holder(name).certificate
  return performSteps(verifySigner(data, signer, subjectPublicKeyInfo, detached), performWith())
}

export function open(data: EnvelopedData | AuthEnvelopedData, name: string, entropy: Uint8Array = random(32)) {
  const { certificate, key } = holder(name)
  return performSteps(openEnvelope(data, certificate, entropy), performWith({ recipient: key }))
}

export const seen = new Set<string>()
export function refused(act: () => unknown, code: keyof typeof CMS_ERRORS): void {
  seen.add(code)
  assert.throws(act, { name: 'CmsError', code })
}
export function unverified(found: ReturnType<typeof verdict>, code: keyof typeof CMS_ERRORS): void {
  seen.add(code)
  assert.deepEqual(found, { ok: false, code })
}
