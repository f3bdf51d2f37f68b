// Doors in another process than their authority: they follow its feed, go on when it is away, and catch up when it is back.
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { connect, type TLSSocket } from 'node:tls'
import { needs } from '../interop/peer.ts'
import { type RunningHouse, startHouse } from './support/house.ts'
import { curl, enrolled, type PartyFiles, runProgram } from './support/peers.ts'

interface Receipt {
  readonly cuts: readonly { readonly door: string; readonly reference: string; readonly lastOctetAt: string }[]
  readonly confirmed: readonly string[]
  readonly unconfirmed: readonly string[]
}

suite('a house that joins an authority elsewhere', needs('curl', 'curl'), () => {
  let home: string
  let authority: RunningHouse
  let gate: RunningHouse
  let scratch: string
  const people: Record<string, PartyFiles> = {}
  const CONFIG = { authority: { listen: '127.0.0.1:0' }, doors: [] }

  before(async () => {
    home = await mkdtemp(join(tmpdir(), 'countersign-authority-'))
    scratch = await mkdtemp(join(tmpdir(), 'countersign-gate-'))
    authority = await startHouse({ config: CONFIG, directory: home })
    for (const party of ['alice', 'bob', 'carol', 'dave']) people[party] = await enrolled(authority, party)
    const { directory } = await enrolled(authority, 'door/gate-1', ['--profile', 'service', '--san', 'shop.localhost'])
    gate = await startHouse({
      config: {
        join: directory,
        doors: [
          {
            name: 'shop',
            kind: 'web',
            host: ['shop.localhost'],
            listen: '127.0.0.1:0',
            upstream: 'demo',
            allow: ['*'],
          },
        ],
      },
      directory: scratch,
    })
    await gate.event(({ event }) => event === 'feed.connected')
  })
  after(async () => {
    await gate?.stop('SIGKILL')
    await authority?.stop('SIGKILL')
    await rm(home, { recursive: true, force: true })
    await rm(scratch, { recursive: true, force: true })
  })

  const doorPort = () => Number(new URL(gate.ready.doors[0]?.url ?? '').port)
  const visit = (party: string) =>
    curl(people[party] as PartyFiles, ['--resolve', `shop.localhost:${doorPort()}:127.0.0.1`], {
      url: `https://shop.localhost:${doorPort()}/`,
    })

  /** An open connection of `party`, idle after its handshake. */
  async function open(party: string): Promise<TLSSocket> {
    const { key, certificate, trust } = people[party] as PartyFiles
    const [pem, ca] = [readFileSync(certificate), readFileSync(trust)]
    const socket = connect({
      host: '127.0.0.1',
      port: doorPort(),
      servername: 'shop.localhost',
      key: readFileSync(key),
      cert: pem,
      ca,
    })
    socket.on('error', () => socket.destroy())
    await new Promise((resolve) => socket.once('secureConnect', resolve))
    await gate.event((event) => event['event'] === 'meeting' && event['caller'] === party && event['ok'] === true)
    return socket
  }
  const closed = (socket: TLSSocket) =>
    new Promise<void>((resolve) => (socket.destroyed ? resolve() : socket.once('close', () => resolve())))
  const revoke = async (party: string): Promise<Receipt> => {
    const done = await authority.run(['revoke', party, '--reason', 'keyCompromise', '--json'])
    assert.equal(done.code, 0, done.stderr)
    return JSON.parse(done.stdout) as Receipt
  }
  /** A record may still be on its way. */
  const whyAtLast = async (reference: string) => {
    let why = await authority.run(['why', reference])
    for (let i = 0; i < 50 && why.code !== 0; i++) why = await authority.run(['why', reference])
    return why
  }

  test('lets in whom its authority vouches for, and refuses whom it does not', async () => {
    assert.equal((await visit('alice')).status, 200)
    const nobody = await curl(
      { trust: people['alice']?.trust ?? '' },
      ['--resolve', `shop.localhost:${doorPort()}:127.0.0.1`],
      { url: `https://shop.localhost:${doorPort()}/` },
    )
    assert.equal(nobody.status, 403)
  })

  test('a caller with its leaf alone comes in: its issuer is that of the house too', async () => {
    const alice = people['alice'] as PartyFiles
    const certificate = join(scratch, 'leaf.pem')
    const [leaf = ''] = readFileSync(alice.certificate, 'utf8').split(/(?<=-----END CERTIFICATE-----\n)/)
    writeFileSync(certificate, leaf)
    people['alone'] = { ...alice, certificate }
    assert.equal((await visit('alone')).status, 200)
  })

  test('questions are for its authority: who asks here is told so', async () => {
    const { code, stderr } = await gate.run(['sessions'])
    assert.equal(code, 4)
    assert.match(stderr, /the house here joins an authority elsewhere: ask that one, with --authority URL/)
    assert.doesNotMatch(stderr, /countersign up/)
  })

  test('doors of other names than its certificate: the invitation that has all of them', async () => {
    const door = { kind: 'web', listen: '127.0.0.1:0', upstream: 'demo', allow: ['*'] }
    const doors = [
      { ...door, name: 'shop', host: 'shop.localhost' },
      { ...door, name: 'db', host: 'db.localhost' },
    ]
    const file = join(scratch, 'two.yaml')
    writeFileSync(file, JSON.stringify({ join: join(home, 'parties', 'door', 'gate-1'), doors }))
    const { code, stderr } = await gate.run(['up', '--config', file, '--data', join(scratch, 'two')])
    assert.equal(code, 3, stderr)
    assert.match(stderr, /door db must prove db\.localhost/)
    assert.match(stderr, /--profile service --san shop\.localhost --san db\.localhost/)
  })

  test('its meetings and sessions are seen at the authority', async () => {
    const socket = await open('bob')
    const sessions = JSON.parse((await authority.run(['sessions', '--json'])).stdout) as {
      sessions: { door: string; caller: string; reference: string }[]
    }
    const session = sessions.sessions.find(({ caller }) => caller === 'bob')
    assert.equal(session?.door, 'door/gate-1:shop')
    const why = await authority.run(['why', session?.reference ?? ''])
    assert.equal(why.code, 0, why.stderr)
    assert.match(why.stdout, /at door\/gate-1:shop/)
    // The door has said that it needs the list, which is the first thing to run out.
    const budget = JSON.parse((await authority.run(['outage-budget', '--json'])).stdout)
    assert.deepEqual([budget.failures[0].cause, budget.failures[0].doors], ['list', ['door/gate-1:shop']])
    socket.destroy()
  })

  test(
    'a stranger whose certificate claims more than a record holds is refused and recorded, and the feed goes on',
    needs('openssl', 'openssl'),
    async () => {
      const before = gate.events.length
      const [key, certificate] = [join(scratch, 'stranger.key'), join(scratch, 'stranger.pem')]
      const names = [
        'URI:https://stranger.example/'.padEnd(3_000, 'a'),
        ...Array.from({ length: 300 }, () => 'DNS:a.example'),
      ]
      const made = await runProgram('openssl', [
        ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=stranger'],
        ...['-keyout', key, '-out', certificate, '-addext', `subjectAltName=${names.join(',')}`],
      ])
      assert.equal(made.code, 0, made.stderr)
      people['stranger'] = { directory: scratch, key, certificate, trust: people['alice']?.trust ?? '' }
      const seen = JSON.parse((await visit('stranger')).body) as { code: string; reference: string }
      assert.equal(seen.code, 'ERR_CALLER_UNKNOWN_ISSUER')
      // Behind it in the same line.
      const after = await visit('alice')
      assert.equal(after.status, 200)
      assert.match((await whyAtLast(seen.reference)).stdout, /ERR_CALLER_UNKNOWN_ISSUER/)
      const ended = gate.events.slice(before).filter(({ event }) => String(event).startsWith('feed.'))
      assert.deepEqual(ended, [])
    },
  )

  test('a revocation cuts there at once, and the receipt says that it did', async () => {
    const socket = await open('bob')
    const started = performance.now()
    const receipt = await revoke('bob')
    await closed(socket)
    assert.ok(performance.now() - started < 3_000)
    assert.ok(receipt.confirmed.includes('door/gate-1'), JSON.stringify(receipt))
    assert.ok(receipt.cuts.some(({ door }) => door === 'door/gate-1:shop'))
    const next = await visit('bob')
    assert.equal(next.status, 403)
    assert.equal((JSON.parse(next.body) as { code: string }).code, 'ERR_CALLER_REVOKED')
  })

  test('who is no door may not follow', async () => {
    const port = new URL(authority.ready.authority.url).port
    const name = new URL(authority.ready.authority.url).hostname
    const asked = [
      '--resolve',
      `${name}:${port}:127.0.0.1`,
      '--http1.1',
      '-H',
      'Connection: Upgrade',
      '-H',
      'Upgrade: countersign-feed',
    ]
    const seen = await curl(people['alice'] as PartyFiles, asked, { url: `https://${name}:${port}/v1/feed` })
    assert.equal(seen.status, 403)
    assert.equal((JSON.parse(seen.body) as { code: string }).code, 'ERR_FEED_FORBIDDEN')
  })

  test('the authority is killed: the door goes on, says how long, and catches up with what was revoked meanwhile', async () => {
    const socket = await open('carol')
    await authority.stop('SIGKILL')
    const away = await gate.event(({ event }) => event === 'feed.away')
    assert.match(String(away['statusHoldsUntil']), /^\d{4}-\d\d-\d\dT/)
    assert.equal((await visit('alice')).status, 200)
    assert.equal(socket.destroyed, false)
    // The door is away while the authority revokes: it learns of it when it is back.
    const paused = gate.process.kill('SIGSTOP')
    assert.ok(paused)
    authority = await startHouse({ config: CONFIG, directory: home })
    const receipt = await revoke('carol')
    assert.deepEqual(receipt.cuts, [])
    gate.process.kill('SIGCONT')
    await closed(socket)
    const next = await visit('carol')
    assert.equal((JSON.parse(next.body) as { code: string }).code, 'ERR_CALLER_REVOKED')
  })

  test('the door is killed and starts without its authority: what it knew holds, and what it met is told later', async () => {
    await revoke('dave')
    await gate.stop('SIGKILL')
    await authority.stop('SIGKILL')
    gate = await startHouse({
      directory: scratch,
      config: JSON.parse(readFileSync(join(scratch, 'countersign.yaml'), 'utf8')) as object,
    })
    const next = await visit('dave')
    assert.equal((JSON.parse(next.body) as { code: string }).code, 'ERR_CALLER_REVOKED')
    const { reference } = JSON.parse(next.body) as { reference: string }
    authority = await startHouse({ config: CONFIG, directory: home })
    await gate.event(({ event }) => event === 'feed.connected')
    assert.match((await whyAtLast(reference)).stdout, /ERR_CALLER_REVOKED/)
  })

  test('a door that the certificate does not name does not open', async () => {
    const { directory } = await enrolled(authority, 'door/gate-2', ['--profile', 'service', '--san', 'other.localhost'])
    const config = {
      join: directory,
      doors: [
        { name: 'shop', kind: 'web', host: ['shop.localhost'], listen: '127.0.0.1:0', upstream: 'demo', allow: ['*'] },
      ],
    }
    await assert.rejects(startHouse({ config }), /must prove shop\.localhost/)
  })
})
