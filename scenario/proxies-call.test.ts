// nginx and HAProxy as callers: each meets our doors for its own callers, by an identity of its own, and verifies the door.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { needs, programPath } from '../interop/peer.ts'
import { freePort } from '../tools/testing/ports.ts'
import { revokeNow } from './support/administer.ts'
import { type RunningHouse, startHouse } from './support/house.ts'
import { enrolled, type PartyFiles, runProgram } from './support/peers.ts'

const PEERS = { ...needs('nginx', 'nginx-light'), ...needs('haproxy', 'haproxy'), ...needs('curl', 'curl') }

suite('proxies that call', PEERS, () => {
  let house: RunningHouse
  let scratch: string
  let service: Server
  const people: Record<string, PartyFiles> = {}
  const ports: Record<string, number> = {}
  const stops: (() => Promise<void>)[] = []

  before(async () => {
    scratch = await mkdtemp(join(tmpdir(), 'countersign-proxies-'))
    service = createServer((_request, response) => response.end('behind the TCP door'))
    await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve))
    const common = { listen: '127.0.0.1:0', allow: ['edge', 'lost'] }
    house = await startHouse({
      config: {
        authority: { listen: '127.0.0.1:0' },
        doors: [
          { ...common, name: 'shop', kind: 'web', host: ['shop.localhost'], upstream: 'demo' },
          {
            ...{ ...common, name: 'raw', kind: 'tcp', host: ['raw.localhost'] },
            upstream: `127.0.0.1:${(service.address() as AddressInfo).port}`,
          },
        ],
      },
    })
    for (const party of ['edge', 'lost', 'stranger']) people[party] = await enrolled(house, party)
    for (const name of ['nginx', 'web', 'tcp', 'unbelieving', 'unlisted']) ports[name] = await freePort()
    await startNginx()
    await startHaproxy()
  })
  after(async () => {
    for (const stop of stops) await stop()
    await house?.[Symbol.asyncDispose]()
    service?.close()
    service?.closeAllConnections()
    await rm(scratch, { recursive: true, force: true })
  })

  /** What a caller of the proxy gets, by plain HTTP. */
  async function get(proxy: string, path = '/'): Promise<{ status: number; body: string }> {
    const seen = await runProgram('curl', [
      ...['--silent', '--max-time', '10', '--write-out', '\n%{http_code}', `http://127.0.0.1:${ports[proxy]}${path}`],
    ])
    const end = seen.stdout.lastIndexOf('\n')
    return { status: Number(seen.stdout.slice(end + 1)), body: seen.stdout.slice(0, end) }
  }
  const refused = async (body: string, code: string) => {
    const problem = JSON.parse(body) as { readonly code: string; readonly reference: string }
    assert.equal(problem.code, code)
    await house.event((event) => event['code'] === code && event['reference'] === problem.reference)
  }

  suite('nginx', () => {
    test('that both sides accept carries its callers to the service', async () => {
      const { status, body } = await get('nginx', '/edge/')
      assert.equal(status, 200, body)
      assert.match(body, /edge/)
    })

    test('without a certificate gets the refusal, and so does its caller', async () => {
      const { status, body } = await get('nginx', '/nobody/')
      assert.equal(status, 403)
      await refused(body, 'ERR_CALLER_NO_CERTIFICATE')
    })

    test('that is not on the list gets the refusal', async () => {
      const { status, body } = await get('nginx', '/stranger/')
      assert.equal(status, 403)
      await refused(body, 'ERR_CALLER_NOT_ALLOWED')
    })

    for (const [why, path] of [
      ['is for another name', '/other-name/'],
      ['is of another authority', '/other-root/'],
    ] as const)
      test(`does not go on where our certificate ${why}`, async () => {
        assert.equal((await get('nginx', path)).status, 502)
        assert.match(
          await readFile(join(scratch, 'error.log'), 'utf8'),
          /SSL certificate.*(?:does not match|verify error)/,
        )
      })

    test('whose kept connection was good until it was revoked is told so at its next request', async () => {
      assert.equal((await get('nginx', '/lost/')).status, 200)
      await revokeNow(house, 'lost')
      const { status, body } = await get('nginx', '/lost/')
      assert.equal(status, 403, body)
      await refused(body, 'ERR_CALLER_REVOKED')
    })
  })

  suite('HAProxy', () => {
    test('that both sides accept carries HTTP to the web door', async () => {
      const { status, body } = await get('web')
      assert.equal(status, 200, body)
      assert.match(body, /edge/)
    })

    test('carries plain TCP through the TCP door, and its checks of health are meetings', async () => {
      assert.deepEqual(await get('tcp'), { status: 200, body: 'behind the TCP door' })
      await house.event((event) => event['door'] === 'raw' && event['caller'] === 'edge' && event['ok'] === true)
    })

    test('does not go on where our certificate is not what it believes', async () => {
      assert.equal((await get('unbelieving')).status, 503)
    })

    test('that is not on the list reaches nothing through the TCP door', async () => {
      assert.notEqual((await get('unlisted')).body, 'behind the TCP door')
      await house.event((event) => event['door'] === 'raw' && event['code'] === 'ERR_CALLER_NOT_ALLOWED')
    })
  })

  const portOf = (door: string) => new URL(house.ready.doors.find(({ name }) => name === door)?.url ?? '').port

  async function startNginx(): Promise<void> {
    const place = (path: string, lines: string, name = 'shop.localhost', trust = people['edge']?.trust) => `
      location ${path} {
        proxy_pass https://${path === '/lost/' ? 'kept' : 'shop'}/; proxy_http_version 1.1; proxy_set_header Connection "";
        proxy_set_header Host shop.localhost; proxy_ssl_server_name on; proxy_ssl_name ${name};
        proxy_ssl_verify on; proxy_ssl_verify_depth 3; proxy_ssl_trusted_certificate ${trust};
        # nginx keeps sessions by upstream, and would resume those of another location's certificate.
        proxy_ssl_protocols TLSv1.3; proxy_ssl_session_reuse ${path === '/lost/' ? 'on' : 'off'}; ${lines}
      }`
    const as = ({ certificate, key }: PartyFiles) =>
      `proxy_ssl_certificate ${certificate}; proxy_ssl_certificate_key ${key};`
    const [edge, lost, stranger] = ['edge', 'lost', 'stranger'].map((party) => as(people[party] as PartyFiles))
    const own = await ownRoot()
    await writeFile(
      join(scratch, 'nginx.conf'),
      `daemon off; master_process off; pid ${scratch}/pid; error_log ${scratch}/error.log info;
events { worker_connections 64; }
http {
  access_log off; ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((of) => `${of}_temp_path ${scratch}/${of};`).join(' ')}
  upstream shop { server 127.0.0.1:${portOf('shop')}; }
  upstream kept { server 127.0.0.1:${portOf('shop')}; keepalive 4; }
  server {
    listen 127.0.0.1:${ports['nginx']};
    ${place('/edge/', edge ?? '')} ${place('/lost/', lost ?? '')} ${place('/stranger/', stranger ?? '')} ${place('/nobody/', '')}
    ${place('/other-name/', edge ?? '', 'other.localhost')} ${place('/other-root/', edge ?? '', 'shop.localhost', own)}
  }
}
`,
    )
    await start('nginx', ['-c', join(scratch, 'nginx.conf'), '-p', scratch], ports['nginx'] ?? 0)
  }

  async function startHaproxy(): Promise<void> {
    const pem = async (party: string) => {
      const { certificate, key } = people[party] as PartyFiles
      const file = join(scratch, `${party}.pem`)
      await writeFile(file, (await readFile(certificate, 'utf8')) + (await readFile(key, 'utf8')), { mode: 0o600 })
      return file
    }
    const [edge, stranger] = [await pem('edge'), await pem('stranger')]
    const server = (door: string, name: string, crt: string, trust: string) =>
      `server one 127.0.0.1:${portOf(door)} ssl crt ${crt} ca-file ${trust} verify required sni str(${name}) verifyhost ${name}`
    const trust = people['edge']?.trust ?? ''
    const listen = (name: string, mode: string, line: string) =>
      `listen ${name}\n  mode ${mode}\n  bind 127.0.0.1:${ports[name]}\n  ${line}\n`
    const set = '  http-request set-header Host shop.localhost\n'
    await writeFile(
      join(scratch, 'haproxy.cfg'),
      `defaults
  timeout connect 5s
  timeout client 5s
  timeout server 5s
  retries 0
${listen('web', 'http', `${server('shop', 'shop.localhost', edge, trust)} check check-sni shop.localhost`)}${set}
${listen('tcp', 'tcp', `${server('raw', 'raw.localhost', edge, trust)} check check-sni raw.localhost`)}
${listen('unbelieving', 'http', server('shop', 'shop.localhost', edge, await ownRoot()))}${set}
${listen('unlisted', 'tcp', server('raw', 'raw.localhost', stranger, trust))}
`,
    )
    await start('haproxy', ['-db', '-f', join(scratch, 'haproxy.cfg')], ports['unlisted'] ?? 0)
  }

  /** A root of nobody that we know. */
  async function ownRoot(): Promise<string> {
    const folder = join(scratch, 'elsewhere')
    await mkdir(folder, { recursive: true })
    const file = join(folder, 'root.pem')
    // biome-ignore format: options beside their values
    await runProgram('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2',
      '-keyout', join(folder, 'root.key'), '-out', file, '-subj', '/CN=Elsewhere'])
    return file
  }

  async function start(program: string, args: readonly string[], port: number): Promise<void> {
    const child = spawn(programPath(program), [...args], { stdio: ['ignore', 'ignore', 'pipe'] })
    let complaints = ''
    child.stderr.on('data', (text) => {
      complaints += text
    })
    const closed = new Promise<void>((resolve) => child.once('close', () => resolve()))
    stops.push(async () => {
      child.kill('SIGTERM')
      await closed
    })
    for (let i = 0; i < 200; i++) {
      if (await listens(port)) return
      assert.equal(child.exitCode, null, complaints)
      await new Promise((resolve) => setTimeout(resolve, 25))
    }
    assert.fail(`${program} does not listen: ${complaints}`)
  }
})

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
