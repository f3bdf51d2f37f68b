// What waits for the customer to confirm it, word for word as they read it.
import { hash, randomBytes } from 'node:crypto'
import { formatIban } from './iban.ts'
import type { Act, Customer, Matter, Order } from './model.ts'
import { formatAmount } from './money.ts'

/** A little longer than a confirmation counts. */
const HELD_FOR = { minutes: 10 }
/** For one customer; beyond it the oldest is forgotten, whether it was done or not. */
const MAX_ORDERS = 50

/** Holds what the customer wants: nothing is done yet. */
export function holdOrder(customer: Customer, act: Act, now: Temporal.Instant): Order {
  const id = randomBytes(16).toString('base64url')
  const matter = { ...matterOf(customer, act), nonce: randomBytes(18).toString('base64url') }
  const order = { id, act, matter, digest: digestOf(matter), heldUntil: now.add(HELD_FOR) }
  customer.orders.set(id, order)
  for (const oldest of customer.orders.keys()) {
    if (customer.orders.size <= MAX_ORDERS) break
    customer.orders.delete(oldest)
  }
  return order
}

/** Where the browser goes to confirm it, and comes back from. */
export function confirmationOf({ id, matter }: Order): string {
  const query = new URLSearchParams({
    matter: Buffer.from(canonical(matter)).toString('base64url'),
    to: `/orders/${id}`,
  })
  return `/login/confirm?${query}`
}

/** Base64url SHA-256 of a matter, as a statement of the door names it. */
export function digestOf(matter: Matter): string {
  return hash('sha256', canonical(matter), 'base64url')
}

/** RFC 8785 for texts and lists: the members by name, nothing between them, and texts as ECMAScript writes them (§3.2.2.2). */
function canonical({ lines, nonce, title }: Matter): string {
  return JSON.stringify({ lines, nonce, title })
}

function matterOf(customer: Customer, act: Act): Pick<Matter, 'title' | 'lines'> {
  if (act.kind === 'transfer') {
    const from = customer.accounts.find(({ id }) => id === act.from)
    return {
      title: `Transfer ${formatAmount(act.cents)}`,
      lines: [
        ['Amount', formatAmount(act.cents)],
        ['To', act.to],
        ['IBAN', formatIban(act.iban)],
        ...(act.purpose === '' ? [] : [['Purpose', act.purpose] as const]),
        ['From', `${from?.name ?? act.from}, ${formatIban(from?.iban ?? '')}`],
      ],
    }
  }
  const before = customer.payees.find(({ id }) => id === act.payee)
  const lines: (readonly [string, string])[] = [
    ['Payee', act.name],
    ['IBAN', formatIban(act.iban)],
  ]
  if (before === undefined) return { title: 'Add a payee', lines }
  return {
    title: 'Change a payee',
    lines: [...lines, ['Until now', `${before.name}, ${formatIban(before.iban)}`]],
  }
}
