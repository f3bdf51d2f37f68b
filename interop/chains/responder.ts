// OCSP responders for tests: each answer is right unless a test says what is wrong with it.
import { createHash, sign } from 'node:crypto'
import type { OcspAnswer, OcspContext } from '@countersign/verify'
import {
  type CertID,
  type CertStatus,
  certIDOf,
  type Extension,
  type HashName,
  OID,
  ocspNoCheckExtension,
  type ResponderID,
  readOCSPResponse,
  type SingleResponse,
  writeOCSPResponse,
  writeResponseData,
} from '@countersign/x509'
import { type Different, type Holder, hours, type Keys, leaf, name, purposes } from './house.ts'

export const digest: OcspContext['digest'] = (hash, octets) => new Uint8Array(createHash(hash).update(octets).digest())

/** What differs from a usual answer, which says "good" of the certificate of `holder`. */
export interface DifferentAnswer {
  readonly hashName?: HashName
  readonly id?: Partial<CertID>
  readonly status?: CertStatus
  readonly thisUpdate?: Temporal.Instant
  readonly nextUpdate?: Temporal.Instant | null
  readonly producedAt?: Temporal.Instant
  readonly single?: readonly Extension[]
  readonly extensions?: readonly Extension[]
  /** Beside the usual one, in this order. */
  readonly more?: readonly SingleResponse[]
  readonly responder?: ResponderID
  /** Whose key signs and who is named: the issuer unless given. */
  readonly by?: Holder
  readonly signer?: Keys
  readonly certs?: readonly Uint8Array[]
  readonly nonce?: Uint8Array
}

/** What is said of one certificate. */
export function single(holder: Holder, issuer: Holder, different: DifferentAnswer = {}): SingleResponse {
  const nextUpdate = different.nextUpdate === undefined ? hours(1) : different.nextUpdate
  const hash = different.hashName ?? 'SHA-1'
  const id = certIDOf(holder.certificate, issuer.certificate, {
    name: hash,
    digest: (octets) => digest(hash, octets),
  })
  return {
    certID: { ...id, ...different.id },
    certStatus: different.status ?? { kind: 'good' },
    thisUpdate: different.thisUpdate ?? hours(-1),
    ...(nextUpdate !== null && { nextUpdate }),
    singleExtensions: different.single ?? [],
  }
}

/** An answer on the certificate of `holder`, which `issuer` issued. */
export function answer(holder: Holder, issuer: Holder, different: DifferentAnswer = {}): OcspAnswer {
  const by = different.by ?? issuer
  const signer = different.signer ?? by.keys
  const tbsDer = writeResponseData({
    responderID: different.responder ?? { kind: 'byName', name: by.certificate.subject },
    producedAt: different.producedAt ?? hours(-1),
    responses: [single(holder, issuer, different), ...(different.more ?? [])],
    responseExtensions: different.extensions ?? [],
  })
  const certs = different.certs ?? (different.by && [different.by.certificate.der])
  const der = writeOCSPResponse(tbsDer, {
    signatureAlgorithm: signer.algorithm,
    signature: new Uint8Array(sign(signer.hash, tbsDer, signer.privateKey)),
    ...(certs && { certs }),
  })
  return { response: readOCSPResponse(der), ...(different.nonce && { nonce: different.nonce }) }
}

/** A responder that `issuer` has delegated its answers to. */
export const delegate = (issuer: Holder, different: Different = {}): Holder =>
  leaf(issuer, {
    subject: name('Responder'),
    ...different,
    extensions: {
      extendedKeyUsage: purposes(OID.OCSPSigning),
      subjectAltName: null,
      nocheck: ocspNoCheckExtension(),
      ...different.extensions,
    },
  })

/** The key of `holder` as a responder names it. */
export const byKey = ({ keys }: Pick<Holder, 'keys'>): ResponderID => ({
  kind: 'byKey',
  keyHash: digest('SHA-1', keys.subjectPublicKeyInfo.subjectPublicKey),
})
