// A certificate of SSH, from what was granted to what is signed.
import { randomBytes } from 'node:crypto'
import type { Identity, Refusal } from '@countersign/protocol'
import { readSshCertificate } from '@countersign/ssh'
import { InvariantError } from '../error.ts'
import type { Signing } from '../keys/issuers.ts'
import { serialHex, sha256 } from '../octets.ts'
import { faultOfNames } from './grant.ts'
import { type FitRequest, type Proof, type SigningParts, signLinted } from './issue-model.ts'
import { lintSshCertificate } from './lint.ts'
import { spiffeIdOf } from './names.ts'
import { SSH_PROFILES, type SshProfileName } from './profiles.ts'
import { buildSshCertificate, makeSshSerial, signedSshCertificate, sshIssuerKey } from './ssh-certificate.ts'
import { readSshKey } from './ssh-key.ts'

/** What shall be certified for SSH. */
export interface SshRequest {
  readonly kind: 'ssh'
  /** In SSH's writing, RFC 4253 §6.6. Whoever asks has checked that its holder has the private key. */
  readonly publicKey: Uint8Array
  /** The principals, at least one: login names, or names of the host. */
  readonly names: readonly Identity[]
  readonly profile: SshProfileName
  /** What was asked for and is not granted, in words: kept with the certificate. */
  readonly denied?: readonly string[]
}

/** Judges the request by its profile, whatever is stored. */
export function fitSsh(
  { publicKey, profile, names: granted, denied = [] }: SshRequest,
  { party, method, evidence }: Proof,
  parts: SigningParts,
): FitRequest<Signing> | Refusal {
  const { domain } = parts
  const row = SSH_PROFILES[profile]
  const judged = readSshKey(publicKey, row)
  if (typeof judged === 'string') return { code: 'ERR_ENROLL_KEY', note: judged }
  const nameFault = faultOfNames(profile, row, granted, spiffeIdOf(domain, party))
  if (nameFault !== undefined) return nameFault
  // A principal stands once.
  const names = granted.filter(({ value }, index) => granted.findIndex((one) => one.value === value) === index)
  return {
    keySha256: judged.sha256,
    async sign(now, { id, signer }) {
      const signatureKey = sshIssuerKey(signer.publicKey)
      if (signatureKey === undefined)
        return { code: 'ERR_AUTHORITY_NO_ISSUER', note: "SSH knows no signatures of the kind of this issuer's key" }
      const [serial, nonce] = [makeSshSerial(), Uint8Array.from(randomBytes(32))]
      const content = { profile, key: judged.key, party, identities: names, signatureKey, now }
      const linted = lintSshCertificate(buildSshCertificate({ ...content, serial, nonce }), content)
      const signed = await signLinted(linted, party, signer, parts)
      if ('code' in signed) return signed
      const blob = signedSshCertificate(signed.tbs, signatureKey, signed.signature)
      const { validAfter, validBefore } = readSshCertificate(blob)
      if (validAfter === 'always' || validBefore === 'forever')
        throw new InvariantError('an SSH certificate has no end')
      return {
        issuer: id,
        serial: serialHex(serial),
        sha256: sha256(blob),
        spkiSha256: judged.sha256,
        party,
        profile,
        names,
        der: blob,
        notBefore: validAfter,
        notAfter: validBefore,
        issuedAt: now,
        method,
        evidence,
        denied,
      }
    },
  }
}
