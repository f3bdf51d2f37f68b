// What the authority answers, read from untrusted JSON into fresh values.
import { type Field, fieldOf, type Json, type Reference, ShapeError } from '@countersign/protocol'
import {
  CERTIFICATE_LIMITS,
  type Certificate,
  type CertificateList,
  CRL_LIMITS,
  DerError,
  readCertificate,
  readCertificateList,
  X509Error,
} from '@countersign/x509'
import { parseAddress } from '../client/target.ts'
import type { AuthorityAddress } from '../identity/write.ts'
import { EnrollmentError } from './error.ts'

/** The certificates and lists that everybody needs to judge the authority's. */
export interface StatusAnswer {
  readonly certificates: readonly Certificate[]
  readonly crls: readonly CertificateList[]
}

/** The same, or that nothing is new. */
export interface AwaitedAnswer extends StatusAnswer {
  /** Of these lists, for the next question; absent where the authority cannot be asked to wait. */
  readonly version?: string
  /** As many wait already as may: it is to be asked again after these. */
  readonly retryAfterSeconds?: number
}

/** What an enrollment or a renewal brings. */
export interface IssuedAnswer extends StatusAnswer {
  readonly party: string
  /** Leaf first. */
  readonly certificates: readonly [Certificate, ...Certificate[]]
  /** Of other issuers of the authority: their lists come with this, too. */
  readonly issuers: readonly Certificate[]
  readonly authority: AuthorityAddress
}

const MAX_CERTIFICATES = 128
/** Of one address: as many as the authority tells. */
const MAX_MAIL_KEYS = 100
/** What the package of OpenPGP reads of one key. */
const MAX_OPENPGP_OCTETS = 262_144
const MAX_FINGERPRINT = 64
/** Of each version eight. */
const MAX_AUTHORITY_KEYS = 16
const MAX_CRLS = 64
const MAX_NAME = 253
const MAX_PARTY = 256
const MAX_VERSION = 128
const MAX_RETRY_SECONDS = 86_400

/** @throws {EnrollmentError} ERR_ENROLL_ANSWER */
export function readStatusAnswer(json: unknown, reference: Reference): StatusAnswer {
  return reading(reference, () => statusField(fieldOf(json)))
}

/** Of an answer that was waited for. @throws {EnrollmentError} ERR_ENROLL_ANSWER */
export function readAwaitedAnswer(json: unknown, reference: Reference): AwaitedAnswer {
  return reading(reference, () => {
    const answer = fieldOf(json)
    const version = answer.get('version').optional((field) => field.text(MAX_VERSION))
    const retryAfterSeconds = answer.get('retryAfterSeconds').optional((field) => field.number(MAX_RETRY_SECONDS))
    const lists = answer.get('crls').present ? statusField(answer) : { certificates: [], crls: [] }
    return {
      ...lists,
      ...(version !== undefined && { version }),
      ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
    }
  })
}

/** @throws {EnrollmentError} ERR_ENROLL_ANSWER */
export function readIssuedAnswer(json: unknown, reference: Reference): IssuedAnswer {
  return reading(reference, () => {
    const answer = fieldOf(json)
    const { certificates, crls } = statusField(answer)
    const [leaf, ...chain] = certificates
    if (leaf === undefined) throw new ShapeError('certificates', 'a list with a certificate')
    const authority = authorityField(answer.get('authority'))
    const issuers = answer.get('issuers').optional(certificatesField) ?? []
    return { party: answer.get('party').text(MAX_PARTY), certificates: [leaf, ...chain], issuers, crls, authority }
  })
}

/** What the authority says of an address: nothing of it is judged yet. */
export interface FoundMailKeys {
  readonly certificates: readonly Certificate[]
  readonly issuers: readonly Certificate[]
  /** Absent where the authority has no OpenPGP. */
  readonly openPgp?: FoundOpenPgpKeys
}

/** Public keys in octets. */
export interface FoundOpenPgpKeys {
  /** The authority's own. */
  readonly authorities: readonly Uint8Array[]
  /** Those of the address, the newest first; old and revoked ones too. */
  readonly keys: readonly FoundOpenPgpKey[]
}

