// The keys of people, as the authority certifies and keeps them, and its own two: one that GnuPG 2.2 reads, and one of RFC 9580.
import { MailError, type Refusal } from '@countersign/protocol'
import { admitKey } from '../keys/admit.ts'
import { revokeCertification } from '../keys/certify.ts'
import { describeKey } from '../keys/describe.ts'
import { makeHouseKey, secretHouseKey } from '../keys/house-key.ts'
import { wkdHash } from '../wkd/address.ts'
import { wkdAnswer } from '../wkd/answer.ts'
import type { CertificationRequest, HouseKeys, HouseKeysOptions, KeptKey, OpenPgpTransaction } from './model.ts'
import type { KeyTable } from './tables.ts'

type Version = 4 | 6
const VERSIONS: readonly Version[] = [6, 4]

/** As long as what is certified for S/MIME; whether the party still is who it was is asked each time. */
const LASTS: Temporal.Duration = Temporal.Duration.from({ hours: 365 * 24 })
/** Of the authority's own keys: as the root's. */
const AUTHORITY_LASTS: Temporal.Duration = Temporal.Duration.from({ hours: 10 * 365 * 24 })
/** What one party may have certified within an hour: every key is a row on the disk for ever. */
const MOST_AN_HOUR = 20
const HOUR: Temporal.Duration = Temporal.Duration.from({ hours: 1 })

/** Opens the keys of a house; those of the authority are made when they are first needed. */
export function openHouseKeys(options: HouseKeysOptions): HouseKeys {
  const { store, keyNamed, clock } = options
  const known = new Map<Version, Uint8Array>()
  const publicKeyOf = async (version: Version): Promise<Uint8Array> => {
    const octets = known.get(version) ?? (await ownKey(options, version))
    known.set(version, octets)
    return octets
  }
  const secretKeyOf = async (version: Version) => {
    const publicKey = await publicKeyOf(version)
    const ed25519 = keyNamed(nameOf(version), false)
    const secret = ed25519 && (await secretHouseKey(ed25519, publicKey).catch(onlyMail))
    // Of several authorities on one store, the one that made it has it; or a backup came back without keys.
    if (!secret)
      throw new MailError('ERR_AUTHORITY_NO_ISSUER', `the key ${nameOf(version)} of this authority is not here`)
    return secret
  }
  return {
    authorities: () => Promise.all(VERSIONS.map(publicKeyOf)),
    async certify(request) {
      const now = clock()
      try {
        const admitted = await admitKey({ ...request, authorityFor: secretKeyOf, now, until: now.add(LASTS) })
        return await store.commit((tx) => keep(tx, request, admitted, now))
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
    async revoked({ key, version }, address, at) {
      const authority = await secretKeyOf(version === 6 ? 6 : 4)
      return revokeCertification({ key, address, authority, now: at })
    },
  }
}

function onlyMail(error: unknown): undefined {
  if (!(error instanceof MailError)) throw error
}

function nameOf(version: Version): string {
  return `openpgp-${version}`
}

/** Of several authorities on one store, the key of the first that came is the key of all. */
async function ownKey(options: HouseKeysOptions, version: Version): Promise<Uint8Array> {
  const { store, keyNamed, organization, domain, clock } = options
  const find = async (db: OpenPgpTransaction['db']) =>
    (await db.selectFrom('openpgp_authority').select('public_key').where('version', '=', version).executeTakeFirst())
      ?.public_key
  const kept = await find(store.db)
  if (kept) return Uint8Array.from(kept)
  const now = clock()
  const ed25519 = keyNamed(nameOf(version), true)
  if (ed25519 === undefined) throw new TypeError('a new key was not made')
  const made = await makeHouseKey(ed25519, {
    profile: version === 6 ? 'modern' : 'legacy',
    userIds: [{ name: organization, address: `openpgp@${domain}` }],
    now,
    until: now.add(AUTHORITY_LASTS),
  })
  const { fingerprint } = await describeKey(made)
  return store.commit(async ({ db, record }) => {
    const row = { version, created_at: now.epochMilliseconds, public_key: made }
    await db
      .insertInto('openpgp_authority')
      .values(row)
      .onConflict((conflict) => conflict.doNothing())
      .execute()
    const first = await find(db)
    if (first === undefined) throw new TypeError('what was just written is not there')
    if (Buffer.compare(first, made) === 0)
      await record({ at: now, account: 'authority', door: 'mail', act: 'openpgp key made', evidence: fingerprint })
    return Uint8Array.from(first)
  })
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
