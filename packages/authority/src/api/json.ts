// What the API answers, as JSON: times RFC 3339, serial numbers and digests hexadecimal, DER base64, counters decimal text.
import { type Cut, type Json, type OpenSession, writeReceipt } from '@countersign/protocol'
import { formatFingerprint, readSshCertificate, writeSshPublicKey } from '@countersign/ssh'
import { type Certificate, formatName, readCertificate } from '@countersign/x509'
import { isX509Profile } from '../issuance/profiles.ts'
import type { EntryReceipt } from '../ledger/receipts.ts'
import { sha256 } from '../octets.ts'
import type { Foreseen } from '../status/revoke.ts'
import type { StoredCertificate } from '../store/certificates.ts'
import type { StoredParty } from '../store/parties.ts'
import type { CertificateState } from '../store/search.ts'

export function certificateJson(stored: StoredCertificate, now: Temporal.Instant): Record<string, unknown> {
  return {
    party: stored.party,
    serialNumber: stored.serial,
    profile: stored.profile,
    state: stateOf(stored, now),
    identities: stored.names,
    notBefore: stored.notBefore.toString(),
    notAfter: stored.notAfter.toString(),
    issuedAt: stored.issuedAt.toString(),
    sha256: stored.sha256.toHex(),
    spkiSha256: stored.spkiSha256.toHex(),
    method: stored.method,
    ...(stored.entry !== undefined && { entry: String(stored.entry) }),
    ...(stored.lastSeen && { lastSeen: { ...stored.lastSeen, at: stored.lastSeen.at.toString() } }),
    ...(stored.succeededBy !== undefined && { renewed: true }),
    ...(stored.revocation === undefined
      ? {}
      : {
          revocation: {
            at: stored.revocation.at.toString(),
            reason: stored.revocation.reason,
            sequence: String(stored.revocation.sequence),
            ...(stored.revocation.entry !== undefined && { entry: String(stored.revocation.entry) }),
          },
        }),
  }
}

/** One certificate whole: as in lists, with its names, what proved its holder, and its DER. */
export function wholeCertificateJson(stored: StoredCertificate, now: Temporal.Instant): Record<string, unknown> {
  return {
    ...certificateJson(stored, now),
    ...(isX509Profile(stored.profile) || stored.profile === 'issuing' ? x509Json(stored) : sshJson(stored)),
    evidence: stored.evidence,
    ...(stored.denied.length > 0 && { denied: stored.denied }),
  }
}

function x509Json({ der }: StoredCertificate): Record<string, unknown> {
  const { subject, issuer } = readCertificate(der)
  return { subject: formatName(subject), issuer: formatName(issuer), der: der.toBase64() }
}

/** The identifier and the issuer's key as `ssh-keygen -L` shows them; the certificate as a line of text. */
function sshJson({ der: blob }: StoredCertificate): Record<string, unknown> {
  const { keyId, signatureKey, type } = readSshCertificate(blob)
  return {
    subject: keyId,
    issuer: formatFingerprint(sha256(writeSshPublicKey(signatureKey))),
    ssh: `${type} ${blob.toBase64()}`,
  }
}

/** A party, and its lock where that holds. */
export function partyJson({ lock, createdAt, ...party }: StoredParty, now: Temporal.Instant): Record<string, unknown> {
  const holds = lock !== undefined && (lock.until === undefined || Temporal.Instant.compare(lock.until, now) > 0)
  return {
    ...party,
    createdAt: createdAt.toString(),
    ...(holds && {
      lock: {
        at: lock.at.toString(),
        ...(lock.reason !== undefined && { reason: lock.reason }),
        ...(lock.until && { until: lock.until.toString() }),
      },
    }),
  }
}

function stateOf({ revocation, notAfter }: StoredCertificate, now: Temporal.Instant): CertificateState {
  if (revocation !== undefined) return 'revoked'
  return Temporal.Instant.compare(notAfter, now) <= 0 ? 'expired' : 'valid'
}

export function sessionJson({ keys: _, since, ...session }: OpenSession): Record<string, unknown> {
  return { ...session, since: since.toString() }
}

/** A receipt of what would happen: no sequence was taken, no door was asked, no session was cut. */
export function foreseenJson(
  { revoked, accounts, sessions }: Extract<Foreseen, { readonly ok: true }>,
  at: Temporal.Instant,
): Readonly<Record<string, Json>> {
  const cuts = sessions.map(({ id, door, reference, party }): Cut => {
    return { door, session: id, reference, ...(party === undefined ? {} : { party }), lastOctetAt: at }
  })
  const stated = { sequence: 0n, at, revoked, ...(accounts && { accounts }) }
  return { ...writeReceipt({ ...stated, cuts, confirmed: [], unconfirmed: [] }), dryRun: true }
}

/** An entry of the ledger, and where it is there. */
export function entryJson({ id, octets, proved }: EntryReceipt): Record<string, unknown> {
  const entry = { id: String(id), entry: octets.toBase64() }
  if (proved === undefined) return { ...entry, state: 'waiting' }
  return { ...entry, state: 'integrated', index: proved.index, proof: new TextDecoder().decode(proved.proof) }
}

/** DER in base64, in the order given. */
export function derJson(certificates: readonly Certificate[]): readonly string[] {
  return certificates.map(({ der }) => der.toBase64())
}
