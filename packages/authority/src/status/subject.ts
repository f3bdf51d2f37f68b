// What people name when they ask about certificates: a party, a certificate's SHA-256, or its serial number.
import type { StoredCertificate } from '../store/certificates.ts'
import type { Repositories } from '../store/store.ts'

export interface Subject {
  readonly kind: 'party' | 'sha256' | 'serial'
  readonly certificates: readonly StoredCertificate[]
}

/** What to say where nothing is found. */
export const NO_SUBJECT = 'no party, serial number or SHA-256 is that'

/** One party's certificates that are looked at together; the newest are not among them beyond this. */
export const MAX_OF_PARTY = 1_000

/**
 * Finds what `subject` names. A party's name counts first: parties are named by administrators, digests by nobody.
 * Hexadecimal may be written in either case, with colons.
 */
export async function findSubject(store: Repositories, subject: string): Promise<Subject | undefined> {
  // PostgreSQL keeps no NUL, and so knows no question with one.
  if (subject.includes('\0')) return undefined
  const ofParty = await store.certificates.byParty(subject, MAX_OF_PARTY)
  return ofParty.length > 0 ? { kind: 'party', certificates: ofParty } : findCertificate(store, subject)
}

/** The same, whatever parties are called. */
export async function findCertificate(store: Repositories, subject: string): Promise<Subject | undefined> {
  const hex = subject.toLowerCase().replaceAll(':', '')
  if (!/^[0-9a-f]+$/.test(hex)) return undefined
  if (hex.length === 64) {
    const certificate = await store.certificates.bySha256(Uint8Array.fromHex(hex))
    return certificate && { kind: 'sha256', certificates: [certificate] }
  }
  const bySerial = await store.certificates.bySerial(hex.length % 2 === 0 ? hex : `0${hex}`)
  return bySerial.length > 0 ? { kind: 'serial', certificates: bySerial } : undefined
}
