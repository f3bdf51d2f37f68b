// What the bank has pages for, and what each does.
import { carryOut } from './book.ts'
import type { Account, Act, Customer, Order, Payee } from './model.ts'
import { confirmationOf, holdOrder } from './orders.ts'
import type { Page } from './page.ts'
import {
  accountsPage,
  bookingsPage,
  confirmedPage,
  orderPage,
  payeePage,
  payeesPage,
  plainPage,
  type Typed,
  transferPage,
} from './pages.ts'
import type { Statement } from './statement.ts'
import { readPayee, readTransfer } from './wants.ts'

/** A page, or where to go. */
export type Answer = (Page & { readonly allow?: string }) | { readonly status: 303; readonly location: string }

/** Who asks for what. */
export interface Asked {
  readonly statement: Statement
  readonly customer: Customer
  readonly now: Temporal.Instant
  /** Whether a page of this origin led here: browsers say so, and no page elsewhere can. @see Fetch Metadata, Sec-Fetch-Site */
  readonly isFromHere: boolean
  readonly query: URLSearchParams
  /** For the forms of this session. */
  readonly token: string
  /** What the path names. */
  readonly id: string
}

interface Route {
  readonly get?: (asked: Asked) => Answer
  /** Changes something. */
  readonly post?: (asked: Asked, typed: Typed) => Answer
}

const ROUTES: readonly (readonly [RegExp, Route])[] = [
  [/^\/$/, { get: ({ customer }) => accountsPage(customer) }],
  [/^\/accounts\/([\w-]{1,40})$/, { get: account }],
  [/^\/transfer$/, { get: transfer, post: holdTransfer }],
  [/^\/payees$/, { get: ({ customer, token }) => payeesPage(customer, token) }],
  [/^\/payees\/([\w-]{1,40})$/, { get: payee, post: holdPayee }],
  [/^\/payees\/([\w-]{1,40})\/remove$/, { post: removePayee }],
  [/^\/orders\/([\w-]{1,40})$/, { get: finishOrder }],
]

/** The route of a path, and what the path names. */
export function routeOf(path: string): (Route & { readonly id: string }) | undefined {
  for (const [pattern, route] of ROUTES) {
    const found = pattern.exec(path)
    if (found) return { ...route, id: found[1] ?? '' }
  }
  return undefined
}

function account({ customer, id }: Asked): Answer {
  const found = customer.accounts.find((each: Account) => each.id === id)
  return found ? bookingsPage(found) : nothing('You have no such account.')
}

function transfer({ customer, token, query }: Asked): Answer {
  const to = customer.payees.find((each) => each.id === query.get('payee'))
  return transferPage(customer, token, to && { to: to.name, iban: to.iban })
}

function holdTransfer(asked: Asked, typed: Typed): Answer {
  const want = readTransfer(asked.customer, typed)
  return want.ok ? hold(asked, want.act) : transferPage(asked.customer, asked.token, typed, want.faults)
}

function payee(asked: Asked): Answer {
  const { token, id } = asked
  if (id === 'new') return payeePage(undefined, token, {})
  const found = payeeOf(asked)
  return found ? payeePage(found, token, { name: found.name, iban: found.iban }) : nothing('You have no such payee.')
}

function holdPayee(asked: Asked, typed: Typed): Answer {
  const found = payeeOf(asked)
  if (found === undefined && asked.id !== 'new') return nothing('You have no such payee.')
  const want = readPayee(asked.customer, found, typed)
  return want.ok ? hold(asked, want.act) : payeePage(found, asked.token, typed, want.faults)
}

function removePayee(asked: Asked): Answer {
  const found = payeeOf(asked)
  if (found === undefined) return nothing('You have no such payee.')
  const { customer } = asked
  customer.payees = customer.payees.filter((each) => each !== found)
  return { status: 303, location: '/payees' }
}

function hold({ customer, now }: Asked, act: Act): Answer {
  return { status: 303, location: confirmationOf(holdOrder(customer, act, now)) }
}

/**
 * Where the browser comes back to. The act was the confirmation, which was sent with a proof of the device: this request
 * only brings it, and nothing is done twice. Still no page elsewhere, no picture and no list of links sets it off.
 */
function finishOrder({ customer, statement, now, id, isFromHere }: Asked): Answer {
  const order = customer.orders.get(id)
  if (order === undefined) return nothing('You have given no such order, or it was long ago.')
  const by = statement.confirmed.get(order.digest)
  const isHeld = order.ended === undefined && Temporal.Instant.compare(now, order.heldUntil) < 0
  if (!isHeld || by === undefined) return orderPage(order, now)
  if (!isFromHere) return confirmedPage(order)
  const failed = carryOut(customer, order.act, now)
  const ended: Order = { ...order, ended: { at: now, by, ...(failed !== undefined && { failed }) } }
  customer.orders.set(id, ended)
  return orderPage(ended, now)
}

function payeeOf({ customer, id }: Asked): Payee | undefined {
  return customer.payees.find((each) => each.id === id)
}

function nothing(words: string): Answer {
  return plainPage(404, 'Nothing is here', words)
}
