// The two forms of RFC 3156 and their parts.
import { type ContentType, type Entity, MailError, type Source } from '@countersign/protocol'
import { collect } from './octets/reader.ts'

/** `Version: 1` and whatever programs add: a local limit. */
const MAX_CONTROL_OCTETS = 1024

/** Whether an entity says that it is of this form. */
export function isForm({ type, parameters }: ContentType, ofType: string, protocol: string): boolean {
  return type === ofType && parameters.get('protocol')?.toLowerCase() === protocol
}

/** Exactly two parts, the first of which says `Version: 1`. Answers the second. @throws {MailError} @see RFC 3156 §4 */
export async function expectEncryptedForm(entity: Entity, source: Source): Promise<Entity> {
  const [control, data] = entity.parts
  if (control === undefined || data === undefined || entity.parts.length !== 2 || entity.hasOutsiders)
    throw new MailError('ERR_MAIL_FORM', 'what is encrypted must have two parts, and nothing beside them')
  if (control.contentType.type !== 'application/pgp-encrypted' || data.contentType.type !== 'application/octet-stream')
    throw new MailError('ERR_MAIL_FORM', 'the parts of what is encrypted are of other types')
  const text = Buffer.from(await collect(bodyOf(control, source), MAX_CONTROL_OCTETS)).toString('latin1')
  if (!/^version:[ \t]*1[ \t]*\r?\n?\s*$/i.test(text))
    throw new MailError('ERR_MAIL_FORM', 'what is encrypted does not say Version: 1, or more than that')
  return data
}

/** Control parts and armor are text of 7 bits: another encoding around them is nothing that RFC 3156 §3 has. */
export function bodyOf({ transferEncoding, bodyStart, end }: Entity, source: Source): AsyncIterable<Uint8Array> {
  if (transferEncoding === 'base64' || transferEncoding === 'quoted-printable')
    throw new MailError('ERR_MAIL_FORM', `a part is encoded as ${transferEncoding} where text of 7 bits stands`)
  return source.read(bodyStart, end)
}
