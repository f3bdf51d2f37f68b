// To whom a key travels, and how: RFC 8551 §2.3, RFC 3560, RFC 5753 §3.1, RFC 8418 §2.

import { createPublicKey, diffieHellman, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { MailError } from '@countersign/protocol'
import {
  type Certificate,
  type KeyAgreement,
  type NewRecipient,
  readPublicKey,
  referenceByIssuer,
  writeSubjectPublicKeyInfo,
} from '@countersign/x509'
import type { SealProfile } from '../model.ts'

type Agreement = Pick<Extract<NewRecipient, { readonly sharedSecret: Uint8Array }>, 'derivation' | 'hash'>

/** Each with the hash that is as strong as its curve. For X25519 HKDF: X9.63 is there for those who have it already (RFC 8418 §2.2). */
const AGREEMENTS: Readonly<Record<string, Agreement & { readonly derivation: KeyAgreement['derivation'] }>> = {
  'P-256': { derivation: 'X9.63', hash: 'SHA-256' },
  'P-384': { derivation: 'X9.63', hash: 'SHA-384' },
  'P-521': { derivation: 'X9.63', hash: 'SHA-512' },
  X25519: { derivation: 'HKDF', hash: 'SHA-256' },
}

/**
 * How a key gets to the holder of a certificate. RSA PKCS#1 v1.5 is for `legacy` alone.
 * @throws {MailError} when the certificate's key, or what it says its key is for, is nothing for mail.
 */
export function newRecipient(certificate: Certificate, profile: SealProfile): NewRecipient {
  const { subjectPublicKeyInfo: publicKey, keyUsage } = certificate
  const key = readPublicKey(publicKey)
  const rid = referenceByIssuer(certificate)
  // RFC 8550 §4.4.2, RFC 5280 §4.2.1.3: a key that says what it is for is for nothing else.
  const may = (bit: 'keyEncipherment' | 'keyAgreement') => {
    if (keyUsage?.has(bit) === false)
      throw new MailError('ERR_MAIL_RECIPIENT_KEY', `the keyUsage of the certificate has no ${bit}`)
  }
  if (key?.kind === 'RSA') {
    may('keyEncipherment')
    if (profile === 'legacy') return { rid, publicKey, transport: { kind: 'RSAES-PKCS1-v1_5' } }
    return { rid, publicKey, transport: { kind: 'RSAES-OAEP', hash: 'SHA-256', label: new Uint8Array() } }
  }
  const name = key?.kind === 'EC' ? key.curve : key?.kind
  const agreement = name === undefined ? undefined : AGREEMENTS[name]
  if (name === undefined || agreement === undefined)
    throw new MailError('ERR_MAIL_RECIPIENT_KEY', `nothing is encrypted to a key of ${name ?? 'an unknown kind'}`)
  may('keyAgreement')
  const { publicKey: ephemeral, privateKey } = newPair(name)
  const theirs = createPublicKey({ key: Buffer.from(publicKey.der), format: 'der', type: 'spki' })
  // On their curve, and so of their algorithm: to let OpenSSL write that takes four times as long.
  const { algorithm } = publicKey
  const subjectPublicKey = new Uint8Array(ephemeral.export({ format: 'raw-public' }))
  const der = writeSubjectPublicKeyInfo({ algorithm, subjectPublicKey })
  return {
    rid,
    ephemeralKey: { der, algorithm, subjectPublicKey },
    sharedSecret: new Uint8Array(diffieHellman({ privateKey, publicKey: theirs })),
    ...agreement,
  }
}

function newPair(name: string): { readonly publicKey: KeyObject; readonly privateKey: KeyObject } {
  return name === 'X25519' ? generateKeyPairSync('x25519') : generateKeyPairSync('ec', { namedCurve: name })
}
