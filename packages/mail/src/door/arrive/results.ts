// What this door says of a message that arrived, and what others say in its name. RFC 8601, and `smime` of RFC 7281.
import type { Reference } from '@countersign/protocol'
import { readName } from '@countersign/verify'
import type { OpenedMessage } from '../../open/open-message.ts'
import type { MailFacts } from '../../verdict/facts.ts'
import type { MailVerdict } from '../../verdict/verdict.ts'
import type { HeaderLine } from '../submit/header.ts'

/** Its name, in lower case. */
export const RESULTS_FIELD = 'authentication-results'

/**
 * How a message was found. `not judged here`: it is encrypted to a key that is not here, and only its reader can say.
 */
export type Found = MailVerdict['state'] | 'not judged here'

/** Writes the field, with its line ends. @param host Our authserv-id. */
export function writeResults(
  host: string,
  found: Found,
  { verdict, facts }: Pick<OpenedMessage, 'verdict'> & { readonly facts: Pick<MailFacts, 'layers'> },
  reference: Reference,
): string {
  const { refusal, from } = verdict
  // There is no registered method for OpenPGP (RFC 8601 §2.7.7): whoever knows nothing of it passes it over.
  const isOpenPgp = facts.layers[0]?.format === 'openpgp'
  const [method, property] = isOpenPgp ? ['x-openpgp', 'x-openpgp'] : ['smime', 'smime-identifier']
  const [result, words] = resultOf(found, verdict)
  const reason = refusal === undefined || found === 'not judged here' ? '' : ` reason="${refusal.code}"`
  // Who signed what is verified is who it is from. RFC 8601 §2.2: what is no plain value is left out, as anybody may have chosen it;
  // one beyond ASCII stands in From as it is.
  const address = from && PLAIN_ADDRESS.test(from.address) ? from.address : undefined
  const signedBy = found === 'verified' && address !== undefined ? `\r\n\tbody.${property}=${address}` : ''
  return `Authentication-Results: ${host};\r\n\t${method}=${result}${reason} (${words}; ${reference})${signedBy}\r\n`
}

/** RFC 5321 §4.1.2, RFC 6531 §3.3: a Dot-string and A-labels. */
const PLAIN_ADDRESS = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~.\u{80}-\u{10ffff}-]+@[A-Za-z0-9.-]+$/u

/** RFC 7281 §3.1 has the results of RFC 8601 §2.7.1. */
function resultOf(found: Found, { refusal, encryption }: MailVerdict): readonly [result: string, words: string] {
  if (found === 'verified') return ['pass', encryption ? 'verified, and opened here' : 'verified']
  if (found === 'not judged here') return ['neutral', 'encrypted to a key that is not here: the reader judges']
  if (refusal?.code === 'ERR_MAIL_NOT_SIGNED') return ['none', 'not signed']
  if (refusal?.code === 'ERR_MAIL_FORM' || refusal?.code === 'ERR_MAIL_BUDGET') return ['permerror', 'not readable']
  if (refusal?.code === 'ERR_CALLER_STATUS_UNKNOWN') return ['temperror', 'whether the signer was revoked is not known']
  return ['fail', found]
}

/**
 * Whether a field says something in our name, or in a name that cannot be read, which another program may take for ours.
 * @see RFC 8601 §5: "any MTA conforming to this specification MUST delete any discovered instance of this header field that
 * claims, by virtue of its authentication service identifier, to have been added within its trust boundary"
 * @see RFC 2045 §5.1: what stands in no token makes it no name
 */
export function claimsToBe(host: string, { name, value }: Pick<HeaderLine, 'name' | 'value'>): boolean {
  if (name !== RESULTS_FIELD) return false
  const [, quoted, token] =
    /^\s*(?:"([^"\\]*)"|([^\s()<>@,;:\\"/[\]?=]+))\s*(?:[0-9]+\s*)?(?:;|$)/.exec(withoutComments(value)) ?? []
  const id = quoted ?? token
  if (id === undefined) return true
  return (readName(id)?.value ?? id.toLowerCase()) === (readName(host)?.value ?? host.toLowerCase())
}

/** Whether a field is one that only we write, or says something in our name: whoever sends a message has none of them to say. */
export function isOfOurs(host: string, { name, value }: Pick<HeaderLine, 'name' | 'value'>): boolean {
  const lower = name.toLowerCase()
  return /^countersign-/.test(lower) || claimsToBe(host, { name: lower, value })
}

/** RFC 5322 §3.2.2, nested; what is open at the end is one. */
function withoutComments(value: string): string {
  let depth = 0
  let rest = ''
  for (let at = 0; at < value.length; at++) {
    const letter = value[at]
    if (letter === '\\' && depth > 0) at++
    else if (letter === '(') depth++
    else if (letter === ')' && depth > 0) depth--
    else if (depth === 0) rest += letter
    if (letter === ')' && depth === 0) rest += ' '
  }
  return rest
}
