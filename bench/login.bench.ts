// Sign-ins at a bank: how many a second, and what each costs the server, beside the server's part of OPAQUE alone.
import { readFile } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import { client, ready, server } from '@serenity-kit/opaque'
import { type RunningHouse, startHouse } from '../scenario/support/house.ts'
import { print } from './measurement.ts'
import { type BankConnection, throughDoor } from './support/bank-calls.ts'
import { cpuSeconds } from './support/cpu.ts'
import { type BenchCustomer, openAccount, STEP_MS } from './support/customer.ts'

const CUSTOMERS = 150
const ROUNDS = 3
const AT_ONCE = 16
const BARE = 'OPAQUE alone, the server of a sign-in'

const bare = await bareOpaque()
print({ name: BARE, unit: 'ms of CPU', values: bare })

await using house = await startHouse({
  config: {
    authority: { listen: '127.0.0.1:0' },
    doors: [
      {
        ...{ name: 'bank', kind: 'web', host: 'bank.localhost', listen: '127.0.0.1:0', upstream: 'demo' },
        ...{ assertion: 'bank', people: {}, allow: ['*'] },
      },
    ],
  },
})
const door = house.ready.doors[0]
if (door === undefined) throw new Error('the house has no door')
const authority = `bank.localhost:${new URL(door.url).port}`
const trust = await readFile(house.ready.trust, 'utf8')
const connections: BankConnection[] = []
const customers: BenchCustomer[] = []
for (let n = 0; n < CUSTOMERS; n++) {
  const account = `customer-${n}`
  const connection = throughDoor(authority, trust, `127.1.${Math.floor(n / 250)}.${(n % 250) + 1}`)
  connections.push(connection)
  customers.push(await openAccount(connection, { account, invitation: await invited(house, account) }))
}
const rates: number[] = []
const costs: number[] = []
// A door runs for weeks: what is measured begins warm.
await nextStep()
for (const step of [0, 1] as const) await inTurns(customers, (customer) => customer.signIn(step))
for (let round = 0; round < ROUNDS; round++) {
  await nextStep()
  const [began, spent] = [performance.now(), cpuSeconds([house.ready.pid])]
  await inTurns(customers, (customer) => customer.signIn(1))
  rates.push((CUSTOMERS / (performance.now() - began)) * 1000)
  costs.push(((cpuSeconds([house.ready.pid]) - spent) / CUSTOMERS) * 1000)
}
for (const connection of connections) connection.close()
print({ name: `sign-ins, ${AT_ONCE} at once`, unit: 'per second', values: rates })
print({
  ...{ name: 'a sign-in: four calls over TLS, proofs, rows, a record', unit: 'ms of CPU', values: costs },
  ...{ baselines: [BARE], goal: '≤ 2 × OPAQUE alone' },
})

/** A code counts once, so that whoever signs in again needs the next one. @see RFC 6238 §5.2 */
async function nextStep(): Promise<void> {
  await delay(STEP_MS + 500 - (Date.now() % STEP_MS))
}

/** KE1 to KE2, and KE3, as the library does them, in turns with nothing else. */
async function bareOpaque(): Promise<number[]> {
  await ready
  const serverSetup = server.createSetup()
  const password = 'a blue horse'
  const keyStretching = { 'argon2id-custom': { iterations: 1, memory: 8, parallelism: 1 } }
  const { clientRegistrationState, registrationRequest } = client.startRegistration({ password })
  const { registrationResponse } = server.createRegistrationResponse({
    ...{ serverSetup, userIdentifier: 'carol', registrationRequest },
  })
  const { registrationRecord } = client.finishRegistration({
    ...{ password, clientRegistrationState, registrationResponse, keyStretching },
  })
  const values: number[] = []
  for (let round = 0; round < 5; round++) {
    let microseconds = 0
    for (let i = 0; i < 100; i++) {
      const { clientLoginState, startLoginRequest } = client.startLogin({ password })
      const first = process.cpuUsage()
      const { loginResponse, serverLoginState } = server.startLogin({
        ...{ serverSetup, userIdentifier: 'carol', registrationRecord, startLoginRequest },
      })
      const { user, system } = process.cpuUsage(first)
      const done = client.finishLogin({ password, clientLoginState, loginResponse, keyStretching })
      if (done === undefined) throw new Error('OPAQUE does not agree with itself')
      const second = process.cpuUsage()
      server.finishLogin({ serverLoginState, finishLoginRequest: done.finishLoginRequest })
      const after = process.cpuUsage(second)
      microseconds += user + system + after.user + after.system
    }
    values.push(microseconds / 100 / 1000)
  }
  return values
}

/** Answers the token of an invitation. */
async function invited({ data }: RunningHouse, party: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const sent = request(
    {
      ...{ socketPath: join(data, 'admin.sock'), path: '/v1/accounts/invitations', method: 'POST' },
      headers: { 'Content-Type': 'application/json' },
    },
    (answer) => {
      text(answer).then(
        (said) => (answer.statusCode === 200 || answer.statusCode === 201 ? resolve(said) : reject(new Error(said))),
        reject,
      )
    },
  )
  sent.on('error', reject)
  sent.end(JSON.stringify({ party, door: 'bank' }))
  const { url } = JSON.parse(await promise) as { url: string }
  return new URL(url).hash.slice(1)
}

async function inTurns<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  const waiting = [...items]
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item)
    }),
  )
}
