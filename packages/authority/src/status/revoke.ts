// Revocation: recorded, told to every door, signed into a list, answered; in this order.
import { type Clock, type Log, partyKey, revokedKey, type Trust } from '@countersign/mtls'
import type { FeedEvent, OpenSession, Receipt, Refusal, RevokedSerial } from '@countersign/protocol'
import type { Accounts } from '../accounts.ts'
import type { Failpoint } from '../failpoints.ts'
import { writeEntry } from '../ledger/entry.ts'
import type { RevocationReason, RevokedCertificate, StoredCertificate } from '../store/certificates.ts'
import { partWithin } from '../store/part-of-store.ts'
import type { Repositories, Store, StoreTransaction } from '../store/store.ts'
import type { CrlPublisher } from './crl/publish.ts'
import type { Feed } from './feed/feed.ts'
import { findCertificate, findSubject, MAX_OF_PARTY, NO_SUBJECT } from './subject.ts'
import { toldOf } from './told.ts'

/** What shall be revoked, and why. */
export interface RevocationRequest {
  /** A party, a serial number or a SHA-256 of a certificate. */
  readonly subject: string
  readonly reason: RevocationReason
}

/** The receipt, or why nothing was revoked. */
export type Revoked =
  | {
      readonly ok: true
      readonly receipt: Receipt
      /** Rows of the ledger's entries, as many as were revoked. */
      readonly entries: readonly number[]
    }
  | { readonly ok: false; readonly refusal: Refusal }

/** What a revocation would do. */
export type Foreseen =
  | {
      readonly ok: true
      readonly revoked: readonly RevokedSerial[]
      readonly accounts?: readonly string[]
      readonly sessions: readonly OpenSession[]
    }
  | { readonly ok: false; readonly refusal: Refusal }

/** What a transaction has recorded. */
export interface Recorded {
  readonly event: FeedEvent
  readonly revoked: readonly RevokedSerial[]
  /** Rows of those whose lists must say so. */
  readonly issuers: readonly number[]
  /** Rows of the ledger's entries. */
  readonly entries: readonly number[]
  /** Of a party that was revoked by name: whatever it has open ends. */
  readonly party?: string
  /** Doors at which it had an account. */
  readonly accounts?: readonly string[]
}

/** Told within the transaction what was revoked, before any door knows. */
export type Kept = (tx: StoreTransaction, receipt: Receipt, entries: readonly number[]) => Promise<void>

/** Nobody was told yet. */
const UNTOLD = { cuts: [], confirmed: [], unconfirmed: [] } as const

export interface Revocation {
  revoke(request: RevocationRequest, kept?: Kept): Promise<Revoked>
  /** What `work` has recorded is told, signed and answered. */
  act(
    subject: string,
    reason: RevocationReason,
    work: (tx: StoreTransaction) => Promise<Recorded | Refusal>,
    kept?: Kept,
  ): Promise<Revoked>
  /** Changes nothing. */
  foresee(request: RevocationRequest): Promise<Foreseen>
}

interface Parts {
  readonly store: Store
  readonly feed: Feed
  readonly trust: Trust
  readonly crls: CrlPublisher
  /** Absent where nobody signs in. */
  readonly accounts: Accounts | undefined
  readonly clock: Clock
  readonly failpoint: Failpoint
  readonly log: Log
}

