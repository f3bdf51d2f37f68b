// Reading a certification request, RFC 2986: what it asks for, and whether its key asks for it.
import type { Identity, Refusal } from '@countersign/protocol'
import type { CheckSignature } from '@countersign/verify'
import {
  type CertificationRequest,
  DerError,
  formatName,
  type GeneralName,
  OID,
  readCertificationRequest,
  X509Error,
} from '@countersign/x509'
import { sha256 } from '../octets.ts'
import { identityOf, sameIdentity } from './names.ts'
import type { X509Profile } from './profiles.ts'
import { faultOfKey, judgeKey } from './public-key.ts'

/** A request whose signature verifies under the key that it asks for, and whose key we certify. */
export interface ReadRequest {
  readonly publicKey: Uint8Array
  readonly requestSha256: Uint8Array
  readonly request: CertificationRequest
}

export type RequestVerdict = ({ readonly ok: true } & ReadRequest) | { readonly ok: false; readonly refusal: Refusal }

/** Reads a request and checks that it is signed by its own key, one of the profile's. Its octets are untrusted. @see RFC 2986 §4.2 */
export function readRequest(
  der: Uint8Array,
  profile: Pick<X509Profile, 'keys' | 'rsaBits'>,
  checkSignature: CheckSignature,
): RequestVerdict {
  let request: CertificationRequest
  try {
    request = readCertificationRequest(der)
  } catch (error) {
    if (!(error instanceof DerError || error instanceof X509Error)) throw error
    return refused('ERR_ENROLL_REQUEST', error.message)
  }
  const { subjectPublicKeyInfo: spki, signatureAlgorithm, certificationRequestInfoDer, signatureValue } = request
  const keyFault = faultOfKey(spki.der, profile)
  if (keyFault !== undefined) return refused('ERR_ENROLL_KEY', keyFault)
  if (checkSignature(signatureAlgorithm, spki, certificationRequestInfoDer, signatureValue) !== true)
    return refused('ERR_ENROLL_REQUEST_SIGNATURE', 'the signature does not verify under the key of the request')
  const { basicConstraints, keyUsage } = request.requested
  if (basicConstraints?.cA === true || keyUsage?.has('keyCertSign') || keyUsage?.has('cRLSign'))
    return refused('ERR_ENROLL_AUTHORITY', 'the request has cA, keyCertSign or cRLSign')
  return { ok: true, publicKey: spki.der, requestSha256: sha256(der), request }
}

/**
 * Decides whether the request asks for no other name than `granted`: in subjectAltName, and in the subject's common name,
 * which may be the party too. Other attributes of the subject are not names that we certify: they are left out.
 */
export function decideNames(
  { request }: ReadRequest,
  party: string,
  granted: readonly Identity[],
): { readonly ok: true } | { readonly ok: false; readonly refusal: Refusal } {
  for (const { type, text } of request.subject.rdnSequence.flat()) {
    if (type !== OID.commonName) continue
    if (text !== party && !granted.some(({ value }) => value === text))
      return refused('ERR_ENROLL_NAME', `the subject is ${formatName(request.subject)}`)
  }
  for (const name of request.requested.subjectAltName ?? []) {
    const identity = identityOf(name)
    if (identity === undefined || !granted.some((other) => sameIdentity(identity, other)))
      return refused('ERR_ENROLL_NAME', describe(name))
  }
  return { ok: true }
}

/** Words of one request that are kept; a request has at most 64 KiB, and its certificate is kept for ever. */
const MAX_DENIED = 32
/** An object identifier has hundreds, where somebody wants it to. */
const MAX_DENIED_CHARACTERS = 128

/**
 * What a request asks for beside its names and its key, and does not get: the profile decides. Names that are not granted
 * are refused, not left out: who asks for them would go on as if it had them.
 */
export function deniedOf({ request, publicKey }: ReadRequest, profile: X509Profile): readonly string[] {
  const { subject, requested, extensionRequest } = request
  const judged = judgeKey(publicKey)
  const usage = (judged.ok && profile.keys[judged.kind]) || []
  const purposes: readonly string[] = profile.extendedKeyUsage.map((purpose) => OID[purpose])
  const attributes = subject.rdnSequence.flat().filter(({ type }) => type !== OID.commonName)
  const written = Object.keys(profile.extensions)
  const others = extensionRequest
    .map(({ extnID }) => wordOf(extnID))
    .filter((word) => !JUDGED.includes(word) && !written.includes(word))
  return [
    ...attributes.map(({ type, text }) => `subject ${wordOf(type)}=${(text ?? '').slice(0, 64)}`),
    ...[...(requested.keyUsage ?? [])].filter((bit) => !usage.includes(bit)).map((bit) => `keyUsage ${bit}`),
    ...(requested.extendedKeyUsage ?? [])
      .filter((purpose) => !purposes.includes(purpose))
      .map((purpose) => `extendedKeyUsage ${wordOf(purpose)}`),
    ...others.map((word) => `extension ${word}`),
  ]
    .slice(0, MAX_DENIED)
    .map((words) => words.slice(0, MAX_DENIED_CHARACTERS))
}

/** Extensions that are judged by what they hold. One that says what the profile says anyway takes nothing away. */
const JUDGED = ['subjectAltName', 'keyUsage', 'extendedKeyUsage', 'basicConstraints']

function wordOf(oid: string): string {
  return Object.entries(OID).find(([, value]) => value === oid)?.[0] ?? oid
}

function refused(code: Refusal['code'], note: string): { readonly ok: false; readonly refusal: Refusal } {
  return { ok: false, refusal: { code, note } }
}

function describe(name: GeneralName): string {
  const identity = identityOf(name)
  return identity === undefined
    ? `a name of the kind ${name.kind}`
    : JSON.stringify(`${identity.kind}:${identity.value}`)
}
