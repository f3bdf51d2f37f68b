// The header of a message that arrives: kept as it is, but for what says something in our name.
import type { CheckedHeader, HeaderContext } from '../submit/check-header.ts'
import { readHeader, utf8 } from '../submit/header.ts'
import { isOfOurs } from './results.ts'

/** RFC 5321 §6.3: "a large rejection threshold, normally at least 100 Received entries". */
const MAX_RECEIVED = 100

/** Checks the octets of a header: lines with CRLF, without the empty one. The trace is added when it is judged. */
export function checkArrivedHeader(octets: Uint8Array, { host, saysUtf8 }: HeaderContext): CheckedHeader {
  const text = utf8(octets)
  const fields = text === undefined ? undefined : readHeader(text)
  if (text === undefined || fields === undefined)
    return { ok: false, code: 'ERR_MAIL_FORM', note: 'a line of the header is no field, or no UTF-8' }
  const isUtf8 = /\P{ASCII}/u.test(text)
  if (isUtf8 && !saysUtf8)
    return { ok: false, code: 'ERR_MAIL_NOT_ASCII', note: 'the header is not ASCII, and SMTPUTF8 was not said' }
  if (fields.filter(({ name }) => name === 'received').length > MAX_RECEIVED)
    return { ok: false, code: 'ERR_MAIL_LOOP', note: `it has more than ${MAX_RECEIVED} fields of Received` }
  const kept = fields.filter((field) => !isOfOurs(host, field))
  const messageId = fields.find(({ name }) => name === 'message-id')?.value
  return {
    ok: true,
    header: kept.map((field) => field.text).join(''),
    isUtf8,
    ...(messageId !== undefined && { messageId }),
  }
}
