import type { Entity, Source } from '../model.ts'
import { decodeBase64 } from './base64.ts'
import { SmimeError } from './error.ts'
import { gathered } from './pieces.ts'

/** The octets of a body that holds a CMS message. @throws {SmimeError} where it is not written as one is. @see RFC 8551 §3.1.2 */
export async function* cmsOf({ transferEncoding, bodyStart, end }: Entity, source: Source): AsyncGenerator<Uint8Array> {
  // Quoted-printable is for text; nobody writes CMS in it, and it is one reader less.
  if (transferEncoding === 'quoted-printable')
    throw new SmimeError('ERR_MAIL_FORM', 'a CMS message in quoted-printable')
  const pieces = gathered(source.read(bodyStart, end))
  yield* transferEncoding === 'base64' ? decodeBase64(pieces) : pieces
}
