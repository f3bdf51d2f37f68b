// People in a whole house: a door where they sign in, their accounts in the store of the authority, and what operators do.
import assert from 'node:assert/strict'
import { chmod, mkdtemp, readFile, rename, rm, stat } from 'node:fs/promises'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import type { Authority } from '@countersign/authority'
import type { LoginStore } from '@countersign/login'
import type { Config } from '../src/config/model.ts'
import { STANDARD_CONFIG } from '../src/config/standard.ts'
import { failureOf } from '../src/failure-of.ts'
import { type OpenHouse, openHouse } from '../src/house/open-house.ts'
import { main } from '../src/main.ts'
import { fakeAround } from './support/around.ts'

const LISTEN = { host: '127.0.0.1', port: 0 }
const WEB = { kind: 'web', listen: LISTEN, allow: ['*'], revocation: 'require' } as const
const bank = (name = 'bank') =>
  ({ ...WEB, name, host: [`${name}.localhost`], upstream: 'bank', assertion: name, people: {} }) as const

/** A directory with a house in it, which is opened again and again. */
async function placeOf(t: TestContext, doors: Config['doors'] = [bank()]) {
  const directory = await mkdtemp(join(tmpdir(), 'countersign-people-'))
  const data = join(directory, 'countersign-data')
  const open: OpenHouse[] = []
  t.after(async () => {
    for (const house of open) await house.close(0)
    await rm(directory, { recursive: true })
  })
  return {
    data,
    async open(more: Partial<Config> = {}) {
      const house = await openHouse({
        config: { ...STANDARD_CONFIG, authority: { ...STANDARD_CONFIG.authority, listen: LISTEN }, doors, ...more },
        data,
        clock: () => Temporal.Now.instant(),
        log: () => undefined,
        onMeeting: () => undefined,
        failpoint: undefined,
      })
      open.push(house)
      return {
        house,
        async close() {
          open.splice(open.indexOf(house), 1)
          await house.close(0)
        },
      }
    },
    async run(...words: readonly string[]) {
      const around = fakeAround({ cwd: directory, clock: () => Temporal.Now.instant() })
      return { code: await main([...words], around), stdout: around.stdout, stderr: around.stderr.join('\n') }
    },
  }
}

/** Asks a door as a browser does that nobody has signed in with. */
async function ask(data: string, url: string, headers: Readonly<Record<string, string>> = {}) {
  const ca = await readFile(join(data, 'root.pem'))
  const { promise, resolve, reject } = Promise.withResolvers<{
    status: number
    location: string | undefined
    text: string
  }>()
  const { hostname, port, pathname, search } = new URL(url)
  const options = { host: '127.0.0.1', port, path: `${pathname}${search}`, servername: hostname, ca, agent: false }
  request({ ...options, headers: { host: `${hostname}:${port}`, ...headers } }, (response) => {
    let text = ''
    response.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
    })
    response.on('end', () => resolve({ status: response.statusCode ?? 0, location: response.headers.location, text }))
  })
    .on('error', reject)
    .end()
  return promise
}

/** Of the one door that it has. */
function addressOf({ ready }: OpenHouse): string {
  const [door = assert.fail('there is a door')] = ready.doors
  return `https://bank.localhost:${new URL(door.url).port}`
}

const PAGE = { accept: 'text/html', 'sec-fetch-mode': 'navigate' }

/** Opens an account as a browser would have, with one device. */
async function openAccount(authority: Authority | undefined, account: string, device: string): Promise<void> {
  const store: LoginStore = (authority ?? assert.fail()).part('login')
  const at = Temporal.Now.instant()
  const ms = at.epochMilliseconds
  await store.commit(async ({ db, record }) => {
    const row = { account, door: 'bank', name: account, email: null, record: 'r', totp_secret: null, of_password: 'o' }
    await db
      .insertInto('login_account')
      .values({ ...row, opened_at: ms })
      .execute()
    const keys = { of_device: null, how: 'set-up', is_phone: 0 }
    const times = { added_at: ms, last_seen_at: ms, removed_at: null }
    await db
      .insertInto('login_device')
      .values({ device, account, name: 'Chromium on Linux', ...keys, ...times })
      .execute()
    await record({ at, account, door: 'bank', act: 'opened', evidence: 'a test' })
  })
}

const DEVICE = 'd'.repeat(43)

