// A session as its row keeps it: what of it is JSON is written and read here.

import type { PersonClaims } from '@countersign/mtls'
import {
  type Meeting,
  type Proof,
  type ProofKind,
  REFUSALS,
  type RefusalCode,
  readMeeting,
  type Side,
  writeMeeting,
} from '@countersign/protocol'
import { z } from 'zod'
import type { LoginSessionTable } from '../store/tables.ts'

/** A row as it was read. */
export type SessionRow = Readonly<LoginSessionTable>

/** What somebody showed, without whom it is of: that is the account. */
export interface ShownProof {
  readonly kind: ProofKind
  readonly at: Temporal.Instant
  readonly binding: Proof['binding']
  /** Which one, of a passkey. Nobody but us is told. */
  readonly passkey?: string
}

/** Something that was confirmed, as the service behind reads it; by which passkey, nobody but us is told. */
export type Confirmation = PersonClaims['confirmed'][number] & { readonly passkey?: string }

const at = z.number().transform((ms) => Temporal.Instant.fromEpochMilliseconds(ms))
const proofsForm = z.array(
  z.strictObject({
    kind: z.enum(['certificate', 'passkey', 'totp', 'password', 'sms']),
    at,
    binding: z.enum(['channel', 'device', 'none']),
    passkey: z.string().exactOptional(),
  }),
)
const confirmedForm = z.array(
  z.strictObject({ sha256: z.string(), by: z.string(), at, passkey: z.string().exactOptional() }),
)

/** A person as a side of a meeting. */
export function sideOfAccount(account: string): Side {
  return { name: account, party: account, identities: [{ kind: 'account', value: account }] }
}

/** What was shown, as proofs of the account. */
export function proofsOf(account: string, shown: readonly ShownProof[]): readonly Proof[] {
  return shown.map(({ kind, at, binding }) => ({ kind, at, binding, subject: { kind: 'account', value: account } }))
}

/** Writes what was shown. */
export function writeProofs(shown: readonly ShownProof[]): string {
  return JSON.stringify(shown.map(({ at: when, ...proof }) => ({ ...proof, at: when.epochMilliseconds })))
}

/** Reads what {@link writeProofs} wrote: the newest of each kind. */
export function readProofs(text: string): readonly Omit<ShownProof, 'passkey'>[] {
  const newest = new Map<ProofKind, Omit<ShownProof, 'passkey'>>()
  for (const { kind, at, binding } of readShown(text)) {
    const before = newest.get(kind)
    if (before === undefined || Temporal.Instant.compare(at, before.at) >= 0) newest.set(kind, { kind, at, binding })
  }
  return [...newest.values()]
}

/** Reads all that {@link writeProofs} wrote. */
export function readShown(text: string): readonly ShownProof[] {
  return proofsForm.parse(JSON.parse(text))
}

/** Whether a session was opened by it, or it was shown since. */
export function isOpening({ at }: ShownProof, { opened_at }: Pick<SessionRow, 'opened_at'>): boolean {
  return at.epochMilliseconds <= opened_at
}

/** Writes what was confirmed. */
export function writeConfirmed(confirmed: readonly Confirmation[]): string {
  return JSON.stringify(confirmed.map(({ at: when, ...one }) => ({ ...one, at: when.epochMilliseconds })))
}

/** Reads what {@link writeConfirmed} wrote. */
export function readConfirmed(text: string): readonly Confirmation[] {
  return confirmedForm.parse(JSON.parse(text))
}

/** Writes the record that a session is of. */
export function writeRecord(meeting: Meeting): string {
  return JSON.stringify(writeMeeting(meeting))
}

/** Reads what {@link writeRecord} wrote. */
export function readRecord(text: string): Meeting {
  return readMeeting(JSON.parse(text))
}

/** Why a session ended, as its row says it. */
export function readCause(text: string): RefusalCode {
  return isCode(text) ? text : 'ERR_SESSION_OVER'
}

function isCode(text: string): text is RefusalCode {
  return Object.hasOwn(REFUSALS, text)
}
