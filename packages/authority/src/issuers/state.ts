// From one state to the next: of a profile one issuer signs, before and after.
import type { Refusal } from '@countersign/protocol'
import type { Published } from '../keys/issuers.ts'
import { issuerEntry } from '../ledger/entry.ts'
import { recordRevoked } from '../status/revoke.ts'
import type { StoredIssuer } from '../store/issuers.ts'
import type { StoreTransaction } from '../store/store.ts'
import { PROFILES_OF } from './make.ts'
import type { IssuerAdministration, IssuerOutcome, IssuerParts, StateRequest } from './model.ts'
import { recordChange } from './record.ts'

type Settle = (name: string, lists: readonly number[]) => Promise<IssuerOutcome>

/** Makes the function that changes states. */
export function createChangeState(parts: IssuerParts, settle: Settle): IssuerAdministration['changeState'] {
  const { store, issuers, crls, revocation, clock, log } = parts

  const activate = async (issuer: StoredIssuer, asked: StateRequest): Promise<Refusal | undefined> => {
    const { name, kind, state } = issuer
    const profiles = asked.profiles ?? issuer.profiles
    const foreign = profiles.find((profile) => !PROFILES_OF[kind].includes(profile))
    if (foreign !== undefined) return request(`profiles: one of kind ${kind} signs no ${foreign}`)
    if (profiles.length === 0) return request('profiles: an issuer that is active signs at least one')
    if (state === 'waiting') return no(`${name} waits for its certificate: import it first`)
    if (state === 'retired') return no(`${name} is retired: make another issuer`)
    const published = issuers.published().issuers.find((one) => one.name === name)
    const now = clock()
    if (published !== undefined) {
      const { notBefore, notAfter } = published.certificate.validity
      if (Temporal.Instant.compare(notAfter, now) <= 0) return no(`the certificate of ${name} ended at ${notAfter}`)
      if (Temporal.Instant.compare(now, notBefore) < 0) return no(`the certificate of ${name} begins at ${notBefore}`)
      const roots = issuers
        .published()
        .issuers.filter(
          (one) =>
            one.kind === 'root' &&
            [published.certificate, ...published.crosses].some((own) =>
              isNamed(own.issuer.der, one.certificate.subject.der),
            ),
        )
      // Under `require`, who meets a certificate asks for the list of each issuer above it.
      if (kind !== 'root' && !roots.some((root) => crls.current().of(root.name) !== undefined))
        return no(`there is no revocation list of ${roots.map((root) => root.name).join(', ')}: import one first`)
      if (kind !== 'root' && !asked.force && !roots.some((root) => believed(issuers.published()).has(root.name)))
        return no(
          `who has enrolled does not believe ${roots.map((root) => root.name).join(', ')} yet: ` +
            'let the root of now sign it (countersign authority cross), or go on with force, and enroll everybody anew',
        )
      if (kind !== 'root' && crls.current().of(name) === undefined)
        return no(`there is no revocation list of ${name}: import one first`)
    }
    // A root may sign elsewhere, by file exchange.
    if (kind !== 'root' && !issuers.hasKey(issuer))
      return { code: 'ERR_ISSUER_KEY_ELSEWHERE', note: `the key of ${name} is not here` }
    if (issuers.hasKey(issuer)) await issuers.signerOf(issuer)
    return undefined
  }

  /** Takes `profiles` from whoever signs them; who is left with none retires. */
  const take = async (
    tx: StoreTransaction,
    to: StoredIssuer,
    profiles: StoredIssuer['profiles'],
    now: Temporal.Instant,
  ) => {
    const before = new Set<string>()
    for (const profile of profiles) {
      const signer = await tx.issuers.signerOf(profile)
      if (signer !== undefined && signer !== to.name) before.add(signer)
    }
    for (const name of before) {
      const former = await tx.issuers.byName(name)
      if (former === undefined) continue
      const left = former.profiles.filter((profile) => !profiles.includes(profile))
      const next = left.length > 0 ? { ...former, profiles: left } : { ...former, state: 'retiring' as const }
      await tx.issuers.setProfiles(name, next.profiles, next.state === 'active')
      await write(tx, next, now)
    }
    const next = { ...to, state: 'active' as const, profiles }
    await tx.issuers.setProfiles(to.name, profiles, true)
    await write(tx, next, now)
  }

  const retire = async (issuer: StoredIssuer, { force }: StateRequest): Promise<Refusal | undefined> => {
    const { name, kind, state, id } = issuer
    if (state === 'retired') return { code: 'ERR_ADMIN_CONFLICT', note: `${name} is retired already` }
    if (state === 'active')
      return no(`${name} signs ${issuer.profiles.join(', ')}: activate another issuer for these first`)
    if (force || id === undefined || state === 'next') return undefined
    if (kind === 'root') {
      const others = issuers.published()
      const root = others.issuers.find((one) => one.name === name)?.certificate
      const roots = others.roots.filter((one) => one !== root)
      const alone = others.issuers.find(
        (one) =>
          one.kind === 'intermediate' &&
          ![one.certificate, ...one.crosses].some((own) => roots.some((by) => isNamed(own.issuer.der, by.subject.der))),
      )
      return alone && no(`${alone.name} is believed by ${name} alone: retire it first, or have another root sign it`)
    }
    const isUsed = await store.certificates.hasCurrentOf(id, clock())
    return isUsed
      ? no(`${name} has signed certificates that are not over: renew them, or give them up with force`)
      : undefined
  }

  return async (name, asked, by) => {
    const issuer = await store.issuers.byName(name)
    if (issuer === undefined)
      return { ok: false, refusal: { code: 'ERR_ADMIN_NOT_FOUND', note: 'no issuer is called so' } }
    const refusal = await (asked.state === 'active' ? activate(issuer, asked) : retire(issuer, asked))
    if (refusal !== undefined) return { ok: false, refusal }
    const published = issuers.published().issuers.find((one) => one.name === name)
    const isGivenUp = asked.state === 'retired' && asked.force && issuer.kind === 'intermediate'
    // While everybody still takes lists of it.
    if (asked.state === 'retired' && published !== undefined && issuers.hasKey(issuer))
      await crls.publishLast(published)
    const change = async (tx: StoreTransaction): Promise<Refusal | undefined> => {
      await tx.alone('issuers')
      const current = await tx.issuers.byName(name)
      // Judged was what was there before.
      if (current?.state !== issuer.state) return no(`${name} has just been changed by somebody else`)
      const now = clock()
      if (asked.state === 'active') await take(tx, current, asked.profiles ?? current.profiles, now)
      else {
        await tx.issuers.setProfiles(name, current.profiles, false)
        await write(tx, { ...current, state: 'retired' }, now)
      }
      return undefined
    }
    const changed = await (isGivenUp && published !== undefined ? giveUp(published.id) : recordChange(parts, change))
    if (changed !== undefined) return { ok: false, refusal: changed }
    log('issuer.changed', { issuer: name, state: asked.state, by })
    return settle(name, [])

    /** Its own certificate is revoked, and with it everything that it has signed: open sessions end. */
    async function giveUp(id: number): Promise<Refusal | undefined> {
      const outcome = await revocation.act(`issuer ${name}`, asked.reason, async (tx) => {
        const row = await tx.certificates.byId(id)
        // Before anything is written: a refusal undoes nothing.
        if (row === undefined) return no(`${name} has no certificate`)
        const fault = await change(tx)
        if (fault !== undefined) return fault
        return recordRevoked(tx, row.revocation === undefined ? [row] : [], asked.reason, clock())
      })
      return outcome.ok ? undefined : outcome.refusal
    }
  }
}

/** The roots that parties have as anchors: those in use, and those that one of these has signed. */
function believed({ issuers }: Published): ReadonlySet<string> {
  const roots = issuers.filter(({ kind }) => kind === 'root')
  const known = new Set(roots.filter(({ state }) => state !== 'next'))
  // A root that is found may have signed an earlier one.
  for (const by of known)
    for (const root of roots)
      if (root.crosses.some((own) => isNamed(own.issuer.der, by.certificate.subject.der))) known.add(root)
  return new Set([...known].map(({ name }) => name))
}

async function write(tx: StoreTransaction, issuer: StoredIssuer, now: Temporal.Instant): Promise<void> {
  await tx.issuers.change(issuer.name, { state: issuer.state })
  await tx.ledger.add(issuerEntry(issuer, now))
}

function isNamed(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0
}

function no(note: string): Refusal {
  return { code: 'ERR_ISSUER_STATE', note }
}

function request(note: string): Refusal {
  return { code: 'ERR_ADMIN_REQUEST', note }
}
