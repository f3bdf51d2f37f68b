// Amounts: whole cents of euros.

const EUROS = new Intl.NumberFormat('en-IE', { style: 'currency', currency: 'EUR' })

/** Most that one transfer may be, in cents. */
export const MAX_TRANSFER_CENTS = 1_000_000_00

/** Writes an amount with its currency, as in `€1,234.50`; what goes out has a minus sign. */
export function formatAmount(cents: number): string {
  return EUROS.format(cents / 100).replace('-', '\u2212')
}

/** Reads an amount as people type it: a point or a comma before two decimals, and nothing between thousands. */
export function readAmount(
  text: string,
): { readonly ok: true; readonly cents: number } | { readonly ok: false; readonly why: string } {
  const parts = /^(\d{1,9})(?:[.,](\d{2}))?$/.exec(text)
  if (parts === null)
    return { ok: false, why: 'Write the amount in euros as 1234.50, without a sign and without spaces' }
  const cents = Number(parts[1]) * 100 + Number(parts[2] ?? 0)
  if (cents === 0) return { ok: false, why: 'The amount must be more than nothing' }
  if (cents > MAX_TRANSFER_CENTS)
    return { ok: false, why: `The amount must be at most ${formatAmount(MAX_TRANSFER_CENTS)}` }
  return { ok: true, cents }
}
