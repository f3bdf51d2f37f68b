// People who sign in at web doors of the house: login at each such door, and their accounts in the store of the authority.
import type { Accounts, HouseSecret, StorePart } from '@countersign/authority'
import type { CheckPerson, OpenPeople } from '@countersign/gateway'
import type { AccountsOfDoor, LoginService, LoginStore } from '@countersign/login'
import { LOGIN_PART } from '@countersign/login/store'
import type { OwnIdentity, Trust } from '@countersign/mtls'

/** The people of a house. */
export interface HousePeople {
  /** What the store keeps of them. */
  readonly parts: readonly StorePart[]
  /** What the API of the authority is asked to do with their accounts. */
  readonly accounts: Accounts
  /** Those of the doors, which are in no store: what a backup has to hold besides. */
  secrets(): readonly HouseSecret[]
  /** Says where accounts are kept; before the first door opens. */
  keptIn(store: LoginStore): void
  /** For each door that has people. */
  readonly open: OpenPeople
  /** Checks passwords with codes of one of them, for a door of another kind. It may open later. */
  checkPerson(door: string): CheckPerson
  /** Says where browsers find a door that has opened; nothing of a door without people. */
  stands(door: string, address: string): void
}

interface PeopleOfDoor {
  readonly accounts: AccountsOfDoor
  readonly secretFile: LoginService['secretFile']
  readonly check: LoginService['checkPasswordAndCode']
  /** As in `https://bank.localhost:8444`. */
  address: string
}

/** Makes it; nobody can sign in before a door has opened. */
export function createHousePeople(): HousePeople {
  const doors = new Map<string, PeopleOfDoor>()
  let kept: LoginStore | undefined
  return {
    parts: [LOGIN_PART],
    accounts: accountsOf(doors),
    secrets: () =>
      [...doors].map(([door, { secretFile }]) => ({ ...secretFile, name: `doors/${door}/${secretFile.name}` })),
    keptIn(store) {
      kept = store
    },
    async open({ host, recoveryHours, secret, mail, sms }, { identity, ...house }) {
      if (kept === undefined) throw new TypeError('people cannot sign in at a house without accounts')
      const { openLogin } = await import('@countersign/login')
      const config = {
        host,
        ...(recoveryHours !== undefined && { recoveryHours }),
        ...(secret !== undefined && { secret }),
        ...(mail && { mail: await mailOf(mail) }),
        ...(sms && { sms: { ...sms, identity: withTrust(identity, house.trust) } }),
      }
      const login = await openLogin(config, { ...house, store: kept })
      const { find, accounts, secretFile, upstream, close, checkPasswordAndCode: check } = login
      doors.set(house.door, { accounts, secretFile, check, address: `https://${host[0]}` })
      return {
        find,
        upstream,
        async close() {
          doors.delete(house.door)
          await close()
        },
      }
    },
    checkPerson: (name) => async (given) => {
      const door = doors.get(name)
      if (door === undefined) throw new TypeError(`nobody signs in at ${name} now`)
      const { PersonRefusal } = await import('@countersign/login')
      try {
        return { ok: true, proofs: await door.check(given) }
      } catch (error) {
        if (!(error instanceof PersonRefusal)) throw error
        const { code, circumstances } = error
        return { ok: false, code, ...(circumstances.note !== undefined && { note: circumstances.note }) }
      }
    },
    stands(name, address) {
      const door = doors.get(name)
      if (door !== undefined) door.address = address
    },
  }
}

/** The door as a client, who believes whom the door believes. */
function withTrust(identity: OwnIdentity, trust: Trust): OwnIdentity & { readonly trust: Trust } {
  return { current: () => identity.current(), onChange: (listener) => identity.onChange(listener), trust }
}

/** With the password itself, where the configuration says where it is. @throws {AuthorityError} (rejects) where it cannot be read. */
async function mailOf({
  url,
  from,
  password,
}: {
  readonly url: string
  readonly from: string
  readonly password?: string
}) {
  if (password === undefined) return { url, from }
  const { readSecret } = await import('@countersign/authority')
  return { url, from, password: readSecret(password) }
}

const NOBODY = { code: 'ERR_ADMIN_NOT_FOUND', note: 'at this door nobody signs in' } as const

const NOT_INVITED = {
  'has an account': {
    code: 'ERR_ADMIN_CONFLICT',
    note: 'somebody has an account of this name; where its owner has lost everything, invite again (again, --again), and say by what they have proved who they are',
  },
  'has none': { code: 'ERR_ADMIN_NOT_FOUND', note: 'there is no account of this name here to be set up anew' },
} as const

/** All accounts of the house, door by door. */
function accountsOf(doors: ReadonlyMap<string, PeopleOfDoor>): Accounts {
  return {
    async invite({ party, door: name, email, ttlSeconds, again: isAgain, proofed }) {
      const door = doors.get(name)
      if (door === undefined) return { ok: false, refusal: NOBODY }
      const invited = await door.accounts.invite({ account: party, email, ttlSeconds, isAgain, proofed })
      if (!invited.ok) return { ok: false, refusal: NOT_INVITED[invited.reason] }
      return { ok: true, url: `${door.address}${invited.path}`, expiresAt: invited.expiresAt }
    },

    async list({ door: asked, account, limit, after }) {
      if (asked !== undefined && !doors.has(asked)) return { ok: false, refusal: NOBODY }
      const names = asked === undefined ? [...doors.keys()].sort() : [asked]
      const found: Awaited<ReturnType<AccountsOfDoor['list']>>[number][] = []
      for (const name of names) {
        if (after !== undefined && name < after.door) continue
        // One more than is told: whether there is another page.
        const more = limit + 1 - found.length
        if (more <= 0) break
        const beyond = after?.door === name ? after.account : undefined
        found.push(...((await doors.get(name)?.accounts.list({ limit: more, after: beyond, account })) ?? []))
      }
      const page = found.slice(0, limit)
      const last = found.length > limit ? page.at(-1) : undefined
      return { ok: true, found: page, ...(last && { next: { door: last.door, account: last.account } }) }
    },

    async removeDevice({ door: name, account, device }) {
      const door = doors.get(name)
      if (door === undefined) return { ok: false, refusal: NOBODY }
      if (await door.accounts.removeDevice({ account, device })) return { ok: true }
      return { ok: false, refusal: { code: 'ERR_ADMIN_NOT_FOUND', note: 'no account has this device' } }
    },

    async of(db, party, at) {
      const { doorsOfAccount } = await import('@countersign/login')
      return doorsOfAccount(db(LOGIN_PART.name), party, at)
    },

    async revoke(part, { party: account, ...revoked }) {
      const { revokeAccount } = await import('@countersign/login')
      await revokeAccount(part(LOGIN_PART.name), { account, ...revoked })
    },
  }
}
