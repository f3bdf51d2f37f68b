// The keys of people, as the authority certifies and keeps them.
import { MailError, type Refusal } from '@countersign/protocol'
import { admitKey } from '../keys/admit.ts'
import { certifyAnew, isCertifiedBy } from '../keys/authority-words.ts'
import { revokeCertification } from '../keys/certify.ts'
import { describeKey } from '../keys/describe.ts'
import { wkdHash } from '../wkd/address.ts'
import { wkdAnswer } from '../wkd/answer.ts'
import { type KeptAuthorityKey, onlyMail, openAuthorityKeys, type Version } from './authority-keys.ts'
import type { CertificationRequest, HouseKeys, HouseKeysOptions, KeptKey, OpenPgpTransaction } from './model.ts'
import type { KeyTable } from './tables.ts'

/** As long as what is certified for S/MIME; whether the party still is who it was is asked each time. */
const LASTS: Temporal.Duration = Temporal.Duration.from({ hours: 365 * 24 })
/** What one party may have certified within an hour: every key is a row on the disk for ever. */
const MOST_AN_HOUR = 20
const HOUR: Temporal.Duration = Temporal.Duration.from({ hours: 1 })

/** Opens the keys of a house; those of the authority are made when they are first needed. */
export function openHouseKeys(options: HouseKeysOptions): HouseKeys {
  const { store, clock } = options
  const own = openAuthorityKeys(options)
  const activeSecret = async (version: Version) => own.secretOf((await own.ofVersion(version)).active)

  /** What was certified is in the ledger before anybody has it. */
  const renewed = async (kept: KeptKey, addresses: readonly string[]): Promise<KeptKey> => {
    const { all, active } = await own.ofVersion(versionOf(kept))
    if (all.length === 1) return kept
    const now = clock()
    const anew = await certifyAnew({
      key: kept.key,
      addresses,
      all: all.map(publicOf),
      counting: all.filter(counts).map(publicOf),
      active: active.public_key,
      secret: () => own.secretOf(active),
      now,
    }).catch(onlyMail)
    if (anew === undefined) return kept
    return store.commit(async ({ db, record }) => {
      const found = await db
        .selectFrom('openpgp_key')
        .selectAll()
        .where('fingerprint', '=', kept.fingerprint)
        .executeTakeFirstOrThrow()
      // Of those who ask at one time, the first has it certified.
      if (Buffer.compare(found.public_key, kept.key) !== 0) return keptOf(found)
      await db
        .updateTable('openpgp_key')
        .set({ public_key: anew })
        .where('fingerprint', '=', kept.fingerprint)
        .execute()
      const { fingerprint } = await describeKey(active.public_key)
      await record({
        at: now,
        account: kept.party,
        door: 'mail',
        act: 'openpgp key certified',
        evidence: `${kept.fingerprint} by openpgp key ${fingerprint}`,
      })
      return { ...kept, key: anew }
    })
  }
  return {
    authorities: own.told,
    authorityKeys: own.list,
    rollOver: own.rollOver,
    revokeAuthority: own.revoke,
    publishedAuthority: own.published,
    renewed,
    async certify(request) {
      const now = clock()
      try {
        const admitted = await admitKey({ ...request, authorityFor: activeSecret, now, until: now.add(LASTS) })
        const done = await store.commit((tx) => keep(tx, request, admitted, now))
        return done.ok ? { ok: true, kept: await renewed(done.kept, request.addresses) } : done
      } catch (error) {
        if (!(error instanceof MailError)) throw error
        return { ok: false, refusal: { code: error.code, note: error.note } }
      }
    },
    async ofAddress(address, limit) {
      const rows = await store.db
        .selectFrom('openpgp_address as named')
        .innerJoin('openpgp_key', 'openpgp_key.fingerprint', 'named.fingerprint')
        .selectAll('openpgp_key')
        .where('named.address', '=', address)
        .orderBy('named.certified_at', 'desc')
        .orderBy('named.fingerprint', 'desc')
        .limit(limit)
        .execute()
      return rows.map(keptOf)
    },
    filedAt: async (local) => wkdHash(local),
    published: ({ key }, address) => wkdAnswer(key, address),
    async revoked(kept, address, at) {
      let { key } = kept
      // Each that has said it takes it back: what one leaves standing would count.
      for (const one of (await own.ofVersion(versionOf(kept))).all)
        if (counts(one) && (await isCertifiedBy(kept.key, address, one.public_key)))
          key = await revokeCertification({ key, address, authority: await own.secretOf(one), now: at })
      return key
    },
  }
}

function versionOf({ version }: KeptKey): Version {
  return version === 6 ? 6 : 4
}

function publicOf({ public_key }: KeptAuthorityKey): Uint8Array {
  return public_key
}

function counts({ revoked_at }: KeptAuthorityKey): boolean {
  return revoked_at === null
}

async function keep(
  { db, record }: OpenPgpTransaction,
  { party, evidence }: CertificationRequest,
  { fingerprint, version, key, addresses }: Awaited<ReturnType<typeof admitKey>>,
  now: Temporal.Instant,
): Promise<{ readonly ok: true; readonly kept: KeptKey } | { readonly ok: false; readonly refusal: Refusal }> {
  const certified_at = now.epochMilliseconds
  const row: KeyTable = { fingerprint, party, version, certified_at, public_key: key }
  // One statement decides among those who come with one key at the same time.
  await db
    .insertInto('openpgp_key')
    .values(row)
    .onConflict((conflict) => conflict.doNothing())
    .execute()
  const kept = await db
    .selectFrom('openpgp_key')
    .selectAll()
    .where('fingerprint', '=', fingerprint)
    .executeTakeFirstOrThrow()
  if (kept.party !== party) return { ok: false, refusal: { code: 'ERR_ENROLL_KEY_TAKEN' } }
  if (Buffer.compare(kept.public_key, key) !== 0) return { ok: true, kept: keptOf(kept) }
  const { count } = await db
    .selectFrom('openpgp_key')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('party', '=', party)
    .where('certified_at', '>', now.subtract(HOUR).epochMilliseconds)
    .executeTakeFirstOrThrow()
  // What is thrown is undone.
  if (Number(count) > MOST_AN_HOUR)
    throw new MailError('ERR_ENROLL_TOO_OFTEN', `more than ${MOST_AN_HOUR} keys within an hour`)
  await db
    .insertInto('openpgp_address')
    .values(addresses.map((address) => ({ address, certified_at, fingerprint })))
    .execute()
  await record({
    at: now,
    account: party,
    door: 'mail',
    act: 'openpgp key certified',
    evidence: `${fingerprint} by ${evidence}`,
  })
  return { ok: true, kept: keptOf(kept) }
}

function keptOf({ fingerprint, party, version, certified_at, public_key }: KeyTable): KeptKey {
  return {
    fingerprint,
    party,
    version,
    certifiedAt: Temporal.Instant.fromEpochMilliseconds(Number(certified_at)),
    key: Uint8Array.from(public_key),
  }
}
