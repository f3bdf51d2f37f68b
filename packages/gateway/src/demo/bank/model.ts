// What the bank keeps of a customer, in memory.

/** A line in the book of an account; `cents` below zero went out. */
export interface Booking {
  readonly at: Temporal.Instant
  readonly with: string
  readonly purpose: string
  readonly cents: number
}

/** An account. Its newest booking comes first; what is too old to be shown stays in the balance. */
export interface Account {
  readonly id: string
  readonly name: string
  readonly iban: string
  readonly cents: number
  readonly bookings: readonly Booking[]
}

/** Somebody whom the customer pays. */
export interface Payee {
  readonly id: string
  readonly name: string
  readonly iban: string
}

/** A customer: what is theirs, and what waits for their word. */
export interface Customer {
  accounts: readonly Account[]
  payees: readonly Payee[]
  readonly orders: Map<string, Order>
}

/** What somebody is shown and confirms. @see docs/protocols/login.md "Confirming" */
export interface Matter {
  readonly title: string
  readonly lines: readonly (readonly [string, string])[]
  readonly nonce: string
}

/** What is done once it is confirmed. */
export type Act =
  | {
      readonly kind: 'transfer'
      /** An account of the customer. */
      readonly from: string
      readonly to: string
      readonly iban: string
      readonly cents: number
      readonly purpose: string
    }
  | {
      readonly kind: 'payee'
      /** Which one changes; absent: a new one. */
      readonly payee?: string
      readonly name: string
      readonly iban: string
    }

/** An order of a customer. */
export interface Order {
  readonly id: string
  readonly act: Act
  readonly matter: Matter
  /** Base64url SHA-256 of the matter in the form of RFC 8785. */
  readonly digest: string
  readonly heldUntil: Temporal.Instant
  /** Absent while it is held. */
  readonly ended?: { readonly at: Temporal.Instant; readonly by: string; readonly failed?: string }
}
