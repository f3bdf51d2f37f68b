// The TCP door and the way out, in a whole house: HAProxy behind it reads who called; another house's name is refused on the way out.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { needs, programPath } from '../interop/peer.ts'
import { freePort } from '../tools/testing/ports.ts'
import { type RunningHouse, startHouse } from './support/house.ts'
import { curl, enrolled, type PartyFiles, runProgram } from './support/peers.ts'

const PEERS = {
  ...needs('haproxy', 'haproxy'),
  ...needs('curl', 'curl'),
  ...needs('openssl', 'openssl'),
  ...needs('gnutls-cli', 'gnutls-bin'),
}

suite('the TCP door', PEERS, () => {
  let scratch: string
  let haproxy: Awaited<ReturnType<typeof startHaproxy>>
  let house: RunningHouse
  let alice: PartyFiles
  let bob: PartyFiles
  const portOf = (name: string) => Number(new URL(house.ready.doors.find((door) => door.name === name)?.url ?? '').port)

  before(async () => {
    scratch = await mkdtemp(join(tmpdir(), 'countersign-tcp-'))
    haproxy = await startHaproxy(scratch)
    const raw = {
      kind: 'tcp',
      host: ['raw.localhost'],
      listen: '127.0.0.1:0',
      upstream: `127.0.0.1:${haproxy.port}`,
      proxy: 'v2',
    }
    const rawPort = await freePort()
    house = await startHouse({
      config: {
        authority: { listen: '127.0.0.1:0' },
        doors: [
          { ...raw, name: 'raw', listen: `127.0.0.1:${rawPort}`, allow: ['alice', 'door/out'] },
          {
            name: 'out',
            kind: 'egress',
            listen: `unix:${join(scratch, 'out.sock')}`,
            callee: { address: `127.0.0.1:${rawPort}`, name: 'raw.localhost' },
          },
          {
            name: 'astray',
            kind: 'egress',
            listen: '127.0.0.1:0',
            callee: { address: `127.0.0.1:${rawPort}`, name: 'other.localhost' },
          },
        ],
      },
    })
    alice = await enrolled(house, 'alice')
    bob = await enrolled(house, 'bob')
  })
  after(async () => {
    await house?.[Symbol.asyncDispose]()
    await haproxy?.stop()
    await rm(scratch, { recursive: true, force: true })
  })

  test('the service behind it learns address, name asked for, reference and party', async () => {
    const port = portOf('raw')
    const seen = await curl(alice, ['--resolve', `raw.localhost:${port}:127.0.0.1`], {
      url: `https://raw.localhost:${port}/`,
    })
    assert.equal(seen.status, 200, seen.stderr)
    const [source, authority, reference] = seen.body.trim().split(' ')
    assert.equal(source, '127.0.0.1')
    assert.equal(authority, 'raw.localhost')
    await house.event(
      (event) => event['event'] === 'meeting' && event['reference'] === reference && event['caller'] === 'alice',
    )
  })

  test('who is refused reaches nothing, and sees a close', async () => {
    const port = portOf('raw')
    const seen = await curl(bob, ['--resolve', `raw.localhost:${port}:127.0.0.1`], {
      url: `https://raw.localhost:${port}/`,
    })
    assert.equal(seen.status, 0)
    await house.event((event) => event['caller'] === 'bob' && event['code'] === 'ERR_CALLER_NOT_ALLOWED')
  })

  const REQUEST = 'GET / HTTP/1.1\r\nHost: raw.localhost\r\nConnection: close\r\n\r\n'
  test('OpenSSL and GnuTLS', async () => {
    // biome-ignore format: options beside their values
    const openssl = await runProgram('openssl', ['s_client', '-connect', `127.0.0.1:${portOf('raw')}`, '-servername', 'raw.localhost',
      '-cert', alice.certificate, '-cert_chain', alice.certificate, '-key', alice.key, '-CAfile', alice.trust, '-verify_return_error', '-quiet'],
      { input: REQUEST, holdInput: true })
    assert.match(openssl.stdout, /^HTTP\/1\.1 200 OK/)
    // biome-ignore format: options beside their values
    const gnutls = await runProgram('gnutls-cli', ['--x509certfile', alice.certificate, '--x509keyfile', alice.key, '--x509cafile', alice.trust,
      '--sni-hostname', 'raw.localhost', '--verify-hostname', 'raw.localhost', '--port', String(portOf('raw')), '127.0.0.1'],
      { input: REQUEST, holdInput: true })
    assert.match(gnutls.stdout, /HTTP\/1\.1 200 OK/)
  })

  test('the way out: a program in clear on a Unix socket of mode 0600 reaches the callee as this house', async () => {
    const path = join(scratch, 'out.sock')
    assert.equal((await stat(path)).mode & 0o777, 0o600)
    const seen = await runProgram('curl', ['--silent', '--unix-socket', path, 'http://raw.localhost/'])
    const reference = seen.stdout.trim().split(' ')[2]
    await house.event((event) => event['reference'] === reference && event['caller'] === 'door/out')
    // Both sides recorded one meeting.
    const why = await house.run(['why', reference ?? ''])
    assert.match(why.stdout, /as the caller saw it/)
    assert.match(why.stdout, /as the callee saw it/)
  })

  test('the way out: a callee that proves another name never learns who asked', async () => {
    const socket = connect({ host: '127.0.0.1', port: portOf('astray') })
    socket.on('error', () => socket.destroy())
    socket.end(REQUEST)
    await new Promise((resolve) => socket.once('close', resolve))
    const { reference } = await house.event((event) => event['event'] === 'callee.refused')
    const refused = await house.event(
      (event) => event['reference'] === reference && event['code'] === 'ERR_CALLEE_WRONG_NAME',
    )
    assert.ok(refused)
    // The callee saw nobody's certificate.
    const callee = await house.event(
      (event) => event['event'] === 'meeting' && event['door'] === 'raw' && event['reference'] === reference,
    )
    assert.notEqual(callee['caller'], 'door/astray')
    assert.equal(callee['ok'], false)
  })
})

/** HAProxy that answers with what the PROXY protocol told it. */
async function startHaproxy(directory: string): Promise<{ readonly port: number; stop(): Promise<void> }> {
  const port = await freePort()
  const file = join(directory, 'haproxy.cfg')
  await writeFile(
    file,
    `defaults
  mode http
  timeout client 5s
  timeout server 5s
  timeout connect 5s
frontend told
  bind 127.0.0.1:${port} accept-proxy
  http-request return status 200 content-type text/plain lf-string "%[src] %[fc_pp_authority] %[fc_pp_unique_id]\\n"
`,
  )
  const child = spawn(programPath('haproxy'), ['-db', '-f', file], { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text) => {
    said += text
  })
  const ended = once(child, 'close')
  const deadline = performance.now() + 10_000
  for (;;) {
    const answers = await new Promise<boolean>((resolve) => {
      const probe = connect({ host: '127.0.0.1', port }, () => {
        probe.destroy()
        resolve(true)
      })
      probe.once('error', () => resolve(false))
    })
    if (answers) break
    if (performance.now() > deadline || child.exitCode !== null) throw new Error(`haproxy did not start: ${said}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return {
    port,
    async stop() {
      child.kill('SIGTERM')
      await ended
    },
  }
}
