// Invitations: what an administrator hands to a newcomer.
import { createHmac, randomBytes } from 'node:crypto'
import type { Clock, Log } from '@countersign/mtls'
import { formatToken, type Refusal, TOKEN_ID_LABEL, TOKEN_MAC_KEY_LABEL } from '@countersign/protocol'
import type { Failpoint } from '../../failpoints.ts'
import { changeParty } from '../../parties/change.ts'
import type { Role } from '../../store/parties.ts'
import type { Store, StoreTransaction } from '../../store/store.ts'
import { decideGrant, type GrantRequest } from '../granted.ts'

/** Who may enroll, under which names and until when. */
export interface InvitationRequest extends GrantRequest {
  /** What it may do as an administrator, from now on. Absent: as before, and an officer where nothing was said before. */
  readonly role?: Role | undefined
  /** Default 600; a day at most. */
  readonly ttlSeconds?: number
}

/** The token, which is secret, or why there is none. */
export type Invited =
  | {
      readonly ok: true
      readonly token: string
      readonly party: string
      readonly expiresAt: Temporal.Instant
      /** Row of the ledger's entry that says which role was given. */
      readonly entry?: number
    }
  | { readonly ok: false; readonly refusal: Refusal }

/** What a token says of the authority. */
export interface AuthorityAddress {
  /** host:port. */
  readonly address: string
  readonly name: string
  readonly rootSha256: Uint8Array
}

export const DEFAULT_TTL_SECONDS = 600
export const MAX_TTL_SECONDS = 86_400

export function tokenId(secret: Uint8Array): Uint8Array {
  return Uint8Array.from(createHmac('sha256', secret).update(TOKEN_ID_LABEL).digest())
}

export function tokenMacKey(secret: Uint8Array): Uint8Array {
  return Uint8Array.from(createHmac('sha256', secret).update(TOKEN_MAC_KEY_LABEL).digest())
}

export type Invite = (
  request: InvitationRequest,
  /** Told within the transaction what will be answered. */
  kept?: (tx: StoreTransaction, invited: Extract<Invited, { readonly ok: true }>) => Promise<void>,
) => Promise<Invited>

interface Inviting {
  readonly store: Store
  readonly domain: string
  readonly authority: () => AuthorityAddress
  readonly clock: Clock
  readonly failpoint: Failpoint
  readonly log: Log
}

/** Makes the function that invites. The secret is in the token and nowhere else: the store has what it yields. */
export function createInvite(inviting: Inviting): Invite {
  const { store, clock, failpoint, log, authority } = inviting
  return async (request, kept) => {
    const { party, profile = 'client', role, ttlSeconds = DEFAULT_TTL_SECONDS } = request
    if (!(ttlSeconds >= 1 && ttlSeconds <= MAX_TTL_SECONDS))
      return { ok: false, refusal: { code: 'ERR_ADMIN_REQUEST', note: `ttlSeconds: from 1 to ${MAX_TTL_SECONDS}` } }
    const granted = decideGrant(request, inviting.domain, authority().name)
    if (!granted.ok) return granted
    const secret = Uint8Array.from(randomBytes(32))
    const createdAt = clock()
    const expiresAt = createdAt.add({ seconds: ttlSeconds })
    const id = tokenId(secret)
    const token = formatToken({ ...authority(), secret, party })
    const invited = await store.commit(async (tx) => {
      const { names } = granted
      await tx.parties.ensure(party, createdAt)
      const row = role === undefined ? undefined : await changeParty(tx, party, { role }, createdAt)
      await tx.invitations.add({ id, macKey: tokenMacKey(secret), party, profile, names, createdAt, expiresAt })
      const done = { ok: true, token, party, expiresAt, ...(row !== undefined && { entry: row }) } as const
      await kept?.(tx, done)
      failpoint('invite.before-commit')
      return done
    })
    failpoint('invite.after-commit')
    log('invite.done', { party, profile, token: id.toHex().slice(0, 16), expiresAt: expiresAt.toString() })
    return invited
  }
}
