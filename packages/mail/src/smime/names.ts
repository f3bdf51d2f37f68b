// How signers, keys and algorithms are called.
import { summaryOf } from '@countersign/mtls'
import { mailboxOf } from '@countersign/verify'
import {
  type AlgorithmIdentifier,
  type Certificate,
  escapeText,
  type GeneralName,
  type HashName,
  OID,
  readPublicKey,
  readSignatureAlgorithm,
} from '@countersign/x509'
import type { Signer } from '../model.ts'

/** Who has this certificate, by what it says. */
export function signerOf(certificate: Certificate): Signer {
  const addresses = addressesOf(certificate)
  const commonName = certificate.subject.rdnSequence.flat().findLast(({ type }) => type === OID.commonName)?.text
  const name = commonName === undefined ? (addresses[0] ?? 'somebody without a name') : escapeText(commonName)
  return { name, addresses, certificate: summaryOf(certificate) }
}

/**
 * The addresses that a certificate is for, in compared form. An emailAddress of the subject, which a receiver "MUST recognize"
 * (RFC 8550 §3), counts where there is no subjectAltName: only there do name constraints cover it (RFC 5280 §4.2.1.10).
 */
function addressesOf({ subject, subjectAltName }: Certificate): readonly string[] {
  const ofSubject = () =>
    subject.rdnSequence
      .flat()
      .filter(({ type }) => type === OID.emailAddress)
      .map(({ text = '' }): GeneralName => ({ kind: 'rfc822Name', value: text }))
  const addresses = (subjectAltName ?? ofSubject()).map(mailboxOf)
  return [...new Set(addresses.filter((address) => address !== undefined))]
}

/** As in `ECDSA P-256 with SHA-256`. The algorithm is one that has verified, so it can be read. */
export function signatureText(
  algorithm: AlgorithmIdentifier,
  hash: HashName,
  { subjectPublicKeyInfo }: Certificate,
): string {
  const kind = readSignatureAlgorithm(algorithm)?.kind ?? 'RSASSA-PKCS1-v1_5'
  if (kind === 'ECDSA') return `ECDSA ${curveOf(subjectPublicKeyInfo) ?? ''} with ${hash}`
  return kind === 'RSASSA-PKCS1-v1_5' || kind === 'RSA-PSS' ? `${kind} with ${hash}` : kind
}

/** The curve of a key for agreement or signature, as in `P-256`, `X25519`; undefined for RSA. */
export function curveOf(info: Certificate['subjectPublicKeyInfo']): string | undefined {
  const key = readPublicKey(info)
  if (key === undefined || key.kind === 'RSA' || key.kind === 'RSA-PSS') return undefined
  return key.kind === 'EC' ? key.curve : key.kind
}
