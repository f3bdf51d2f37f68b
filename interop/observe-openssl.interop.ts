// What we see of OpenSSL's server, whose certificate it asks for above all, against what OpenSSL's own client sees.
import assert from 'node:assert/strict'
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { observe } from '@countersign/mtls'
import { formatName, readName, writePem } from '@countersign/x509'
import { createIssuer, issueLeaf, pemOf } from '../tools/testing/pki.ts'
import { needs, programPath } from './peer.ts'

const clock = () => Temporal.Now.instant()

// Beside each other: to a question for the time most of them are silent.
suite('a server of OpenSSL, observed', { ...needs('openssl', 'openssl'), concurrency: true }, () => {
  let folder: string
  const running: ChildProcess[] = []
  const roots = ['Acme Root', 'Elsewhere Root'].map((name) => createIssuer(name))
  const issuing = createIssuer('Acme Issuing 1', roots[0])
  const server = issueLeaf(issuing, 'door', {
    names: [{ kind: 'dNSName', value: 'door.localhost' }],
    purpose: 'serverAuth',
  })

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'countersign-observe-'))
    const { cert, key } = pemOf(server)
    writeFileSync(join(folder, 'cert.pem'), cert)
    writeFileSync(join(folder, 'key.pem'), key)
    writeFileSync(join(folder, 'chain.pem'), writePem('CERTIFICATE', issuing.certificate.der))
    writeFileSync(
      join(folder, 'roots.pem'),
      roots.map(({ certificate }) => writePem('CERTIFICATE', certificate.der)).join(''),
    )
    writeFileSync(join(folder, 'root.pem'), writePem('CERTIFICATE', roots[0]?.certificate.der ?? assert.fail()))
  })
  after(() => {
    for (const child of running) child.kill()
    rmSync(folder, { recursive: true, force: true })
  })

  /** Starts the server on a port that the kernel chooses; answers it. */
  async function start(...more: string[]): Promise<number> {
    const files = [
      '-cert',
      join(folder, 'cert.pem'),
      '-key',
      join(folder, 'key.pem'),
      '-cert_chain',
      join(folder, 'chain.pem'),
    ]
    const child = spawn(programPath('openssl'), ['s_server', '-accept', '127.0.0.1:0', ...files, '-www', ...more])
    running.push(child)
    let said = ''
    for await (const text of child.stdout.setEncoding('utf8')) {
      said += text
      const port = /^ACCEPT 127\.0\.0\.1:(\d+)/m.exec(said)?.[1]
      if (port !== undefined) return Number(port)
    }
    throw new Error(said)
  }

  /** The names that OpenSSL's own client was told, as it prints them. */
  function namesSeenByOpenssl(port: number): Promise<string> {
    const child = execFile(
      'openssl',
      ['s_client', '-connect', `127.0.0.1:${port}`, '-nameopt', 'RFC2253'],
      () => undefined,
    )
    child.stdin?.end('Q\n')
    let said = ''
    child.stdout?.on('data', (text) => {
      said += text
    })
    return new Promise((resolve) =>
      child.on('close', () =>
        resolve(
          /Acceptable client certificate CA names\n([\s\S]*?)\n(?:Requested|Client|Shared)/.exec(said)?.[1] ?? '',
        ),
      ),
    )
  }

  const both = 'CN=Acme Root\nCN=Elsewhere Root'
  const rows: readonly (readonly [what: string, options: string[], names: string | undefined])[] = [
    ['asks for nobody', [], undefined],
    ['AES-128', ['-ciphersuites', 'TLS_AES_128_GCM_SHA256', '-verify', '1', '-CAfile', 'roots.pem'], both],
    ['AES-256', ['-ciphersuites', 'TLS_AES_256_GCM_SHA384', '-Verify', '1', '-CAfile', 'roots.pem'], both],
    [
      'ChaCha20',
      ['-ciphersuites', 'TLS_CHACHA20_POLY1305_SHA256', '-verify', '1', '-CAfile', 'root.pem'],
      'CN=Acme Root',
    ],
    ['after a HelloRetryRequest', ['-groups', 'P-384', '-verify', '1', '-CAfile', 'roots.pem'], both],
    ['padded records', ['-record_padding', '1024', '-verify', '1', '-CAfile', 'roots.pem'], both],
    ['TLS 1.2', ['-tls1_2', '-verify', '1', '-CAfile', 'roots.pem'], both],
    ['TLS 1.2, asks for nobody', ['-tls1_2'], undefined],
    ['asks for anybody', ['-verify', '1', '-no-CAfile', '-no-CApath', '-no-CAstore'], ''],
  ]
  for (const [what, options, names] of rows)
    test(what, async () => {
      const port = await start(...options.map((word) => (word.endsWith('.pem') ? join(folder, word) : word)))
      const seen = await observe({ host: '127.0.0.1', port, serverName: 'door.localhost', clock })
      assert.ok(seen.stage === 'channel', JSON.stringify(seen))
      assert.equal(seen.protocol, options.includes('-tls1_2') ? 'TLSv1.2' : 'TLSv1.3')
      assert.deepEqual(
        seen.certificates.map((der) => der.toHex()),
        [server.certificate, issuing.certificate].map(({ der }) => der.toHex()),
      )
      assert.notEqual(seen.request, 'unreadable')
      if (names === undefined) return assert.equal(seen.request, undefined)
      const { authorities } = seen.request as Exclude<typeof seen.request, 'unreadable' | undefined>
      assert.equal(authorities.map((der) => formatName(readName(der))).join('\n'), names)
      assert.equal(await namesSeenByOpenssl(port), names)
    })

  test('TLS 1.2 that ends because no certificate came: what it asked for is known all the same', async () => {
    const port = await start('-tls1_2', '-Verify', '1', '-verify_return_error', '-CAfile', join(folder, 'root.pem'))
    const seen = await observe({ host: '127.0.0.1', port, clock })
    assert.ok(seen.stage === 'handshake', JSON.stringify(seen))
    assert.ok(seen.request !== undefined && seen.request !== 'unreadable')
    assert.deepEqual(
      seen.request.authorities.map((der) => formatName(readName(der))),
      ['CN=Acme Root'],
    )
  })
})

