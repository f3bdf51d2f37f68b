// A house that joins an authority believes whom that authority believes beside itself, and follows their lists through it.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { cp, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { connect, type TLSSocket } from 'node:tls'
import { needs } from '../interop/peer.ts'
import { type RunningHouse, startHouse } from './support/house.ts'
import { curl, enrolled, type PartyFiles } from './support/peers.ts'

const DOORS = [{ name: 'shop', kind: 'web', host: ['shop.localhost'], listen: '127.0.0.1:0', upstream: 'demo' }]

suite('a house that joins an authority with a partner', needs('curl', 'curl'), () => {
  let home: string
  let scratch: string
  let identity: string
  let partner: RunningHouse
  let authority: RunningHouse
  let gate: RunningHouse
  let lists: readonly string[]
  const people: Record<string, PartyFiles> = {}

  /** The partner's certificates and lists, as files of our authority. */
  async function deliver(scribe: string): Promise<void> {
    const { directory, certificate, trust } = await enrolled(partner, scribe)
    const [, issuing = ''] = (await readFile(certificate, 'utf8')).split(/(?<=-----END CERTIFICATE-----\n)/)
    await writeFile(join(home, 'partner.pem'), (await readFile(trust, 'utf8')) + issuing)
    lists = (await readdir(join(directory, 'status'))).sort()
    for (const list of lists) await put(join(directory, 'status', list), list)
  }
  /** Puts a list in its place, whole. */
  async function put(from: string, list: string): Promise<void> {
    await cp(from, join(home, `${list}.new`))
    await rename(join(home, `${list}.new`), join(home, list))
  }
  const configOf = (anchors: readonly object[]) => ({
    authority: { listen: '127.0.0.1:0' },
    policy: 'policy.yaml',
    anchors,
    doors: [],
  })
  const partnerAnchor = () => ({
    name: 'partner',
    file: 'partner.pem',
    crl: lists,
    vouches: ['spiffe://partner.example'],
  })

  before(async () => {
    home = await mkdtemp(join(tmpdir(), 'countersign-authority-'))
    scratch = await mkdtemp(join(tmpdir(), 'countersign-gate-'))
    partner = await startHouse({
      config: { authority: { domain: 'partner.example', organization: 'Partner', listen: '127.0.0.1:0' }, doors: [] },
    })
    for (const party of ['dora', 'erin']) people[party] = await enrolled(partner, party)
    await deliver('scribe')
    await writeFile(
      join(home, 'policy.yaml'),
      'meet: [{rule: partners shop, who: "authority:partner", what: service:shop}]\n',
    )
    authority = await startHouse({ config: configOf([partnerAnchor()]), directory: home })
    people['alice'] = await enrolled(authority, 'alice')
    const sans = ['--san', 'shop.localhost']
    identity = (await enrolled(authority, 'door/gate-1', ['--profile', 'service', ...sans])).directory
    gate = await startHouse({ config: { join: identity, doors: DOORS }, directory: scratch })
  })
  after(async () => {
    await gate?.stop('SIGKILL')
    await authority?.stop('SIGKILL')
    await partner?.[Symbol.asyncDispose]()
    await rm(home, { recursive: true, force: true })
    await rm(scratch, { recursive: true, force: true })
  })

  const port = () => Number(new URL(gate.ready.doors[0]?.url ?? '').port)
  const trust = () => people['alice']?.trust ?? ''
  /** The code of the refusal; `in` where there is none. */
  async function visit(party: string): Promise<string> {
    const seen = await curl(
      { ...(people[party] as PartyFiles), trust: trust() },
      ['--resolve', `shop.localhost:${port()}:127.0.0.1`],
      { url: `https://shop.localhost:${port()}/` },
    )
    return seen.status === 200 ? 'in' : (JSON.parse(seen.body) as { code: string }).code
  }
  async function open(party: string): Promise<TLSSocket> {
    const { key, certificate } = people[party] as PartyFiles
    const socket = connect({
      host: '127.0.0.1',
      port: port(),
      servername: 'shop.localhost',
      key: readFileSync(key),
      cert: readFileSync(certificate),
      ca: readFileSync(trust()),
    })
    socket.on('error', () => socket.destroy())
    const known = gate.events.length
    await new Promise((resolve) => socket.once('secureConnect', resolve))
    await gate.event(
      (event) => gate.events.indexOf(event) >= known && event['event'] === 'meeting' && event['ok'] === true,
    )
    return socket
  }
  const closed = (socket: TLSSocket) =>
    new Promise<void>((resolve) => (socket.destroyed ? resolve() : socket.once('close', () => resolve())))
  const followed = (house: RunningHouse, name: string) => {
    const known = house.events.length
    return () => house.event((event) => event['event'] === name && house.events.indexOf(event) >= known)
  }

  test('lets in whom the partner vouches for, as the rules say, and its own parties not by that', async () => {
    assert.equal(await visit('dora'), 'in')
    assert.equal(await visit('alice'), 'ERR_POLICY_NOT_ALLOWED')
  })

  test('a list of the partner that changes at the authority ends the session of whom it names here, and no other', async () => {
    const [dora, erin] = [await open('dora'), await open('erin')]
    await cp(join(home), join(scratch, 'before'), {
      recursive: true,
      filter: (path) => !path.includes('countersign-data'),
    })
    assert.equal((await partner.run(['revoke', 'dora', '--reason', 'keyCompromise'])).code, 0)
    const told = followed(authority, 'trust.told')
    const start = performance.now()
    await deliver('later')
    await closed(dora)
    // With the enrollment of one who carries the list.
    assert.ok(performance.now() - start < 5_000, `${performance.now() - start} ms`)
    assert.deepEqual((await told())['authorities'], ['partner'])
    assert.equal(await visit('dora'), 'ERR_CALLER_REVOKED')
    assert.equal(erin.destroyed, false)
    erin.destroy()
  })

  test('an older list that is put back there changes nothing here', async () => {
    const failed = followed(authority, 'trust.reload-failed')
    for (const list of lists) await put(join(scratch, 'before', list), list)
    await failed()
    assert.equal(await visit('dora'), 'ERR_CALLER_REVOKED')
    assert.equal(await visit('erin'), 'in')
  })

  test('what it was told holds at its next start, without the authority', async () => {
    await gate.stop('SIGKILL')
    await authority.stop('SIGKILL')
    gate = await startHouse({ config: { join: identity, doors: DOORS }, directory: scratch })
    assert.equal(await visit('dora'), 'ERR_CALLER_REVOKED')
    assert.equal(await visit('erin'), 'in')
  })

  test('a partner that the authority believes no more is believed no more here, and its open session ends', async () => {
    const erin = await open('erin')
    const replaced = followed(gate, 'trust.followed')
    authority = await startHouse({ config: configOf([]), directory: home })
    await replaced()
    await closed(erin)
    assert.equal(await visit('erin'), 'ERR_CALLER_UNKNOWN_ISSUER')
  })

  test('its own anchors count where it has some', async () => {
    await gate.stop('SIGKILL')
    const own = { ...partnerAnchor(), file: join(home, 'partner.pem'), crl: lists.map((list) => join(home, list)) }
    gate = await startHouse({ config: { join: identity, anchors: [own], doors: DOORS }, directory: scratch })
    assert.equal(await visit('erin'), 'in')
  })
})
