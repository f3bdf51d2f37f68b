// E-mail addresses: rfc822Name (RFC 5280 §4.2.1.6 and §7.5), SmtpUTF8Mailbox (RFC 9598), a Mailbox of RFC 5321 §4.1.2 and RFC 6531 §3.3.
import { DerError, type GeneralName, OID, readSmtpUTF8Mailbox, X509Error } from '@countersign/x509'
import { readReferenceDnsName } from './dns.ts'

// Dot-string. A quoted local part is refused: nothing that we issue has one, and its forms of equality are many.
const LOCAL_PART =
  /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u{80}-\u{10ffff}-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u{80}-\u{10ffff}-]+)*$/u
// RFC 6531 lets them stand; a name that turns the direction of the line in which it is shown, or hides a part of itself, is none here.
const UNSEEN = /[\p{Cc}\p{Cf}\p{Z}]/u
const UTF8 = new TextEncoder()

/**
 * Brings a mailbox to the form in which it is compared: the local part as it stands, the domain, of A-labels, in lower case.
 * @see RFC 9598 §5
 */
export function readMailbox(text: string): string | undefined {
  const at = text.lastIndexOf('@')
  const localPart = text.slice(0, Math.max(at, 0))
  const domain = text.endsWith('.') ? undefined : readReferenceDnsName(text.slice(at + 1))
  // RFC 5321 §4.5.3.1.1: a local part has at most 64 octets.
  if (domain === undefined || UTF8.encode(localPart).length > 64) return undefined
  return LOCAL_PART.test(localPart) && !UNSEEN.test(localPart) ? `${localPart}@${domain}` : undefined
}

/** Tells whether a general name is an e-mail address, in whichever of its two forms. */
export function isMailboxName(name: GeneralName): boolean {
  return name.kind === 'rfc822Name' || (name.kind === 'otherName' && name.typeId === OID.SmtpUTF8Mailbox)
}

/**
 * Brings the address of a general name to the form in which it is compared; undefined where it is none. The two forms never
 * equal each other: the local part of one is ASCII, and that of the other is not.
 * @see RFC 9598 §5
 */
export function mailboxOf(name: GeneralName): string | undefined {
  if (name.kind === 'rfc822Name') return readMailbox(name.value)
  try {
    const mailbox = readSmtpUTF8Mailbox(name)
    return mailbox === undefined ? undefined : readMailbox(mailbox)
  } catch (error) {
    if (error instanceof DerError || error instanceof X509Error) return undefined
    throw error
  }
}