export function createRevocation({ store, feed, trust, crls, accounts, clock, failpoint, log }: Parts): Revocation {
  const record = async (tx: StoreTransaction, { subject, reason }: RevocationRequest): Promise<Recorded | Refusal> => {
    const at = clock()
    // Where it is a party's name: what is being issued to it now is there before, or finds its invitation ended.
    await tx.alone(`party ${subject}`)
    const chosen = await choose(tx, subject, at, reason)
    if ('code' in chosen) return chosen
    const { certificates, party, accounts: signedIn } = chosen
    if (party === undefined) return recordRevoked(tx, certificates, reason, at)
    // Who is revoked by name shall not come back with an invitation of before, nor by what no certificate is needed for.
    await tx.invitations.endOfParty(party, at)
    await accounts?.revoke((name) => partWithin(tx, name), { party, reason, at })
    return { ...(await recordRevoked(tx, certificates, reason, at)), party, ...(signedIn && { accounts: signedIn }) }
  }
  const choose = async (
    from: Repositories,
    subject: string,
    now: Temporal.Instant,
    reason: RevocationReason,
  ): Promise<Refusal | Chosen> => {
    // PostgreSQL keeps no NUL, and so knows no question with one.
    const isName = accounts !== undefined && !subject.includes('\0')
    const doors = isName ? await accounts.of((name) => from.part(name), subject, now) : []
    const chosen = await chooseCertificates(from, { subject, reason, signsIn: doors.length > 0 }, now)
    return 'code' in chosen || doors.length === 0 ? chosen : { ...chosen, accounts: doors }
  }

  const publish = async (issuers: readonly number[]): Promise<void> => {
    try {
      await crls.publish(issuers)
    } catch (error) {
      // The revocation holds: it is durable and the doors know. The list is tried again every minute.
      log('crl.failed', { error: String(error) })
    }
  }

  const revocation: Revocation = {
    revoke: (request, kept) => revocation.act(request.subject, request.reason, (tx) => record(tx, request), kept),
    async act(subject, reason, work, kept) {
      const recorded = await store.commit(async (tx) => {
        const outcome = await work(tx)
        if (!('code' in outcome)) {
          await kept?.(tx, { ...statedOf(outcome), ...UNTOLD }, outcome.entries)
        }
        failpoint('revoke.before-commit')
        return outcome
      })
      failpoint('revoke.after-commit')
      if ('code' in recorded) return { ok: false, refusal: recorded }
      const { event, revoked, issuers, entries, party } = recorded
      failpoint('revoke.before-cut')
      trust.announce(revoked, event.at)
      // Beside each other: a door that is slow to confirm keeps the list from nobody.
      const [told] = await Promise.all([
        feed.tell(event, party).finally(() => failpoint('revoke.after-cut')),
        publish(issuers),
      ])
      log('revoke.done', {
        sequence: event.sequence,
        subject,
        reason,
        certificates: revoked.length,
        cuts: told.cuts.length,
        unconfirmed: told.unconfirmed,
      })
      return { ok: true, receipt: { ...statedOf(recorded), ...told }, entries }
    },
    async foresee({ subject, reason }) {
      const at = clock()
      const chosen = await choose(store, subject, at, reason)
      if ('code' in chosen) return { ok: false, refusal: chosen }
      const revoked = await toldOf(store, asRevoked(chosen.certificates, reason, at))
      const { party, accounts: signedIn } = chosen
      const keys = new Set([...revoked.map(revokedKey), ...(party === undefined ? [] : [partyKey({ party })])])
      const open = await feed.sessions()
      const sessions = open.filter((session) => session.keys.some((key) => keys.has(key)))
      return { ok: true, revoked, ...(signedIn && { accounts: signedIn }), sessions }
    },
  }
  return revocation
}

/** What of a receipt is known before any door is. */
function statedOf({ event, revoked, accounts }: Recorded): Pick<Receipt, 'sequence' | 'at' | 'revoked' | 'accounts'> {
  return { sequence: event.sequence, at: event.at, revoked, ...(accounts && { accounts }) }
}

/** Records, as one event, that these certificates are revoked. */
export async function recordRevoked(
  tx: StoreTransaction,
  certificates: readonly StoredCertificate[],
  reason: RevocationReason,
  at: Temporal.Instant,
): Promise<Recorded> {
  const sequence = await tx.status.addEvent('status', at)
  const entries: number[] = []
  for (const certificate of certificates) {
    const { party, serial, sha256 } = certificate
    const entry = await tx.ledger.add(
      writeEntry({ kind: 'revoked', at, party, serial, sha256: sha256.toHex(), reason, event: sequence }),
    )
    await tx.certificates.revoke(certificate, at, reason, sequence, entry)
    entries.push(entry)
  }
  const revoked = await toldOf(tx, asRevoked(certificates, reason, at))
  const event = { sequence: BigInt(sequence), at, change: { kind: 'status', revoked } } as const
  return { event, revoked, issuers: [...new Set(certificates.map(({ issuer }) => issuer))], entries }
}

