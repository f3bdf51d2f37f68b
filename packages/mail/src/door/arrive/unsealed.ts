// A message that was encrypted to a key of this door, as its reader gets it: decrypted, and signed as it was inside.
import { isOfTransport, isStructural } from '../../header/fields.ts'
import { fieldOf } from '../../mime/entity.ts'
import { scanEntity } from '../../mime/scan.ts'
import { octetsOf } from '../../mime/source.ts'
import type { Field, Source } from '../../model.ts'
import type { OpenedMessage } from '../../open/open-message.ts'
import { isOfOurs } from './results.ts'

/** A message in two parts: `header` with its empty line. */
export interface Unsealed {
  readonly header: string
  readonly body: AsyncIterable<Uint8Array>
}

/** Undefined where no key of this door has opened it, or nothing of what is inside may be shown. @param source The message as it came. @param host Our name in results. */
export async function unsealed(
  { payload }: OpenedMessage,
  source: Source,
  host: string,
): Promise<Unsealed | undefined> {
  if (payload?.decrypted === undefined) return undefined
  const { decrypted, fields, fieldsSource, header } = payload
  const outer = await scanEntity(source, 0, source.length)
  // What servers wrote on the way stays, and what the sender had not protected, but for what only the sender says; the rest is as it
  // is inside.
  const isOfOthers = (field: Field) =>
    isOfTransport(field) ||
    (!OF_SENDER.test(field.name) && header?.unprotected.some(({ start }) => start === field.start))
  const texts = [
    ...(await textsOf(outer.fields.filter(isOfOthers), source)),
    ...(await textsOf(
      fields.filter((field) => !isStructural(field) && !isOfTransport(field) && !isOfOurs(host, field)),
      fieldsSource,
    )),
    ...(fieldOf(decrypted.entity, 'MIME-Version') ? [] : ['MIME-Version: 1.0\r\n']),
    ...(await textsOf(decrypted.entity.fields.filter(isStructural), decrypted.source)),
  ]
  const { bodyStart, end } = decrypted.entity
  return { header: `${texts.join('')}\r\n`, body: decrypted.source.read(bodyStart, end) }
}

/** RFC 5322 §3.6.2 to §3.6.5: whoever adds one outside, as a Reply-To, speaks for the sender who protected all of theirs. */
const OF_SENDER = /^(?:from|sender|reply-to|to|cc|in-reply-to|references|subject|comments|keywords)$/i

async function textsOf(fields: readonly Field[], source: Source): Promise<readonly string[]> {
  const texts = fields.map(({ start, end }) => octetsOf(source, start, end))
  return (await Promise.all(texts)).map((octets) => Buffer.from(octets).toString('utf8'))
}
