// HAProxy before a web door: it ends the callers' TLS, and says who they are by Client-Cert (RFC 9440).
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { needs, programPath } from '../interop/peer.ts'
import { freePort, untilListening } from '../tools/testing/ports.ts'
import { type RunningHouse, startHouse } from './support/house.ts'
import { curl, enrolled, type PartyFiles } from './support/peers.ts'

suite('HAProxy before the door', { ...needs('haproxy', 'haproxy'), ...needs('curl', 'curl') }, () => {
  let scratch: string
  let house: RunningHouse
  let alice: PartyFiles
  let bob: PartyFiles
  let url: string
  let stopHaproxy: () => Promise<void> = async () => undefined

  before(async () => {
    scratch = await mkdtemp(join(tmpdir(), 'countersign-before-'))
    house = await startHouse({
      config: {
        authority: { listen: '127.0.0.1:0' },
        doors: [
          {
            name: 'shop',
            kind: 'web',
            host: ['shop.localhost'],
            listen: '127.0.0.1:0',
            upstream: 'demo',
            allow: ['alice', 'edge'],
            from: 'edge',
          },
        ],
      },
    })
    alice = await enrolled(house, 'alice')
    bob = await enrolled(house, 'bob')
    const edge = await enrolled(house, 'edge')
    const front = await enrolled(house, 'front', ['--profile', 'server', '--san', 'dns:front.localhost'])
    const port = await startHaproxy(front, edge, Number(new URL(house.ready.doors[0]?.url ?? '').port))
    url = `https://front.localhost:${port}`
  })
  after(async () => {
    await stopHaproxy()
    await house?.[Symbol.asyncDispose]()
    await rm(scratch, { recursive: true, force: true })
  })

  async function startHaproxy(front: PartyFiles, edge: PartyFiles, door: number): Promise<number> {
    const port = await freePort()
    const file = (name: string) => join(scratch, name)
    for (const [name, { certificate, key }] of Object.entries({ front, edge })) {
      const both = await Promise.all([readFile(certificate, 'utf8'), readFile(key, 'utf8')])
      await writeFile(file(`${name}.pem`), both.join(''), { mode: 0o600 })
    }
    await writeFile(
      file('haproxy.cfg'),
      `defaults
  mode http
  timeout client 20s
  timeout server 20s
  timeout connect 5s
frontend callers
  bind 127.0.0.1:${port} ssl crt ${file('front.pem')} ca-file ${front.trust} verify optional alpn h2,http/1.1
  http-request del-header Client-Cert
  http-request del-header Client-Cert-Chain
  http-request set-header Client-Cert :%[ssl_c_der,base64]: if { ssl_c_used }
  http-request set-header Host shop.localhost
  default_backend door
backend door
  server door 127.0.0.1:${door} ssl crt ${file('edge.pem')} ca-file ${edge.trust} verify required verifyhost shop.localhost sni str(shop.localhost)
`,
    )
    const child = spawn(programPath('haproxy'), ['-db', '-f', file('haproxy.cfg')], { stdio: 'ignore' })
    const closed = new Promise<void>((resolve) => child.once('close', () => resolve()))
    stopHaproxy = async () => {
      child.kill('SIGKILL')
      await closed
    }
    await untilListening(port)
    return port
  }

  /** By way of HAProxy. */
  const visit = async (party: PartyFiles | { readonly trust: string }, path: string, args: readonly string[] = []) => {
    const seen = await curl(party, ['--resolve', `${new URL(url).host}:127.0.0.1`, ...args], { url: `${url}${path}` })
    return { ...seen, problem: seen.status === 200 ? {} : (JSON.parse(seen.body) as Record<string, string>) }
  }

  for (const version of ['--http1.1', '--http2'])
    test(`the service learns of the caller, and the record says by whose word: ${version}`, async () => {
      const { status, body } = await visit(alice, '/headers', [version])
      assert.equal(status, 200, body)
      const leaf = /-----BEGIN CERTIFICATE-----([^-]+)-----/.exec(await readFile(alice.certificate, 'utf8'))?.[1]
      const fields = JSON.parse(body) as [string, string][]
      assert.deepEqual(
        fields.filter(([name]) => /^client-cert$/i.test(name)).map(([, value]) => value),
        [`:${leaf?.replaceAll(/\s/g, '')}:`],
      )
      await house.event((event) => event['event'] === 'meeting' && JSON.stringify(event).includes('"alice"'))
    })

  test('who is not on the list is refused, and finds the reason under its reference', async () => {
    const { status, problem } = await visit(bob, '/')
    assert.deepEqual([status, problem['code']], [403, 'ERR_CALLER_NOT_ALLOWED'])
    const why = await house.run(['why', String(problem['reference'])])
    assert.equal(why.code, 0, why.stderr)
    assert.match(why.stdout, /bob, .*, as edge says/)
  })

  test('who shows HAProxy no certificate is refused, whatever it writes', async () => {
    const forged = `Client-Cert: :${Buffer.from('alice').toString('base64')}:`
    const { status, problem } = await visit({ trust: alice.trust }, '/', ['--header', forged])
    assert.deepEqual([status, problem['code']], [403, 'ERR_CALLER_NO_CERTIFICATE'])
  })

  test('who comes to the door itself says nothing of others', async () => {
    const { url: direct } = house.ready.doors[0] ?? assert.fail()
    const { port } = new URL(direct)
    const seen = await curl(
      alice,
      ['--resolve', `shop.localhost:${port}:127.0.0.1`, '--header', 'Client-Cert: :Ym9i:'],
      {
        url: `https://shop.localhost:${port}/headers`,
      },
    )
    assert.equal(seen.status, 200)
    assert.ok(!seen.body.includes(':Ym9i:'))
  })

  test('who is revoked loses the download that HAProxy has under way, and is refused then', async () => {
    // By HTTP/1.1: over HTTP/2, HAProxy 2.6 tells its caller that half an answer is whole.
    const download = visit(alice, '/stream', ['--http1.1'])
    await new Promise((resolve) => setTimeout(resolve, 500))
    const began = performance.now()
    const revoked = await house.run(['revoke', 'alice', '--reason', 'keyCompromise', '--json'])
    assert.equal(revoked.code, 0, revoked.stderr)
    // curl: 18, it ended within the answer.
    assert.equal((await download).code, 18)
    assert.ok(performance.now() - began < 5_000, 'and not when curl gives up')
    const { status, problem } = await visit(alice, '/')
    assert.deepEqual([status, problem['code']], [403, 'ERR_CALLER_REVOKED'])
  })
})
