// Messages made by hand, as nobody's sealer makes them.
import { createHash } from 'node:crypto'
import { performWith } from '@countersign/mtls'
import {
  ALGORITHM,
  type Attribute,
  type NewDigestedData,
  performSteps,
  referenceByIssuer,
  signDigest,
} from '@countersign/x509'
import { encryptedLayer, type Holder, house, type Opened, verdict } from '../../../../tools/testing/mail-people.ts'

export const alice: Holder = house.holder('alice@acme.example')
export const bob: Holder = house.holder('bob@acme.example')

export const code = (result: Opened) => verdict(result, alice.address).refusal?.code
export const outcome = (result: Opened) => encryptedLayer(result).outcome
export const latin1 = (octets: Uint8Array) => Buffer.from(octets).toString('latin1')

/** Header, body. */
export function parted(message: Uint8Array): [string, string] {
  const text = latin1(message)
  const at = text.indexOf('\r\n\r\n') + 4
  return [text.slice(0, at), text.slice(at)]
}

export function entityOf(octets: Uint8Array, type = 'application/pkcs7-mime; smime-type=signed-data'): Buffer {
  const lines = Buffer.from(octets).toString('base64').replaceAll(/.{76}/g, '$&\r\n')
  return Buffer.from(`Content-Type: ${type}\r\nContent-Transfer-Encoding: base64\r\n\r\n${lines}\r\n`)
}

export function multipartSigned(
  text: string,
  signature: Uint8Array,
  parameters = 'protocol="application/pkcs7-signature"; micalg=sha-256',
): Buffer {
  const control = latin1(entityOf(signature, 'application/pkcs7-signature'))
  return Buffer.from(
    `Content-Type: multipart/signed; ${parameters}; boundary=b\r\n\r\n--b\r\n${text}\r\n--b\r\n${control}\r\n--b--\r\n`,
  )
}

/** A signature over `text` by alice, but for what is said otherwise. */
export function signature(
  text: string,
  change: Partial<NewDigestedData> = {},
  more: readonly Attribute[] = [],
  by: Holder = alice,
): Uint8Array {
  const digest = new Uint8Array(createHash('sha256').update(text).digest())
  const signer = {
    sid: referenceByIssuer(by.certificate),
    hash: 'SHA-256',
    signatureAlgorithm: ALGORITHM.ecdsaWithSHA256,
    signedAttrs: more,
  } as const
  const data = {
    digests: new Map([['SHA-256', digest] as const]),
    certificates: [by.certificate.der],
    signers: [signer],
    ...change,
  }
  return performSteps(signDigest(data), performWith({ signers: [by.privateKey] }))
}
