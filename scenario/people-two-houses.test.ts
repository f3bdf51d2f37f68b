// Two houses on one PostgreSQL, each with the door of the bank: what counts once counts once in both, a sign-in goes on at the
// other between any two messages, also where the first is killed, and a lock at one ends the session at the other.
import assert from 'node:assert/strict'
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { type Postgresql, startPostgresql, withPostgresql } from '../interop/postgresql.ts'
import {
  type BankAddress,
  bankOf,
  codeOfRefusal,
  invitationOf,
  type NetworkCustomer,
  openLine,
  provePasswordOver,
  setUpOver,
  signInOver,
} from './support/customer.ts'
import { type RunningHouse, startHouse } from './support/house.ts'
import { BANK_DOOR } from './support/people.ts'

suite('two houses with one bank', withPostgresql, () => {
  let directory: string
  let database: Postgresql
  let config: object
  let houses: RunningHouse[]
  let banks: BankAddress[]
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'countersign-two-'))
    database = await startPostgresql()
    config = {
      authority: { listen: '127.0.0.1:0', store: database.url('postgres') },
      doors: [{ ...BANK_DOOR, people: { secret: join(directory, 'login.secret') } }],
    }
    houses = [await startIn('one')]
    // The second has the keys of the first, as an operator copies them.
    await mkdir(join(directory, 'other', 'countersign-data'), { recursive: true, mode: 0o700 })
    const keys = (house: string) => join(directory, house, 'countersign-data', 'authority')
    await cp(keys('one'), keys('other'), { recursive: true, filter: (path) => !path.endsWith('.sock') })
    houses.push(await startIn('other'))
    banks = await Promise.all(houses.map((house) => bankOf(house)))
  })
  after(async () => {
    for (const house of houses ?? []) await house[Symbol.asyncDispose]()
    await database?.[Symbol.asyncDispose]()
    await rm(directory, { recursive: true, force: true })
  })

  const startIn = async (name: string) => {
    await mkdir(join(directory, name), { recursive: true })
    return startHouse({ directory: join(directory, name), config })
  }
  const [one, other] = [0, 1].map((i) => () => banks[i] as BankAddress) as [() => BankAddress, () => BankAddress]
  const customer = async (account: string): Promise<NetworkCustomer> =>
    setUpOver(await openLine(one()), { account, invitation: await invitationOf(houses[0] as RunningHouse, account) })
  /** A second connection of the same device. */
  const lineOf = ({ line: { device } }: NetworkCustomer, bank: BankAddress) => openLine(bank, { device })

  test('a code raced by eight over both lets one in, and is worth nothing to any other', async () => {
    const carol = await customer('carol')
    const lines = await Promise.all([...Array(8).keys()].map((i) => lineOf(carol, i % 2 === 0 ? one() : other())))
    const signIns: string[] = []
    for (const line of lines) {
      const { signIn, finish } = await provePasswordOver(line, carol)
      await line.ask('finish', { signIn, finish })
      signIns.push(signIn)
    }
    const code = await carol.code()
    const answers = await Promise.all(lines.map((line, i) => line.send('code', { signIn: signIns[i], code })))
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, ...Array(7).fill(401)])
    const codes = answers.filter(({ status }) => status !== 200).map(({ body }) => JSON.parse(body).code)
    assert.deepEqual(new Set(codes), new Set(['ERR_PERSON_CREDENTIALS']))
    // Replayed, at either.
    for (const bank of [one(), other()]) {
      const line = await lineOf(carol, bank)
      const { signIn, finish } = await provePasswordOver(line, carol)
      await line.ask('finish', { signIn, finish })
      assert.equal(await codeOfRefusal(line.ask('code', { signIn, code })), 'ERR_PERSON_CREDENTIALS')
      line.close()
    }
    for (const line of lines) line.close()
  })

  test('one sign-in, whose code comes eight times at once, opens one session', async () => {
    const dave = await customer('dave')
    const lines = await Promise.all([...Array(8).keys()].map((i) => lineOf(dave, i % 2 === 0 ? one() : other())))
    const { signIn, finish } = await provePasswordOver(dave.line, dave)
    const finished = await Promise.all(lines.map((line) => line.send('finish', { signIn, finish })))
    assert.deepEqual(finished.map(({ status }) => status).sort(), [200, ...Array(7).fill(409)])
    const code = await dave.code()
    const answers = await Promise.all(lines.map((line) => line.send('code', { signIn, code })))
    assert.equal(answers.filter(({ status }) => status === 200).length, 1)
    for (const { status, body } of answers.filter((answer) => answer.status !== 200))
      assert.match(`${status} ${JSON.parse(body).code}`, /^(401 ERR_PERSON_CREDENTIALS|409 ERR_PERSON_STEP)$/)
    for (const line of lines) line.close()
  })

  test('a set-up and a sign-in go on at the other house, between any two messages', async () => {
    // A message here, a message there.
    let turn = 0
    const line = await openLine(one())
    const hopping = {
      ...line,
      ask: (...[name, body]: Parameters<typeof line.ask>) => {
        line.at(turn++ % 2 === 0 ? one() : other())
        return line.ask(name, body)
      },
    } as typeof line
    const invitation = await invitationOf(houses[1] as RunningHouse, 'erin')
    const erin = await setUpOver(hopping, { account: 'erin', invitation })
    await signInOver(erin)
    await signInOver(erin)
    assert.equal(turn, 5 + 2 * 4)
    for (const bank of [one(), other()]) {
      line.at(bank)
      assert.equal((await line.load('/accounts/current')).status, 200)
    }
  })

  test('a lock at one house ends the session at the other, and signing in again is refused there', async () => {
    const frank = await customer('frank')
    const { line } = frank
    line.at(other())
    await signInOver(frank)
    assert.equal((await line.load('/accounts/current')).status, 200)
    const [first] = houses
    assert.equal((await (first as RunningHouse).run(['lock', 'frank'])).code, 0)
    // An answer that is under way when the lock comes is cut: its connection is reset, as that of every session is.
    const load = () =>
      line.load('/accounts/current').catch((error: NodeJS.ErrnoException) => {
        assert.equal(error.code, 'ECONNRESET')
        return undefined
      })
    let loaded = await load()
    for (let i = 0; i < 80 && (loaded === undefined || loaded.status === 200); i++) {
      await delay(25)
      loaded = await load()
    }
    assert.equal(loaded?.status, 403)
    assert.match(loaded?.body ?? '', /ERR_POLICY_LOCKED/)
    const { signIn, finish } = await provePasswordOver(line, frank)
    await line.ask('finish', { signIn, finish })
    assert.match(await codeOfRefusal(line.ask('code', { signIn, code: await frank.code() })), /^ERR_POLICY_LOCKED$/)
  })

  test('killed between any two messages: the sign-in goes on at the other, and at the same once it is back', async () => {
    const grace = await customer('grace')
    const { line } = grace
    for (const last of ['begin', 'password', 'finish'] as const) {
      const crashing = {
        ...line,
        async ask(...[name, body]: Parameters<typeof line.ask>) {
          const answer = await line.ask(name, body)
          if (name !== last) return answer
          // What comes next comes to the other.
          await houses[0]?.stop('SIGKILL')
          line.at(other())
          return answer
        },
      } as typeof line
      line.at(one())
      const { signIn, finish } = await provePasswordOver(crashing, grace)
      assert.equal((await crashing.ask('finish', { signIn, finish })).next, 'code')
      houses[0] = await startIn('one')
      banks[0] = await bankOf(houses[0])
      line.at(one())
      // Codes are few: one of them goes the whole way, at the one that was killed.
      if (last !== 'finish') continue
      assert.deepEqual(await line.ask('code', { signIn, code: await grace.code() }), { next: 'done' })
      assert.equal((await line.load('/accounts/current')).status, 200)
    }
    await houses[0]?.stop('SIGKILL')
    line.at(other())
    assert.equal((await line.load('/accounts/current')).status, 200, 'a session outlives the house that opened it')
  })
})
