// What a revocation did, or would do, for people.
import { type Field, fieldOf } from '@countersign/protocol'
import { plainText } from '../output/plain-text.ts'
import type { Style } from '../output/style.ts'

/** The lines of a receipt: what was revoked, which sessions were cut and when, which doors answered and which did not. @throws {ShapeError} */
export function receiptLines(
  answer: unknown,
  { dryRun, style }: { readonly dryRun: boolean; readonly style: Style },
): string[] {
  const receipt = fieldOf(answer)
  const would = dryRun ? 'would be ' : ''
  const lines = receipt
    .get('revoked')
    .list(100_000)
    .map((one) => {
      const [party, serial, reason] = ['party', 'serialNumber', 'reason'].map((name) =>
        plainText(one.get(name).text(256)),
      )
      return `${style.refused(`${would}revoked`)}  ${party}  serial ${serial}  (${reason})`
    })
  const doors = receipt.get('accounts').optional(names)
  if (doors !== undefined)
    lines.push(`${style.refused(`${would}revoked`)}  the account at ${doors}: devices, passkeys and codes`)
  if (lines.length === 0) lines.push(`${style.refused(`${would}ended`)}  the invitation; no certificate is in force`)
  lines.push(...cutLines(receipt, { dryRun, style }))
  return lines
}

/** What an act of the authority did to sessions, and which doors know of it. @throws {ShapeError} */
export function cutLines(
  receipt: Field,
  { dryRun, style }: { readonly dryRun: boolean; readonly style: Style },
): string[] {
  const at = receipt.get('at').instant()
  const cuts = receipt.get('cuts').list(1_000_000)
  const would = dryRun ? 'would be ' : ''
  const lines: string[] = []
  for (const cut of cuts) {
    const party = cut.get('party').optional((field) => field.text(256)) ?? ''
    const what = `${cut.get('reference').text(32)} at ${cut.get('door').text(256)}  ${party}`
    lines.push(`${style.refused(`${would}cut`)}  the session of ${plainText(what).trimEnd()}`)
  }
  const sessions = `${cuts.length} open session${cuts.length === 1 ? '' : 's'}`
  if (dryRun) return [...lines, `nothing was changed; ${sessions} would be cut`]
  const ends = cuts.map((cut) => cut.get('lastOctetAt').instant().epochMilliseconds - at.epochMilliseconds)
  lines.push(
    cuts.length === 0 ? `${sessions} cut` : `${sessions} cut, the last octet ${Math.max(0, ...ends)} ms after the word`,
  )
  const confirmed = names(receipt.get('confirmed'))
  const unconfirmed = names(receipt.get('unconfirmed'))
  lines.push(`doors that confirmed: ${confirmed === '' ? 'none' : confirmed}`)
  if (unconfirmed !== '')
    lines.push(
      style.refused(`doors that did not answer within a second: ${unconfirmed}; they follow when they are back`),
    )
  return lines
}

function names(field: Field): string {
  return field
    .list(10_000)
    .map((name) => plainText(name.text(256)))
    .join(', ')
}
