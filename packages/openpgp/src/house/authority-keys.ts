// The authority's own keys, of version 6 and of version 4 which GnuPG 2.2 reads. Of each version the last certifies; those before
// it are known until they end, or are revoked, and all that count say of each other that they are the authority's.
import { MailError } from '@countersign/protocol'
import { introduceKey, revokeKey } from '../keys/authority-words.ts'
import { describeKey } from '../keys/describe.ts'
import { makeHouseKey, secretHouseKey } from '../keys/house-key.ts'
import { concat } from '../octets/reader.ts'
import type { AuthorityKey, AuthorityOutcome, HouseKeysOptions, OpenPgpTransaction } from './model.ts'
import type { AuthorityKeyTable } from './tables.ts'

export type Version = 4 | 6
const VERSIONS: readonly Version[] = [6, 4]

/** As the root's. */
const LASTS: Temporal.Duration = Temporal.Duration.from({ hours: 10 * 365 * 24 })
/** Of one version that have not ended: each is told to everybody with every answer. */
const MOST = 8

type Db = OpenPgpTransaction['db']

/** A key of the authority as it is kept. */
export interface KeptAuthorityKey extends Omit<AuthorityKeyTable, 'version'> {
  readonly version: Version
}

/** Those of one version. */
export interface KeysOfVersion {
  readonly all: readonly KeptAuthorityKey[]
  /** Of all the last: it certifies. */
  readonly active: KeptAuthorityKey
}

/** The authority's own keys. */
export interface AuthorityKeys {
  /** Those of a version, in the order in which they were made; the first is made when it is first asked for. */
  ofVersion(version: Version): Promise<KeysOfVersion>
  /** What is secret of one, in octets. @throws {MailError} where it is not here */
  secretOf(key: KeptAuthorityKey): Promise<Uint8Array>
  /** For a Web Key Directory; undefined where the address is not the authority's. */
  published(address: string): Promise<Uint8Array | undefined>
  /** Public, in octets: those that have not ended, revoked ones with their revocation. */
  told(): Promise<readonly Uint8Array[]>
  list(): Promise<readonly AuthorityKey[]>
  rollOver(request: { readonly by: string; readonly force: boolean }): Promise<AuthorityOutcome>
  revoke(request: { readonly fingerprint: string; readonly by: string }): Promise<AuthorityOutcome>
}

