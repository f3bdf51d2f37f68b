// psql meets a database door: it asks for TLS as PostgreSQL's clients do, and reads a refusal as one of its errors.
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { after, before, suite, test } from 'node:test'
import { needs } from '../interop/peer.ts'
import { type Postgresql, startPostgresql } from '../interop/postgresql.ts'
import { type RunningHouse, startHouse } from './support/house.ts'
import { enrolled, type PartyFiles, runProgram, type Seen } from './support/peers.ts'

suite('psql through the TCP door', { ...needs('psql', 'postgresql'), ...needs('setpriv', 'util-linux') }, () => {
  let database: Postgresql
  let house: RunningHouse
  let alice: PartyFiles
  let bob: PartyFiles
  let port: number

  before(async () => {
    database = await startPostgresql()
    house = await startHouse({
      config: {
        authority: { listen: '127.0.0.1:0' },
        doors: [
          {
            name: 'db',
            kind: 'tcp',
            host: ['db.localhost'],
            listen: '127.0.0.1:0',
            upstream: `unix:${database.socket}`,
            speaks: 'postgresql',
            allow: ['alice'],
          },
          {
            name: 'gone',
            kind: 'tcp',
            host: ['db.localhost'],
            listen: '127.0.0.1:0',
            // Nobody listens on this port (RFC 6335 §6: it is reserved).
            upstream: '127.0.0.1:1',
            speaks: 'postgresql',
            allow: ['alice'],
          },
        ],
      },
    })
    port = Number(new URL(house.ready.doors[0]?.url ?? '').port)
    alice = await enrolled(house, 'alice')
    bob = await enrolled(house, 'bob')
  })
  after(async () => {
    await house?.[Symbol.asyncDispose]()
    await database?.[Symbol.asyncDispose]()
  })

  /** Asks with psql; `extra` are words of its connection string. */
  function psql(party: PartyFiles | { readonly trust: string }, query: string, extra = '', at = port): Promise<Seen> {
    const identity =
      'key' in party ? `sslcert=${party.certificate} sslkey=${party.key}` : 'sslcert=/nowhere sslkey=/nowhere'
    const words = `host=db.localhost hostaddr=127.0.0.1 port=${at} user=postgres dbname=postgres sslmode=verify-full sslrootcert=${party.trust} ${identity} ${extra}`
    return runProgram('psql', ['--no-psqlrc', '--tuples-only', '--no-align', '--command', query, words], {
      env: { HOME: '/nonexistent' },
    })
  }

  /** The reference in what psql printed is the one under which the house has the refusal. */
  async function refusedAs(seen: Seen, code: string): Promise<string> {
    assert.equal(seen.code, 2)
    const reference = /reference (M-[0-9A-Z]{4}-[0-9A-Z]{4})/.exec(seen.stderr)?.[1]
    assert.ok(reference, seen.stderr)
    await house.event((event) => event['reference'] === reference && event['code'] === code)
    return reference
  }

  test('whoever the door accepts reaches the database', async () => {
    const seen = await psql(alice, 'select 6 * 7')
    assert.equal(seen.stderr, '')
    assert.equal(seen.stdout, '42\n')
  })

  test('a database that is away: psql reads so, under the reference that tells its operator why', async () => {
    const gone = Number(new URL(house.ready.doors[1]?.url ?? '').port)
    const seen = await psql(alice, 'select 1', '', gone)
    assert.match(seen.stderr, /FATAL: {2}the service behind this door does not answer/)
    const [reference = ''] = /M-[0-9A-Z]{4}-[0-9A-Z]{4}/.exec(seen.stderr) ?? []
    const why = await house.run(['why', reference])
    assert.match(why.stdout, /^ {2}note +.*ECONNREFUSED 127\.0\.0\.1:1$/m)
  })

  test('meet and doctor meet a database door, by the protocol that it speaks', async () => {
    const met = await house.run(['meet', `db.localhost:${port}`, '--identity', alice.directory])
    assert.equal(met.code, 0, met.stdout)
    assert.match(met.stdout, /it speaks PostgreSQL, and the database answers/)
    const refused = await house.run(['meet', `db.localhost:${port}`, '--identity', bob.directory, '--json'])
    assert.equal(refused.code, 1, refused.stderr)
    const { meeting } = JSON.parse(refused.stdout)
    assert.equal(meeting.outcome.refusal.code, 'ERR_CALLER_NOT_ALLOWED')
    await house.event((event) => event['reference'] === meeting.reference && event['code'] === 'ERR_CALLER_NOT_ALLOWED')
    const gone = Number(new URL(house.ready.doors[1]?.url ?? '').port)
    const away = await house.run(['meet', `db.localhost:${gone}`, '--identity', alice.directory])
    assert.match(away.stdout, /the service behind this door does not answer/)
    const well = await house.run(['doctor', `db.localhost:${port}`, '--identity', alice.directory])
    assert.equal(well.code, 0, well.stdout)
    const ill = await house.run(['doctor', `db.localhost:${port}`, '--identity', bob.directory])
    assert.match(ill.stdout, /✘ door +you are who you say, and not on the list of this door/)
  })

  test('much goes both ways', async () => {
    const seen = await psql(alice, "select length(repeat('x', 20000000)), repeat('y', 5000000)")
    assert.equal(seen.stdout.length, '20000000|'.length + 5_000_000 + 1)
  })

  test('whoever is not on the list reads so, with the next step', async () => {
    const seen = await psql(bob, 'select 1')
    const reference = await refusedAs(seen, 'ERR_CALLER_NOT_ALLOWED')
    assert.match(seen.stderr, /FATAL: {2}you are who you say, and not on the list of this door/)
    assert.match(seen.stderr, /HINT: {2}ask its operator to allow you/)
    const why = await house.run(['why', reference])
    assert.match(why.stdout, /ERR_CALLER_NOT_ALLOWED/)
  })

  test('without a certificate', async () => {
    const seen = await psql({ trust: alice.trust }, 'select 1')
    await refusedAs(seen, 'ERR_CALLER_NO_CERTIFICATE')
    assert.match(seen.stderr, /FATAL: {2}no client certificate was presented/)
  })

  test('in clear: psql prints what to set, and nothing reaches the database', async () => {
    const seen = await psql(alice, 'select 1', 'sslmode=disable')
    assert.equal(seen.code, 2)
    assert.match(seen.stderr, /FATAL: {2}this door takes mutual TLS alone/)
    assert.match(seen.stderr, /HINT: {2}set sslmode=verify-full/)
  })

  test('psql refuses a door that proves another name', async () => {
    const seen = await psql(alice, 'select 1', 'host=other.localhost')
    assert.equal(seen.code, 2)
    assert.match(seen.stderr, /does not match host name "other.localhost"/)
  })

  test('a request to cancel in clear, and octets behind the request for TLS, end the connection', async () => {
    const cancel = Buffer.alloc(16)
    cancel.writeUInt32BE(16, 0)
    cancel.writeUInt32BE(80_877_102, 4)
    const stuffed = Buffer.concat([Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]), Buffer.from('select')])
    for (const octets of [cancel, stuffed]) {
      const socket = connect({ host: '127.0.0.1', port })
      let said = ''
      socket.on('data', (chunk) => {
        said += chunk.toString('latin1')
      })
      socket.on('error', () => socket.destroy())
      socket.write(octets)
      await new Promise((resolve) => socket.once('close', resolve))
      assert.equal(said, '')
    }
  })

  test('a query under way ends within a second when its party is revoked, and the next meeting says why', async () => {
    const waiting = psql(alice, 'select pg_sleep(30)')
    let open = 0
    while (open === 0) {
      const sessions = await house.run(['sessions', '--json'])
      open = (JSON.parse(sessions.stdout) as { sessions: { door: string }[] }).sessions.filter(
        ({ door }) => door === 'db',
      ).length
    }
    const started = performance.now()
    const revoked = await house.run(['revoke', 'alice', '--reason', 'keyCompromise', '--json'])
    assert.equal(revoked.code, 0, revoked.stderr)
    const seen = await waiting
    assert.ok(performance.now() - started < 10_000)
    assert.equal(seen.code, 2)
    assert.match(seen.stderr, /connection|reset|SSL/i)
    const next = await psql(alice, 'select 1')
    await refusedAs(next, 'ERR_CALLER_REVOKED')
    assert.match(next.stderr, /your certificate was revoked/)
  })
})
