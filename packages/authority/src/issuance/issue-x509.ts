// A certificate of X.509, from what was granted to what is signed.
import type { Identity, Refusal } from '@countersign/protocol'
import { readCertificate, writeCertificate } from '@countersign/x509'
import type { X509Signing } from '../keys/issuers.ts'
import { serialHex, sha256 } from '../octets.ts'
import { makeSerial, partyName } from './build.ts'
import { faultOfNames } from './grant.ts'
import { type FitRequest, type Proof, type SigningParts, signLinted } from './issue-model.ts'
import { buildAndLint } from './lint.ts'
import { sameIdentity, spiffeIdOf } from './names.ts'
import { X509_PROFILES, type X509ProfileName } from './profiles.ts'
import { faultOfKey } from './public-key.ts'

/** What shall be certified. */
export interface X509Request {
  readonly kind: 'x509'
  /** DER of a SubjectPublicKeyInfo. Whoever asks has checked that its holder has the private key. */
  readonly publicKey: Uint8Array
  /** Beside the SPIFFE ID, which the profile gives. */
  readonly names: readonly Identity[]
  readonly profile: X509ProfileName
  /** What was asked for and is not granted, in words: kept with the certificate. */
  readonly denied?: readonly string[]
}

/** Judges the request by its profile, whatever is stored. */
export function fitX509(
  { publicKey, profile, names, denied = [] }: X509Request,
  { party, method, evidence }: Proof,
  parts: SigningParts,
): FitRequest<X509Signing> | Refusal {
  const { domain } = parts
  const row = X509_PROFILES[profile]
  if (row.authority !== undefined)
    return { code: 'ERR_ENROLL_PROFILE', note: 'authorities are made by a command of their own' }
  const keyFault = faultOfKey(publicKey, row)
  if (keyFault !== undefined) return { code: 'ERR_ENROLL_KEY', note: keyFault }
  const nameFault = faultOfNames(profile, row, names, spiffeIdOf(domain, party))
  if (nameFault !== undefined) return nameFault
  const keySha256 = sha256(publicKey)
  return {
    keySha256,
    async sign(now, { id, certificate, signer }) {
      const identities = identitiesOf(domain, party, names, row.spiffeId)
      const [serial, subject, issuer] = [makeSerial(), partyName(party), certificate]
      const linted = buildAndLint({ profile, subject, publicKey, identities, issuer, serial, now })
      const signed = await signLinted(linted, party, signer, parts)
      if ('code' in signed) return signed
      const der = writeCertificate(signed.tbs, signer.algorithm, signed.signature)
      const { notBefore, notAfter } = readCertificate(der).validity
      return {
        issuer: id,
        serial: serialHex(serial),
        sha256: sha256(der),
        spkiSha256: keySha256,
        party,
        profile,
        names: identities,
        der,
        notBefore,
        notAfter,
        issuedAt: now,
        method,
        evidence,
        denied,
      }
    },
  }
}

/** The SPIFFE ID first, where the profile gives one; then what was granted, each once. */
export function identitiesOf(
  domain: string,
  party: string,
  names: readonly Identity[],
  spiffeId: boolean,
): readonly Identity[] {
  const all = spiffeId ? [spiffeIdOf(domain, party), ...names] : names
  return all.filter((one, index) => all.findIndex((other) => sameIdentity(one, other)) === index)
}
