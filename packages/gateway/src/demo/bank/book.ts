// The books of the bank: made up for each customer, the same each time, and kept in memory.
import { hash, randomBytes } from 'node:crypto'
import { makeIban } from './iban.ts'
import type { Account, Act, Booking, Customer } from './model.ts'
import { formatAmount } from './money.ts'

/** Beyond it, whoever has not come for longest is forgotten, and made up anew. */
const MAX_CUSTOMERS = 1000
const MAX_BOOKINGS = 200
/** For one customer. */
export const MAX_PAYEES = 50

/** Finds the books of a customer, whoever it is. */
export function openBooks(): (name: string, now: Temporal.Instant) => Customer {
  const customers = new Map<string, Customer>()
  return (name, now) => {
    const customer = customers.get(name) ?? makeUp(name, now)
    // A Map has its own order: who came last stands last.
    customers.delete(name)
    customers.set(name, customer)
    for (const oldest of customers.keys()) {
      if (customers.size <= MAX_CUSTOMERS) break
      customers.delete(oldest)
    }
    return customer
  }
}

/** Does what was ordered. Answers why not, where it cannot be done by now. */
export function carryOut(customer: Customer, act: Act, now: Temporal.Instant): string | undefined {
  return act.kind === 'transfer' ? transfer(customer, act, now) : keepPayee(customer, act)
}

function transfer(customer: Customer, act: Act & { kind: 'transfer' }, now: Temporal.Instant): string | undefined {
  const from = customer.accounts.find(({ id }) => id === act.from)
  if (from === undefined) return 'the account is not yours'
  if (from.cents < act.cents) return `the account has ${formatAmount(from.cents)} left`
  const to = customer.accounts.find(({ iban }) => iban === act.iban)
  if (to === from) return 'both accounts are the same'
  const book = (account: Account, cents: number, other: string): Account => ({
    ...account,
    cents: account.cents + cents,
    bookings: [{ at: now, with: other, purpose: act.purpose, cents }, ...account.bookings].slice(0, MAX_BOOKINGS),
  })
  customer.accounts = customer.accounts.map((account) => {
    if (account === from) return book(account, -act.cents, act.to)
    return account === to ? book(account, act.cents, from.name) : account
  })
  return undefined
}

function keepPayee(customer: Customer, { payee, name, iban }: Act & { kind: 'payee' }): string | undefined {
  if (payee === undefined) {
    if (customer.payees.length >= MAX_PAYEES) return `there are ${MAX_PAYEES} payees already`
    customer.payees = [...customer.payees, { id: randomBytes(9).toString('base64url'), name, iban }]
    return undefined
  }
  if (!customer.payees.some(({ id }) => id === payee)) return 'this payee is not there any more'
  customer.payees = customer.payees.map((each) => (each.id === payee ? { id: payee, name, iban } : each))
  return undefined
}

const SHOPS = [
  ['Corner Bakery', 'Card payment', -180, -1_450],
  ['City Transport', 'Monthly pass', -4_900, -6_900],
  ['Riverside Grocer', 'Card payment', -900, -12_400],
  ['Northlight Energy', 'Instalment', -6_500, -11_000],
  ['Harbour Books', 'Card payment', -800, -5_600],
  ['Pine Street Dentist', 'Invoice', -4_000, -19_000],
  ['Lantern Telephone', 'Contract', -1_200, -3_900],
  ['Old Mill Cinema', 'Card payment', -950, -3_800],
] as const
const PAYEES = ['Garden Flats', 'Lantern Telephone', 'Aunt Marlene'] as const

/** No bank has a code of zeros: nobody's account can be met by chance. */
const NO_BANK = '00000000'

function makeUp(name: string, now: Temporal.Instant): Customer {
  /** A whole number from `least` to `most`, by a word of its own. */
  const draw = (word: string, least: number, most: number) => {
    const [low, high] = least < most ? [least, most] : [most, least]
    return low + (Number.parseInt(hash('sha256', `${name}\n${word}`, 'hex').slice(0, 12), 16) % (high - low + 1))
  }
  const ibanOf = (word: string) =>
    makeIban('DE', NO_BANK + String(draw(`iban ${word}`, 0, 9_999_999_999)).padStart(10, '0'))
  const daysBefore = (days: number) => now.subtract({ hours: 24 * days })
  const shopping = Array.from({ length: 14 }, (_, i): Booking => {
    const [shop = '', purpose = '', least = 0, most = 0] = SHOPS[draw(`shop ${i}`, 0, SHOPS.length - 1)] ?? []
    return { at: daysBefore(1 + 2 * i), with: shop, purpose, cents: draw(`price ${i}`, least, most) }
  })
  const salary = {
    at: daysBefore(6),
    with: 'Weaver & Sons',
    purpose: 'Salary',
    cents: draw('salary', 210_000, 420_000),
  }
  const rent = { at: daysBefore(5), with: 'Garden Flats', purpose: 'Rent', cents: -draw('rent', 60_000, 110_000) }
  const saved = { at: daysBefore(4), with: 'Savings account', purpose: 'Put aside', cents: -20_000 }
  const put = { ...saved, with: 'Current account', cents: -saved.cents }
  const brought = (word: string, least: number, most: number): Booking => {
    return { at: daysBefore(30), with: 'Brought forward', purpose: 'Balance of before', cents: draw(word, least, most) }
  }
  const account = (id: string, title: string, bookings: readonly Booking[]): Account => ({
    id,
    name: title,
    iban: ibanOf(id),
    cents: bookings.reduce((sum, booking) => sum + booking.cents, 0),
    bookings: bookings.toSorted((one, other) => Temporal.Instant.compare(other.at, one.at)),
  })
  return {
    accounts: [
      account('current', 'Current account', [brought('current', 150_000, 350_000), ...shopping, salary, rent, saved]),
      account('savings', 'Savings account', [brought('savings', 300_000, 2_500_000), put]),
    ],
    payees: PAYEES.map((payee, i) => ({ id: `payee-${i}`, name: payee, iban: ibanOf(payee) })),
    orders: new Map(),
  }
}