/** Opens them; they are asked for anew each time, since another authority on the same store may change them. */
export function openAuthorityKeys(options: HouseKeysOptions): AuthorityKeys {
  const { store, keyNamed, clock } = options

  const secretOf = async (key: KeptAuthorityKey) => {
    const name = nameOf(key)
    const ed25519 = keyNamed(name, false)
    const secret = ed25519 && (await secretHouseKey(ed25519, key.public_key).catch(onlyMail))
    // Of several authorities on one store, the one that made it has it; or a backup came back without keys.
    if (!secret) throw new MailError('ERR_AUTHORITY_NO_ISSUER', `the key ${name} of this authority is not here`)
    return secret
  }
  const ofVersion = async (version: Version): Promise<KeysOfVersion> => {
    const all = await rowsOf(store.db, version)
    const active = all.at(-1) ?? (await first(version))
    return { all: all.length === 0 ? [active] : all, active }
  }
  /** Of several authorities on one store, the key of the first that came is the key of all. */
  const first = async (version: Version): Promise<KeptAuthorityKey> => {
    const now = clock()
    const made = await makeKey(options, version, 1, now)
    const { fingerprint } = await describeKey(made.public_key)
    return store.commit(async ({ db, record }) => {
      if (await isAdded(db, made)) await record(entryOf(now, 'openpgp key made', fingerprint))
      const [kept] = await rowsOf(db, version)
      if (kept === undefined) throw new TypeError('what was just written is not there')
      return kept
    })
  }
  const ofBoth = () => Promise.all(VERSIONS.map(ofVersion))

  /** The next of a version, and those before it as they are from then on. */
  const nextOf = async (version: Version, force: boolean, now: Temporal.Instant) => {
    const rows = await rowsOf(store.db, version)
    const standing = rows.filter((row) => row.revoked_at === null && !hasEnded(row, now))
    if (rows.filter((row) => !hasEnded(row, now)).length >= MOST)
      throw new MailError('ERR_ADMIN_CONFLICT', `of version ${version} there are ${MOST} keys that have not ended`)
    const next = await makeKey(options, version, (rows.at(-1)?.generation ?? 0) + 1, now)
    const secret = await secretOf(next)
    const before: KeptAuthorityKey[] = []
    for (const row of standing) {
      const own = await secretOf(row).catch(onlyMail)
      if (own) next.public_key = await introduceKey({ key: next.public_key, by: own, now })
      else if (row === rows.at(-1) && !force)
        throw new MailError(
          'ERR_ISSUER_KEY_ELSEWHERE',
          `${nameOf(row)} is not here and cannot sign the new one: bring it back, or go on with force`,
        )
      before.push({ ...row, public_key: await introduceKey({ key: row.public_key, by: secret, now }) })
    }
    return { next, before }
  }

  return {
    ofVersion,
    secretOf,
    told: async () => {
      const now = clock()
      const rows = (await ofBoth()).flatMap(({ all }) => all)
      return rows.filter((row) => !hasEnded(row, now)).map(({ public_key }) => public_key)
    },
    async published(address) {
      if (address !== addressOf(options)) return undefined
      const now = clock()
      // A stranger has none made.
      const all = (await rowsOf(store.db, 4)).filter((row) => !hasEnded(row, now))
      const active = all.at(-1)
      const revoked = all.filter((row) => row.revoked_at !== null)
      return active && concat([active, ...revoked].map(({ public_key }) => public_key))
    },
    async list() {
      const now = clock()
      const both = await ofBoth()
      return Promise.all(both.flatMap(({ all, active }) => all.map((row) => describe(row, row === active, now))))
    },
    rollOver: ({ by, force }) =>
      refusing(async () => {
        const now = clock()
        const changes: Awaited<ReturnType<typeof nextOf>>[] = []
        for (const version of VERSIONS) changes.push(await nextOf(version, force, now))
        const made = await Promise.all(changes.map(({ next }) => describe(next, true, now)))
        await store.commit(async ({ db, record }) => {
          for (const { next, before } of changes) {
            if (!(await isAdded(db, next)))
              throw new MailError('ERR_ADMIN_CONFLICT', 'somebody else has just made new keys')
            for (const row of before) await change(db, row)
          }
          for (const { fingerprint } of made) await record(entryOf(now, 'openpgp key made', `${fingerprint} by ${by}`))
        })
        return made
      }),
    revoke: ({ fingerprint, by }) =>
      refusing(async () => {
        const now = clock()
        for (const version of VERSIONS) {
          const rows = await rowsOf(store.db, version)
          for (const row of rows) {
            if ((await describeKey(row.public_key)).fingerprint !== fingerprint.toLowerCase()) continue
            if (row.revoked_at !== null) throw new MailError('ERR_ADMIN_CONFLICT', 'this key is revoked already')
            if (row === rows.at(-1))
              throw new MailError('ERR_ISSUER_STATE', 'this key certifies: make another one first')
            const secret = await secretOf(row).catch(onlyMail)
            if (!secret)
              throw new MailError('ERR_ISSUER_KEY_ELSEWHERE', `${nameOf(row)} is not here, and nothing else revokes it`)
            const revoked = { ...row, revoked_at: now.epochMilliseconds, public_key: await revokeKey(secret, now) }
            await store.commit(async ({ db, record }) => {
              if (!(await change(db, revoked)))
                throw new MailError('ERR_ADMIN_CONFLICT', 'this key has just been revoked by somebody else')
              await record(entryOf(now, 'openpgp key revoked', `${fingerprint.toLowerCase()} by ${by}`))
            })
            return [await describe(revoked, false, now)]
          }
        }
        throw new MailError('ERR_ADMIN_NOT_FOUND', 'no OpenPGP key of the authority has this fingerprint')
      }),
  }

  async function describe(row: KeptAuthorityKey, isLast: boolean, now: Temporal.Instant): Promise<AuthorityKey> {
    const { version, public_key: key, revoked_at } = row
    const { fingerprint, createdAt } = await describeKey(key)
    const state = revoked_at !== null ? 'revoked' : hasEnded(row, now) ? 'ended' : isLast ? 'active' : 'retiring'
    const isHere = (await secretOf(row).catch(onlyMail)) !== undefined
    return { fingerprint, version, state, isHere, createdAt, endsAt: endOf(row), key }
  }
}

