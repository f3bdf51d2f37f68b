// A door with people in a test: the house's own policy, locks, index and store, and a clock that is the test's.
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import {
  type Access,
  createLocks,
  createSessionIndex,
  createTrust,
  type Locks,
  type ReplaceableAccess,
  replaceableAccess,
  type SessionIndex,
  sideOf,
} from '@countersign/mtls'
import { compilePolicy, createDirectory, decide, readPolicy } from '@countersign/policy'
import type { Meeting } from '@countersign/protocol'
import { createIssuer, type Holder, issueLeaf } from '../../../../tools/testing/pki.ts'
import type { Ground } from '../../src/ground.ts'
import { createOpaqueServer } from '../../src/opaque/server.ts'
import { type DoorSecret, openSecret } from '../../src/secret.ts'
import { HOST } from './device.ts'
import { testFiles } from './secret.ts'
import { type TestStore, testStore } from './store.ts'

/** When each test begins. */
export const NOW: Temporal.Instant = Temporal.Instant.from('2026-11-27T12:00:00Z')

/** Who may come to the bank, and what moves money. */
export const RULES = `  - rule: customers reach the bank
    who: group:customers
    what: service:bank
    proof: [password]
  - rule: customers reach the bank by passkey
    who: group:customers
    what: service:bank
    proof: [passkey]
  - rule: customers move money
    who: group:customers
    what: service:transfers
    proof: [passkey < 15m]
`
const CUSTOMERS = ['carol', 'dave', 'erin']
/** Whom everybody here believes. */
export const root: Holder = createIssuer('Acme Root')
/** The door, as it proves itself. */
export const bank: Holder = issueLeaf(root, HOST, { names: [{ kind: 'dNSName', value: HOST }], purpose: 'serverAuth' })

/** One process of a door. */
export interface TestBank {
  readonly ground: Ground
  readonly store: TestStore
  readonly secret: DoorSecret
  readonly index: SessionIndex
  readonly records: Meeting[]
  readonly logged: { readonly event: string; readonly fields: Readonly<Record<string, unknown>> }[]
  readonly locks: Locks
  readonly access: ReplaceableAccess
  readonly time: TestTime
}

/** A clock that all processes of a test share. */
export interface TestTime {
  now(): Temporal.Instant
  pass(span: Temporal.DurationLike): void
}

/** Begins at {@link NOW}. */
export function testTime(): TestTime {
  let now = NOW
  return {
    now: () => now,
    pass(span) {
      now = now.add(span)
    },
  }
}

/** The access of rules, as the house makes it. */
export function accessOf(rules: string): Access {
  const read = readPolicy(`meet:\n${rules}`)
  assert.ok(read.ok, JSON.stringify(read))
  const policy = compilePolicy(read.rules, [
    { id: 'service:bank', labels: [] },
    { id: 'service:transfers', labels: [] },
  ])
  const directory = createDirectory(CUSTOMERS.map((id) => ({ id, kind: 'person', labels: ['group:customers'] })))
  return {
    decide({ caller: { name, party, identities }, callee, proofs, now, what = 'service:bank' }) {
      const who = directory.callerOf({ name, identities, ...(party !== undefined && { party }) })
      const seen = callee.identities.map(({ value }) => value)
      const counted = proofs.flatMap(({ kind, at }) => (kind === 'sms' ? [] : [{ kind, at }]))
      const decision = decide({ who, what, proofs: counted, seen, now }, policy)
      return decision.ok ? { ...decision, labels: [...who.labels].sort() } : { ...decision, missing: [] }
    },
    onChange: () => () => undefined,
  }
}

/** Opens one; `beside` shares its store, secret and clock with another, as a second process does. */
export async function testBank(t: TestContext, beside?: TestBank): Promise<TestBank> {
  const files = beside?.ground.files ?? testFiles(t)
  const secret = beside?.secret ?? (await openSecret(files, async () => undefined))
  const store = beside?.store ?? testStore(t)
  const time = beside?.time ?? testTime()
  const index = createSessionIndex('bank')
  const records: Meeting[] = []
  const logged: { event: string; fields: Readonly<Record<string, unknown>> }[] = []
  const locks = createLocks()
  const access = replaceableAccess(accessOf(RULES))
  const ground: Ground = {
    door: 'bank',
    host: HOST,
    access: locks.over(access),
    sessions: index,
    trust: createTrust({ anchors: [root.certificate], revocation: 'prefer', asOf: NOW }),
    clock: time.now,
    callee: () => sideOf(bank.certificate, 'bank', 'callee'),
    record: (meeting) => void records.push(meeting),
    log: (event, fields = {}) => void logged.push({ event, fields }),
    files,
    store: beside?.ground.store ?? store,
    secret,
    opaque: await createOpaqueServer(secret, HOST),
  }
  return { ground, store, secret, index, records, logged, locks, access, time }
}

/** Waits for what happens after this turn; fails where it does not. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let i = 0; i < 400; i++) {
    if (await holds()) return
    await wait(5)
  }
  assert.fail('it did not happen within two seconds')
}

/** An open account with devices that it knows. */
export async function addAccount(
  { store }: Pick<TestBank, 'store'>,
  account: string,
  devices: readonly { readonly id: string; readonly keys: object }[],
): Promise<void> {
  const at = NOW.epochMilliseconds
  await store.commit(async ({ db }) => {
    await db
      .insertInto('login_account')
      .values({
        account,
        door: 'bank',
        name: account,
        email: `${account}@mail.example`,
        record: 'record',
        totp_secret: null,
        of_password: 'sealed',
        opened_at: at,
      })
      .execute()
    for (const { id } of devices)
      await db
        .insertInto('login_device')
        .values({
          device: id,
          account,
          name: 'Chromium on Linux',
          of_device: 'sealed',
          how: 'set-up',
          is_phone: 0,
          added_at: at,
          last_seen_at: at,
          removed_at: null,
        })
        .execute()
  })
}
