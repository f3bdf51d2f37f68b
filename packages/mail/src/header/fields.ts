// Which fields belong to the message, and which to the parts that it is made of. RFC 9787 §1.1.1, RFC 9788 §2.2.
import type { Field } from '../model.ts'

/** Fields that mail servers write in front of a message on its way; whoever sends it cannot answer for them. */
const OF_TRANSPORT: ReadonlySet<string> = new Set(['received', 'return-path'])

/** Whether it says how the body is made up, and so stands where that is. @see RFC 9787 §1.1.1 */
export function isStructural({ name }: Pick<Field, 'name'>): boolean {
  return /^(?:content-.*|mime-version)$/i.test(name)
}

/** Whether a mail server wrote it. @see RFC 5322 §3.6.7 */
export function isOfTransport({ name }: Pick<Field, 'name'>): boolean {
  return OF_TRANSPORT.has(name.toLowerCase())
}

/** Whether it repeats within the payload a field that stands outside. @see RFC 9788 §2.2 */
export function isHpOuter({ name }: Pick<Field, 'name'>): boolean {
  return name.toLowerCase() === 'hp-outer'
}