/** What is refused with words of its own; all else is a fault. */
async function refusing(work: () => Promise<readonly AuthorityKey[]>): Promise<AuthorityOutcome> {
  try {
    return { ok: true, keys: await work() }
  } catch (error) {
    if (!(error instanceof MailError)) throw error
    return { ok: false, refusal: { code: error.code, note: error.note } }
  }
}

async function makeKey(
  options: HouseKeysOptions,
  version: Version,
  generation: number,
  now: Temporal.Instant,
): Promise<KeptAuthorityKey> {
  const ed25519 = options.keyNamed(nameOf({ version, generation }), true)
  if (ed25519 === undefined) throw new TypeError('a new key was not made')
  const public_key = await makeHouseKey(ed25519, {
    profile: version === 6 ? 'modern' : 'legacy',
    userIds: [{ name: options.organization, address: addressOf(options) }],
    now,
    until: now.add(LASTS),
  })
  return { version, generation, created_at: now.epochMilliseconds, revoked_at: null, public_key }
}

async function rowsOf(db: Db, version: Version): Promise<readonly KeptAuthorityKey[]> {
  const rows = await db
    .selectFrom('openpgp_authority_key')
    .selectAll()
    .where('version', '=', version)
    .orderBy('generation')
    .execute()
  return rows.map((row) => ({
    version,
    generation: Number(row.generation),
    created_at: Number(row.created_at),
    revoked_at: row.revoked_at === null ? null : Number(row.revoked_at),
    public_key: Uint8Array.from(row.public_key),
  }))
}

/** Whether it is the first of its place. */
async function isAdded(db: Db, row: KeptAuthorityKey): Promise<boolean> {
  const { numInsertedOrUpdatedRows = 0n } = await db
    .insertInto('openpgp_authority_key')
    .values(row)
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirstOrThrow()
  return numInsertedOrUpdatedRows > 0n
}

/** One that is revoked stays as it is. */
async function change(db: Db, { version, generation, revoked_at, public_key }: KeptAuthorityKey): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('openpgp_authority_key')
    .set({ revoked_at, public_key })
    .where('version', '=', version)
    .where('generation', '=', generation)
    .where('revoked_at', 'is', null)
    .executeTakeFirstOrThrow()
  return numUpdatedRows > 0n
}

export function onlyMail(error: unknown): undefined {
  if (!(error instanceof MailError)) throw error
}

function addressOf({ domain }: HouseKeysOptions): string {
  return `openpgp@${domain}`
}

function nameOf({ version, generation }: Pick<KeptAuthorityKey, 'version' | 'generation'>): string {
  return generation === 1 ? `openpgp-${version}` : `openpgp-${version}-${generation}`
}

function endOf({ created_at }: KeptAuthorityKey): Temporal.Instant {
  return Temporal.Instant.fromEpochMilliseconds(created_at).add(LASTS)
}

function hasEnded(row: KeptAuthorityKey, now: Temporal.Instant): boolean {
  return Temporal.Instant.compare(endOf(row), now) <= 0
}

function entryOf(at: Temporal.Instant, act: string, evidence: string) {
  return { at, account: 'authority', door: 'mail', act, evidence }
}
