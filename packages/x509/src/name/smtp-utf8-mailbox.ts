// SmtpUTF8Mailbox, RFC 9598 §3: the otherName of an e-mail address whose local part is not ASCII.
import { closeDer, openDer, peekTag } from '../der/cursor.ts'
import { DerError } from '../der/error.ts'
import { TAG } from '../der/tag.ts'
import { readText } from '../der/text.ts'
import { writeUtf8String } from '../der/write.ts'
import { X509Error } from '../error.ts'
import { CERTIFICATE_LIMITS } from '../limits.ts'
import type { GeneralName } from '../model.ts'
import { OID } from '../oid.ts'

/**
 * Reads the address of an otherName; `undefined` where the name is of another type.
 * @throws {DerError} when its value is no UTF8String.
 * @throws {X509Error} when the address breaks a rule of the clause.
 * @see RFC 9598 §3
 */
export function readSmtpUTF8Mailbox(name: GeneralName): string | undefined {
  if (name.kind !== 'otherName' || name.typeId !== OID.SmtpUTF8Mailbox) return undefined
  const c = openDer(name.value, CERTIFICATE_LIMITS)
  if (peekTag(c) !== TAG.utf8String) throw new DerError('ERR_DER_TAG', c.at)
  const mailbox = readText(c)
  closeDer(c)
  if (!isSmtpUTF8Mailbox(mailbox)) throw new X509Error('ERR_X509_SMTP_UTF8_MAILBOX', 0)
  return mailbox
}

/** Makes the otherName of an address. @throws {RangeError} when it breaks a rule of the clause. @see RFC 9598 §3 */
export function smtpUTF8MailboxName(mailbox: string): GeneralName {
  if (!isSmtpUTF8Mailbox(mailbox))
    throw new RangeError('an address of RFC 9598 has a local part that is not ASCII, and a domain of A-labels')
  return { kind: 'otherName', typeId: OID.SmtpUTF8Mailbox, value: writeUtf8String(mailbox) }
}

/** A label of letters, digits and hyphens in lower case; with "--" in its third place it is an A-label or none. */
const LABEL = /^(?!..--|-)(?:[a-z0-9-]{0,62}[a-z0-9])$|^xn--[a-z0-9-]{0,58}[a-z0-9]$/
/** Dot-string of RFC 6531 §3.3; quoted local parts are refused, as in rfc822Name. */
const LOCAL_PART =
  /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u{80}-\u{10ffff}-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u{80}-\u{10ffff}-]+)*$/u

function isSmtpUTF8Mailbox(text: string): boolean {
  const at = text.lastIndexOf('@')
  const localPart = text.slice(0, Math.max(at, 0))
  // "MUST NOT be used unless the Local-part of the email address contains non-ASCII characters"; no byte order mark.
  if (!LOCAL_PART.test(localPart) || !/[^\0-\x7f]/.test(localPart) || text.startsWith('\ufeff')) return false
  return text
    .slice(at + 1)
    .split('.')
    .every((label) => LABEL.test(label))
}