suite('what is no server of TLS, observed', () => {
  /** A listener that does `act` with each connection. */
  async function listen(act: (socket: Socket) => void): Promise<AsyncDisposable & { readonly port: number }> {
    const sockets = new Set<Socket>()
    const server = createServer((socket) => {
      sockets.add(socket.on('error', () => socket.destroy()))
      act(socket)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    assert.ok(typeof address === 'object' && address !== null)
    return {
      port: address.port,
      async [Symbol.asyncDispose]() {
        for (const socket of sockets) socket.destroy()
        await new Promise((resolve) => server.close(resolve))
      },
    }
  }

  test('a greeting of another protocol is there to be read', async () => {
    await using server = await listen((socket) => socket.write('220 mail.example ESMTP\r\n'))
    const seen = await observe({ host: '127.0.0.1', port: server.port, clock })
    assert.ok(seen.stage === 'handshake')
    assert.equal(Buffer.from(seen.said).toString('latin1'), '220 mail.example ESMTP\r\n')
    assert.equal(seen.request, 'unreadable')
  })

  test('one that closes, one that is silent, and one that sends without end', async () => {
    await using closes = await listen((socket) => socket.destroy())
    assert.equal((await observe({ host: '127.0.0.1', port: closes.port, clock })).stage, 'handshake')
    await using silent = await listen(() => undefined)
    const seen = await observe({ host: '127.0.0.1', port: silent.port, clock, timeoutMs: 200 })
    assert.ok(seen.stage === 'handshake' && seen.refusal.code === 'ERR_GATE_TIMEOUT')
    const octets = Buffer.alloc(65_536, 'a')
    await using endless = await listen((socket) => {
      const more = () => socket.write(octets) && setImmediate(more)
      socket.on('drain', more)
      more()
    })
    assert.equal((await observe({ host: '127.0.0.1', port: endless.port, clock, timeoutMs: 500 })).stage, 'handshake')
  })

  test('nobody listens; no such name', async () => {
    const { port, ...gone } = await listen(() => undefined)
    await gone[Symbol.asyncDispose]()
    const unreached = await observe({ host: '127.0.0.1', port, clock })
    assert.deepEqual(unreached, { stage: 'connection', code: 'ECONNREFUSED', addresses: ['127.0.0.1'] })
    // RFC 6761 §6.4: "invalid" resolves nowhere.
    const unnamed = await observe({ host: 'door.invalid', port, clock })
    assert.ok(unnamed.stage === 'name' && /^(?:ENOTFOUND|EAI_AGAIN)$/.test(unnamed.code), JSON.stringify(unnamed))
  })
})
