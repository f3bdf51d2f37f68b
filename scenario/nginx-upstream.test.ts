// An upstream that wants proof too: nginx asks our door for its certificate, and our door asks nginx for its own.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { needs, programPath } from '../interop/peer.ts'
import { freePort, untilListening } from '../tools/testing/ports.ts'
import { type RunningHouse, startHouse } from './support/house.ts'
import { curl, enrolled, type PartyFiles, partyFiles, runProgram } from './support/peers.ts'

suite('nginx behind the door, by mutual TLS', { ...needs('nginx', 'nginx-light'), ...needs('curl', 'curl') }, () => {
  let house: RunningHouse
  let scratch: string
  let alice: PartyFiles
  let doorUrl: string
  let nginxPort: number
  const running: { stop(): Promise<void> }[] = []

  before(async () => {
    scratch = await mkdtemp(join(tmpdir(), 'countersign-nginx-'))
    nginxPort = await freePort()
    house = await startHouse({
      config: {
        authority: { listen: '127.0.0.1:0' },
        doors: [
          {
            name: 'shop',
            kind: 'web',
            host: ['shop.localhost', '127.0.0.1'],
            listen: '127.0.0.1:0',
            upstream: { url: `https://127.0.0.1:${nginxPort}`, name: 'nginx.localhost' },
            allow: ['alice'],
          },
        ],
      },
    })
    alice = await enrolled(house, 'alice')
    doorUrl = `${house.ready.doors[0]?.url}/`
  })
  after(async () => {
    for (const server of running) await server.stop()
    await house?.[Symbol.asyncDispose]()
    await rm(scratch, { recursive: true, force: true })
  })

  test('nobody there: 502 with a reference, and the log says why', async () => {
    const seen = await curl(alice, [], { url: doorUrl })
    assert.equal(seen.status, 502)
    const problem = JSON.parse(seen.body) as Record<string, string>
    assert.equal(problem['code'], 'ERR_DOOR_UPSTREAM')
    await house.event((event) => event['code'] === 'ERR_DOOR_UPSTREAM' && event['reference'] === problem['reference'])
  })

  test('nginx of another authority: the door does not go on, and nginx sees no certificate and no request', async () => {
    const impostor = join(scratch, 'impostor')
    await mkdir(impostor)
    const files = partyFiles(impostor)
    // biome-ignore format: options beside their values
    await runProgram('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', files.key,
      '-out', files.certificate, '-subj', '/CN=nginx', '-days', '2', '-addext', 'subjectAltName=DNS:nginx.localhost', '-addext', 'extendedKeyUsage=serverAuth'])
    const log = await startNginx('impostor', { ...files, trust: alice.trust })
    const seen = await curl(alice, [], { url: doorUrl })
    assert.equal(seen.status, 502)
    await stopLast()
    assert.equal(await log(), '', 'nginx logged no request')
    await house.event(
      (event) =>
        String(event['cause'] ?? event['note'] ?? '').includes('ERR_CALLEE_UNKNOWN_ISSUER') ||
        event['code'] === 'ERR_DOOR_UPSTREAM',
    )
  })

  test('the right nginx, the right door: the request arrives with both proofs', async () => {
    const nginx = await enrolled(house, 'nginx', ['--profile', 'server', '--san', 'dns:nginx.localhost'])
    await startNginx('right', nginx)
    const seen = await curl(alice, [], { url: doorUrl })
    assert.equal(seen.status, 200, seen.body)
    // What nginx proved of the door (its own check), and what the door proved of alice.
    assert.match(seen.body, /door SUCCESS CN=door\/shop/)
    assert.match(seen.body, /client-cert :MII/)
    await stopLast()
  })

  async function startNginx(name: string, party: PartyFiles): Promise<() => Promise<string>> {
    const prefix = join(scratch, `${name}-nginx`)
    await mkdir(prefix)
    const conf = join(prefix, 'nginx.conf')
    await writeFile(
      conf,
      `daemon off; master_process off; pid ${prefix}/pid; error_log ${prefix}/error.log;
events { worker_connections 64; }
http {
  log_format seen '$ssl_client_verify $ssl_client_s_dn $request';
  access_log ${prefix}/access.log seen;
  client_body_temp_path ${prefix}/b; proxy_temp_path ${prefix}/p; fastcgi_temp_path ${prefix}/f; uwsgi_temp_path ${prefix}/u; scgi_temp_path ${prefix}/s;
  server {
    listen 127.0.0.1:${nginxPort} ssl;
    ssl_certificate ${party.certificate}; ssl_certificate_key ${party.key};
    ssl_client_certificate ${alice.trust}; ssl_verify_client on; ssl_verify_depth 3; ssl_protocols TLSv1.3;
    location / { return 200 "door $ssl_client_verify $ssl_client_s_dn\\nclient-cert $http_client_cert\\n"; }
  }
}
`,
    )
    const child = spawn(programPath('nginx'), ['-c', conf, '-p', prefix], { stdio: 'ignore' })
    const closed = new Promise<void>((resolve) => child.once('close', () => resolve()))
    running.push({
      stop: async () => {
        child.kill('SIGTERM')
        await closed
      },
    })
    await untilListening(nginxPort)
    return () => readFile(join(prefix, 'access.log'), 'utf8')
  }

  async function stopLast(): Promise<void> {
    await running.pop()?.stop()
  }
})