function asRevoked(
  certificates: readonly StoredCertificate[],
  reason: RevocationReason,
  at: Temporal.Instant,
): readonly RevokedCertificate[] {
  return certificates.map(({ issuer, serial, party }) => ({ issuer, serial, party, at, reason }))
}

/** A clock that is ahead by a day must not let a certificate escape that will be in force once it is set right. */
const CLOCK_STEP: Temporal.Duration = Temporal.Duration.from({ hours: 24 })

/** They are given up by a command of their own. */
const AUTHORITIES: ReadonlySet<string> = new Set(['root', 'issuing', 'intermediate', 'cross-root'])

const AMBIGUOUS =
  'subject: a party is called so, and a certificate of another has it as its serial number or SHA-256; name that one by the other of these'

/** What is to be revoked. `party` where all of a party's are meant, its invitations and accounts too. */
interface Chosen {
  readonly certificates: readonly StoredCertificate[]
  readonly party?: string
  /** Doors at which it has an account. */
  readonly accounts?: readonly string[]
}

/** What `subject` names that can still be revoked. */
async function chooseCertificates(
  store: Repositories,
  { subject, reason, signsIn }: RevocationRequest & { readonly signsIn: boolean },
  now: Temporal.Instant,
): Promise<Refusal | Chosen> {
  const found = await findSubject(store, subject)
  if (found?.certificates.some(({ profile }) => AUTHORITIES.has(profile)))
    return {
      code: 'ERR_ADMIN_REQUEST',
      note: 'subject: an issuer is given up by countersign authority state NAME retired --force',
    }
  const invited = await store.invitations.isInvited(subject, now)
  if (found?.kind === 'party' || invited || signsIn) {
    // Who names a party so that it stands in the way of a certificate hides that, and what is called so goes on.
    if ((await findCertificate(store, subject))?.certificates.some(({ party }) => party !== subject))
      return { code: 'ERR_ADMIN_CONFLICT', note: AMBIGUOUS }
    const certificates = await store.certificates.currentOfParty(subject, now.subtract(CLOCK_STEP))
    if (certificates.length > 0 || invited || signsIn) return { certificates, party: subject }
    return { code: 'ERR_ADMIN_CONFLICT', note: 'every certificate of this party is revoked or has expired' }
  }
  if (found === undefined) return { code: 'ERR_ADMIN_NOT_FOUND', note: NO_SUBJECT }
  const certificates = found.certificates.filter(({ revocation }) => revocation === undefined)
  if (reason === 'keyCompromise') certificates.push(...(await othersOfKeys(store, found.certificates, now)))
  if (certificates.length > 0) return { certificates }
  return { code: 'ERR_ADMIN_CONFLICT', note: 'this certificate is revoked already' }
}

/**
 * Whoever has a key that was lost has it in every certificate of that key, RFC 5280 §5.3.1, and may have got others by it:
 * what was given beside these, as certificates of SSH and for mail, goes with them. What they were renewed for, with another
 * key, does not: so a key is replaced before it is given up.
 */
async function othersOfKeys(
  store: Repositories,
  named: readonly StoredCertificate[],
  now: Temporal.Instant,
): Promise<readonly StoredCertificate[]> {
  const keys = new Map(named.map((one) => [one.spkiSha256.toHex(), one.spkiSha256]))
  // Also those that are over: what was given by them may be in force.
  const pages = await Promise.all(
    [...keys.values()].map((spkiSha256) => store.certificates.list({ spkiSha256, now, limit: MAX_OF_PARTY })),
  )
  const ofKeys = pages.flatMap(({ found }) => found)
  const profiles = new Map(ofKeys.map(({ sha256, profile }) => [`certificate ${sha256.toHex()}`, profile]))
  const isGivenBeside = ({ method, evidence, profile }: StoredCertificate) =>
    method === 'certificate' && profiles.has(evidence) && profiles.get(evidence) !== profile
  const parties = [...new Set(ofKeys.map(({ party }) => party))]
  const current = await Promise.all(
    parties.map((party) => store.certificates.currentOfParty(party, now.subtract(CLOCK_STEP))),
  )
  return current
    .flat()
    .filter((one) => keys.has(one.spkiSha256.toHex()) || isGivenBeside(one))
    .filter((one) => !named.some(({ id }) => id === one.id))
}
