// What a customer typed, made into an act; or what is wrong with it, by field.
import { MAX_PAYEES } from './book.ts'
import { readIban } from './iban.ts'
import type { Act, Customer, Payee } from './model.ts'
import { formatAmount, readAmount } from './money.ts'
import type { Faults } from './page.ts'
import type { Typed } from './pages.ts'

/** An act that can be confirmed, or its faults. */
export type Want = { readonly ok: true; readonly act: Act } | { readonly ok: false; readonly faults: Faults }

const MAX_NAME = 70
const MAX_PURPOSE = 140

/** Reads the form of a transfer. */
export function readTransfer(customer: Customer, typed: Typed): Want {
  const from = customer.accounts.find(({ id }) => id === typed['from'])
  const to = textOf(typed['to'])
  const purpose = textOf(typed['purpose'])
  const iban = readIban(textOf(typed['iban']))
  const amount = readAmount(textOf(typed['amount']))
  const faults: Faults = {
    ...(from === undefined && { from: 'Choose one of your accounts' }),
    ...faultOfText('to', to, MAX_NAME, 'Say who gets it'),
    ...(iban.ok ? from?.iban === iban.iban && { iban: 'This is the account that it comes from' } : { iban: iban.why }),
    ...(!amount.ok && { amount: amount.why }),
    ...(amount.ok &&
      from &&
      from.cents < amount.cents && { amount: `The account has ${formatAmount(from.cents)} left` }),
    ...faultOfText('purpose', purpose, MAX_PURPOSE),
  }
  if (from === undefined || !iban.ok || !amount.ok || Object.keys(faults).length > 0) return { ok: false, faults }
  return { ok: true, act: { kind: 'transfer', from: from.id, to, iban: iban.iban, cents: amount.cents, purpose } }
}

/** Reads the form of a payee; without one, of a new one. */
export function readPayee(customer: Customer, payee: Payee | undefined, typed: Typed): Want {
  const name = textOf(typed['name'])
  const iban = readIban(textOf(typed['iban']))
  const isFull = payee === undefined && customer.payees.length >= MAX_PAYEES
  const faults: Faults = {
    ...faultOfText('name', name, MAX_NAME, 'Say who it is'),
    ...(isFull && { name: `There are ${MAX_PAYEES} payees already` }),
    ...(!iban.ok && { iban: iban.why }),
  }
  if (!iban.ok || Object.keys(faults).length > 0) return { ok: false, faults }
  return { ok: true, act: { kind: 'payee', ...(payee && { payee: payee.id }), name, iban: iban.iban } }
}

function textOf(text = ''): string {
  return text.normalize('NFC').trim()
}

function faultOfText(field: string, text: string, most: number, missing?: string): Faults {
  if (text === '' && missing !== undefined) return { [field]: missing }
  if (text.length > most) return { [field]: `At most ${most} characters` }
  // What turns letters around, or hides: what is confirmed must be what is seen.
  if (/[\p{C}\p{Zl}\p{Zp}]/u.test(text)) return { [field]: 'Only characters that can be seen' }
  return {}
}