suite('people in a house', () => {
  test('are invited to the address of the door, whose page anybody can open, and nothing else', async (t) => {
    const place = await placeOf(t)
    const { house } = await place.open()
    const address = addressOf(house)
    const { code, stdout, stderr } = await place.run(
      'invite',
      'carol',
      '--account',
      'bank',
      '--email',
      'c@acme.example',
    )
    assert.equal(code, 0, stderr)
    const [url = '', more] = stdout
    assert.equal(more, undefined)
    assert.ok(url.startsWith(`${address}/login/set-up#`), `${url} at ${address}`)
    assert.equal(Buffer.from(new URL(url).hash.slice(1), 'base64url').length, 32)
    assert.equal((await ask(place.data, `${address}/login/set-up`, PAGE)).status, 200)
    const away = await ask(place.data, `${address}/accounts?all`, PAGE)
    assert.deepEqual([away.status, away.location], [303, '/login/?to=%2Faccounts%3Fall'])
    const refused = await ask(place.data, `${address}/accounts`, { accept: 'application/json' })
    assert.equal(refused.status, 401)
    assert.equal(JSON.parse(refused.text).code, 'ERR_PERSON_NOT_SIGNED_IN')
    const party = await place.run('party', 'list', '--kind', 'person')
    assert.match(party.stdout.join('\n'), /^carol +person/m)
    const events = (await place.run('events', '--json')).stdout.map((line) => JSON.parse(line))
    const acts = events.filter(({ kind }) => kind === 'account')
    assert.ok(acts.every(({ account, door: at, act }) => account === 'carol' && at === 'bank' && act === 'invited'))
    assert.ok(!stdout.concat(JSON.stringify(events)).slice(1).join().includes(new URL(url).hash.slice(1)))
  })

  test('have accounts in the store of the authority, from one start to the next', async (t) => {
    const place = await placeOf(t, [{ ...bank(), upstream: 'bank' }, bank('shop')])
    const first = await place.open()
    for (const account of ['carol', 'bob', 'dan'])
      await openAccount(first.house.authority, account, account.padEnd(43, '-'))
    const taken = await place.run('invite', 'carol', '--account', 'bank')
    assert.equal(taken.code, 1)
    assert.match(taken.stderr, /somebody has an account of this name.*ERR_ADMIN_CONFLICT/s)
    await first.close()
    await place.open()
    const names = async (...more: readonly string[]) =>
      (await place.run('account', 'list', '--json', ...more)).stdout.map((line) => JSON.parse(line).account)
    assert.deepEqual(await names(), ['bob', 'carol', 'dan'])
    assert.deepEqual(await names('--door', 'bank'), ['bob', 'carol', 'dan'])
    assert.deepEqual(await names('--door', 'shop'), [])
    const shown = (await place.run('show', 'carol')).stdout.join('\n')
    assert.match(
      shown,
      /^account {2}carol at bank\nopened .+\nseen .+\ndevice .+ {2}carol-{38}\nways {5}password\ncodes {4}0 for recovery$/m,
    )
    assert.doesNotMatch(shown, /bob|dan/)
    const removed = await place.run('account', 'remove-device', 'bank', 'carol', 'carol'.padEnd(43, '-'))
    assert.equal(removed.code, 0, removed.stderr)
    for (const [door, account] of [
      ['bank', 'carol'],
      ['shop', 'bob'],
      ['hello', 'bob'],
    ] as const) {
      const again = await place.run('account', 'remove-device', door, account, account.padEnd(43, '-'))
      assert.equal(again.code, 1, `${door} ${account}`)
      assert.match(again.stderr, /ERR_ADMIN_NOT_FOUND/)
    }
    assert.match((await place.run('account', 'list')).stdout.join('\n'), /^carol +bank +.+ none$/m)
    const locked = await place.run('lock', 'carol')
    assert.equal(locked.code, 0, locked.stderr)
  })

  test('sign in by a secret that is the door’s: made once, private, and missed where there are accounts', async (t) => {
    const place = await placeOf(t)
    const secret = join(place.data, 'doors', 'bank', 'login.secret')
    const first = await place.open()
    assert.equal((await stat(secret)).mode & 0o777, 0o600)
    const made = await readFile(secret, 'utf8')
    await openAccount(first.house.authority, 'carol', DEVICE)
    await first.close()
    const again = await place.open()
    assert.equal(await readFile(secret, 'utf8'), made)
    await again.close()
    await chmod(secret, 0o644)
    await assert.rejects(place.open(), /login\.secret/)
    await chmod(secret, 0o600)
    const elsewhere = join(place.data, 'elsewhere')
    await rename(secret, elsewhere)
    await assert.rejects(place.open(), (error) => {
      const failure = failureOf(error) ?? assert.fail('it is no bug of ours')
      assert.deepEqual([failure.exit, failure.code], [3, 'ERR_LOGIN_SECRET'])
      assert.match(failure.message, /login\.secret is not there/)
      return true
    })
    await place.open({ doors: [{ ...bank(), people: { secret: elsewhere } }] })
  })

  test('sign in nowhere in a house without them, whose store has no tables for that', async (t) => {
    const place = await placeOf(t, [{ ...WEB, name: 'bank', host: ['bank.localhost'], upstream: 'demo' }])
    const { house } = await place.open()
    const invited = await place.run('invite', 'carol', '--account', 'bank')
    assert.equal(invited.code, 1)
    assert.match(invited.stderr, /ERR_ADMIN_NOT_FOUND/)
    assert.throws(() => house.authority?.part('login'), TypeError)
    assert.equal((await ask(place.data, `${addressOf(house)}/login/`, PAGE)).status, 403)
  })
})