/** One key of an address. */
export interface FoundOpenPgpKey {
  readonly fingerprint: string
  readonly key: Uint8Array
  /** Whether mail is encrypted to it, as the authority says. */
  readonly isCurrent: boolean
}

/** An OpenPGP key as the authority has certified it. */
export interface CertifiedOpenPgpKey {
  readonly fingerprint: string
  readonly key: Uint8Array
  /** The authority's own public keys. */
  readonly authorities: readonly Uint8Array[]
}

/** @throws {EnrollmentError} ERR_ENROLL_ANSWER */
export function readCertifiedOpenPgpKey(json: unknown, reference: Reference): CertifiedOpenPgpKey {
  return reading(reference, () => {
    const answer = fieldOf(json)
    return {
      fingerprint: answer.get('fingerprint').text(MAX_FINGERPRINT),
      key: answer.get('key').octets(MAX_OPENPGP_OCTETS),
      authorities: openPgpKeysField(answer.get('authorities')),
    }
  })
}

/** @throws {EnrollmentError} ERR_ENROLL_ANSWER */
export function readMailKeysAnswer(json: unknown, reference: Reference): FoundMailKeys {
  return reading(reference, () => readMailKeys(json))
}

/** @throws {ShapeError | DerError | X509Error} */
export function readMailKeys(json: unknown): FoundMailKeys {
  const answer = fieldOf(json)
  const keys = answer.get('keys').list(MAX_MAIL_KEYS)
  const openPgp = answer.get('openPgp').optional((field) => ({
    authorities: openPgpKeysField(field.get('authorities')),
    keys: field
      .get('keys')
      .list(MAX_MAIL_KEYS)
      .map((one) => ({
        fingerprint: one.get('fingerprint').text(MAX_FINGERPRINT),
        key: one.get('key').octets(MAX_OPENPGP_OCTETS),
        isCurrent: one.get('current').boolean(),
      })),
  }))
  return {
    certificates: keys.map((key) => readCertificate(key.get('certificate').octets(CERTIFICATE_LIMITS.maxOctets))),
    issuers: certificatesField(answer.get('issuers')),
    ...(openPgp && { openPgp }),
  }
}

/** As {@link readMailKeys} reads it. */
export function writeMailKeys({ certificates, issuers, openPgp }: FoundMailKeys): Json {
  return {
    keys: certificates.map(({ der }) => ({ certificate: der.toBase64() })),
    issuers: issuers.map(({ der }) => der.toBase64()),
    ...(openPgp && {
      openPgp: {
        authorities: openPgp.authorities.map((key) => key.toBase64()),
        keys: openPgp.keys.map(({ fingerprint, key, isCurrent }) => ({
          fingerprint,
          key: key.toBase64(),
          current: isCurrent,
        })),
      },
    }),
  }
}

/** Reads where an authority is met again. @throws {ShapeError} */
export function authorityField(field: Field): AuthorityAddress {
  const address = field.get('address').text(MAX_NAME + 8)
  if (parseAddress(address) === undefined) throw new ShapeError(`${field.path}.address`, 'host:port')
  return { address, name: field.get('name').text(MAX_NAME) }
}

function statusField(field: Field): StatusAnswer {
  return {
    certificates: certificatesField(field.get('certificates')),
    crls: field
      .get('crls')
      .list(MAX_CRLS)
      .map((one) => readCertificateList(one.octets(CRL_LIMITS.maxOctets))),
  }
}

function openPgpKeysField(field: Field): readonly Uint8Array[] {
  return field.list(MAX_AUTHORITY_KEYS).map((one) => one.octets(MAX_OPENPGP_OCTETS))
}

function certificatesField(field: Field): readonly Certificate[] {
  return field.list(MAX_CERTIFICATES).map((one) => readCertificate(one.octets(CERTIFICATE_LIMITS.maxOctets)))
}

function reading<Value>(reference: Reference, read: () => Value): Value {
  try {
    return read()
  } catch (cause) {
    if (!(cause instanceof ShapeError || cause instanceof DerError || cause instanceof X509Error)) throw cause
    throw new EnrollmentError('ERR_ENROLL_ANSWER', { detail: `${cause.message} [${cause.code}]`, reference }, { cause })
  }
}
