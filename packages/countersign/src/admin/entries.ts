// What an act has left in the ledger, fetched to its receipt.
import { type Field, fieldOf } from '@countersign/protocol'
import type { Admin } from './model.ts'

/** As many as one question may name. */
const AT_ONCE = 100

/** The entries that an answer names: of an act, of certificates that are shown, and of their revocations. @throws {ShapeError} */
export function entriesNamed(answer: unknown): readonly string[] {
  const field = fieldOf(answer)
  const textOf = (of: Field) => of.optional((each) => each.text(20)) ?? []
  const certificates = field.get('certificates').optional((each) => each.list(10_000)) ?? []
  const named = [
    ...(field.get('entries').optional((each) => each.list(100_000)) ?? []).map((each) => each.text(20)),
    ...certificates.flatMap((each) => {
      const revocation = each.get('revocation')
      return [each.get('entry'), ...(revocation.present ? [revocation.get('entry')] : [])].flatMap(textOf)
    }),
  ]
  return [...new Set(named)]
}

/** The answer with the entries that it names as `ledger`: the authority waits for those that are not in it yet. @throws {ShapeError} */
export async function withEntries(answer: unknown, admin: Admin): Promise<unknown> {
  const named = entriesNamed(answer)
  if (named.length === 0) return answer
  const ledger: unknown[] = []
  for (let at = 0; at < named.length; at += AT_ONCE) {
    const found = await admin.get(`/v1/ledger/entries?ids=${named.slice(at, at + AT_ONCE).join(',')}`)
    ledger.push(...listOf(found))
  }
  // `entriesNamed` has read it as an object.
  return { ...(answer as object), ledger }
}

function listOf(found: unknown): readonly unknown[] {
  fieldOf(found).get('entries').list(AT_ONCE)
  return (found as { readonly entries: readonly unknown[] }).entries
}
