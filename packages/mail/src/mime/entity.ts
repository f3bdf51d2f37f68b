// What the header of an entity says of its body. RFC 2045 §5 and §6, RFC 2046 §5.1.
import type { ContentType, Entity, Field, TransferEncoding } from '../model.ts'
import { PLAIN_TEXT, readContentType } from './content-type.ts'
import { MailFormError } from './error.ts'

const ENCODINGS: readonly TransferEncoding[] = ['7bit', '8bit', 'binary', 'quoted-printable', 'base64']
// RFC 2046 §5.1.1. One that ends with a space is none: it is taken for padding.
const BOUNDARY = /^[0-9A-Za-z'()+_,\-./:=? ]{0,69}[0-9A-Za-z'()+_,\-./:=?]$/
/** What a part is that does not say so. @see RFC 2046 §5.1.5 */
const MESSAGE: ContentType = { type: 'message/rfc822', parameters: new Map() }

/** Whether it has parts. */
export function isMultipart({ contentType }: Pick<Entity, 'contentType'>): boolean {
  return contentType.type.startsWith('multipart/')
}

/** The field of a name, compared without regard to case; the first, where it may stand more than once. */
export function fieldOf(entity: Pick<Entity, 'fields'>, name: string): Field | undefined {
  const wanted = name.toLowerCase()
  return entity.fields.find((field) => field.name.toLowerCase() === wanted)
}

/** What follows from the fields of an entity, within `parent` if it is a part. @throws {MailFormError} */
export function describeEntity(
  fields: readonly Field[],
  start: number,
  parent: Pick<Entity, 'contentType'> | undefined,
): Pick<Entity, 'fields' | 'contentType' | 'transferEncoding'> {
  const typeField = fieldOf({ fields }, 'Content-Type')
  const encodingField = fieldOf({ fields }, 'Content-Transfer-Encoding')
  const contentType =
    typeField === undefined
      ? parent?.contentType.type === 'multipart/digest'
        ? MESSAGE
        : PLAIN_TEXT
      : readContentType(typeField.value, typeField.start)
  const named = (encodingField?.value ?? '7bit').toLowerCase()
  const transferEncoding = ENCODINGS.find((encoding) => encoding === named)
  // RFC 2045 §6.4: what holds other entities is never encoded itself.
  const holdsOthers = isMultipart({ contentType }) || contentType.type === 'message/rfc822'
  const isEncoded = transferEncoding === 'base64' || transferEncoding === 'quoted-printable'
  if (transferEncoding === undefined || (holdsOthers && isEncoded))
    throw new MailFormError('transfer-encoding', encodingField?.start ?? start)
  if (isMultipart({ contentType }) && !BOUNDARY.test(contentType.parameters.get('boundary') ?? ''))
    throw new MailFormError('boundary', typeField?.start ?? start)
  return { fields, contentType, transferEncoding }
}
