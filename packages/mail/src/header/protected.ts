// Which fields the composer protected, which of them nobody on the way could read, and what became of those outside. RFC 9788 §4.
import { readAddresses } from '../mime/addresses.ts'
import { fieldOf } from '../mime/entity.ts'
import { MailFormError } from '../mime/error.ts'
import type { Entity, Field, Mailbox } from '../model.ts'
import { isHpOuter, isOfTransport, isStructural } from './fields.ts'
import type { HeaderProtection } from './protect.ts'

/** A header that is inside the cryptographic envelope, compared with the one outside. */
export interface ProtectedHeader {
  readonly protection: HeaderProtection
  /** The fields of the message, as its composer wrote them. */
  readonly fields: readonly Field[]
  /** Those that the composer left out or wrote over outside; none where the message is not encrypted. */
  readonly confidential: readonly Field[]
  /** Names, in lower case, of fields that stand outside with another value than the composer put there, or no longer, or again. */
  readonly altered: readonly string[]
  /** Fields outside of which nothing is inside: they were added on the way, or the composer did not protect them. */
  readonly unprotected: readonly Field[]
  /** Whether From is of another address outside. @see RFC 9788 §4.4.1.1 */
  readonly fromDiffers: boolean
}

/**
 * The protected header of the message of which `payload` is the payload and `outer` the outermost entity. Undefined where the
 * header is not protected. Only a payload within a signature or encryption may be asked about: `hp` says nothing elsewhere.
 * @param isEncrypted whether a layer around the payload is encrypted; HP-Outer counts there alone.
 * @throws {MailFormError} when HP-Outer has no field in it.
 * @see RFC 9788 §4.2.1, §4.3.1
 */
export function readProtectedHeader(payload: Entity, outer: Entity, isEncrypted: boolean): ProtectedHeader | undefined {
  const protection = payload.contentType.parameters.get('hp')
  if (protection !== 'clear' && protection !== 'cipher') return undefined
  const fields = payload.fields.filter((field) => !isHpOuter(field) && !isStructural(field))
  const hidesFields = isEncrypted && protection === 'cipher'
  const put = hidesFields
    ? payload.fields
        .filter(isHpOuter)
        .map(readHpOuter)
        .filter((field) => !isStructural(field))
    : fields
  const outside = outer.fields.filter((field) => !isStructural(field) && !isOfTransport(field))
  const known = new Set([...fields, ...put].map(lowerName))
  return {
    protection,
    fields,
    confidential: hidesFields ? fields.filter((field) => !put.some((other) => isSame(field, other))) : [],
    altered: [...known].filter((name) => !sameValues(valuesOf(put, name), valuesOf(outside, name))),
    unprotected: outside.filter((field) => !known.has(lowerName(field))),
    fromDiffers: !sameAddresses(addressesOf(payload), addressesOf(outer)),
  }
}

type Named = Pick<Field, 'name' | 'value'>

/** RFC 9788 §4.2.1 step 4: split at the first colon, with any white space after it. */
function readHpOuter({ value, start }: Field): Named {
  const [, name, rest] = /^([!-9;-~]+):(.*)$/.exec(value) ?? []
  if (name === undefined || rest === undefined) throw new MailFormError('header-protection', start)
  return { name, value: rest.replace(/^[ \t]+/, '') }
}

function lowerName({ name }: Named): string {
  return name.toLowerCase()
}

function isSame(one: Named, other: Named): boolean {
  return lowerName(one) === lowerName(other) && one.value === other.value
}

function valuesOf(fields: readonly Named[], name: string): readonly string[] {
  return fields.filter((field) => lowerName(field) === name).map(({ value }) => value)
}

function sameValues(put: readonly string[], found: readonly string[]): boolean {
  return put.length === found.length && put.every((value, index) => value === found[index])
}

function addressesOf(entity: Entity): readonly Mailbox[] {
  const from = fieldOf(entity, 'From')
  return from === undefined ? [] : readAddresses(from)
}

/** RFC 9788 §4.4.5: the domain in A-labels, the local part of ASCII without regard to case. */
function sameAddresses(one: readonly Mailbox[], other: readonly Mailbox[]): boolean {
  const compared = (list: readonly Mailbox[]): string[] =>
    list.map(({ address }) => address.replace(/[A-Z]/g, (letter) => letter.toLowerCase())).toSorted()
  return sameValues(compared(one), compared(other))
}
