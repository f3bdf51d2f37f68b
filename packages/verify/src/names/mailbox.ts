// rfc822Name: RFC 5280 §4.2.1.6 and §7.5, a Mailbox of RFC 5321 §4.1.2 in ASCII.
import { readReferenceDnsName } from './dns.ts'

// Dot-string. A quoted local part is refused: nothing that we issue has one, and its forms of equality are many.
const LOCAL_PART = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/

/** Brings a mailbox to the form in which it is compared: the local part as it stands, the domain in lower case. */
export function readMailbox(text: string): string | undefined {
  const at = text.lastIndexOf('@')
  const localPart = text.slice(0, Math.max(at, 0))
  const domain = text.endsWith('.') ? undefined : readReferenceDnsName(text.slice(at + 1))
  // RFC 5321 §4.5.3.1.1: a local part has at most 64 octets.
  return domain === undefined || localPart.length > 64 || !LOCAL_PART.test(localPart)
    ? undefined
    : `${localPart}@${domain}`
}
