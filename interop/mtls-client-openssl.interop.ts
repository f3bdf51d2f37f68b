// Our client and `openssl s_server`: what an unmodified peer sees of us, when it is believed and when it is not.
import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { createPrivateKey } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { connect, createIdentity, createTrust, MeetingRefusedError, refusalOfError } from '@countersign/mtls'
import {
  type Certificate,
  type CertificateList,
  readCertificate,
  readCertificateList,
  readPem,
} from '@countersign/x509'
import { freePort } from '../tools/testing/ports.ts'
import { needs, programPath } from './peer.ts'

const openssl = needs('openssl', 'openssl')

/** An authority, a server and a client, all made by openssl. */
async function makeWorld() {
  const directory = await mkdtemp(join(tmpdir(), 'countersign-openssl-'))
  const run = (...args: string[]) => execFileSync(programPath('openssl'), args, { cwd: directory, stdio: 'pipe' })
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  const root = (name: string) =>
    run(
      'req',
      '-x509',
      ...key,
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.pem`,
      '-subj',
      `/CN=${name}`,
      '-days',
      '30',
      '-addext',
      'keyUsage=critical,keyCertSign,cRLSign',
    )
  root('ours')
  root('theirs')
  const leaf = async (name: string, issuer: string, extensions: string) => {
    run('req', '-new', ...key, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`)
    await writeFile(
      join(directory, `${name}.ext`),
      `${extensions}\nkeyUsage=critical,digitalSignature\nauthorityKeyIdentifier=keyid\nsubjectKeyIdentifier=hash\n`,
    )
    run(
      'x509',
      '-req',
      '-in',
      `${name}.csr`,
      '-CA',
      `${issuer}.pem`,
      '-CAkey',
      `${issuer}.key`,
      '-CAcreateserial',
      '-days',
      '10',
      '-extfile',
      `${name}.ext`,
      '-out',
      `${name}.pem`,
    )
  }
  await leaf('server', 'ours', 'subjectAltName=DNS:door.localhost\nextendedKeyUsage=serverAuth')
  await leaf('impostor', 'theirs', 'subjectAltName=DNS:door.localhost\nextendedKeyUsage=serverAuth')
  await leaf('client', 'ours', 'subjectAltName=URI:spiffe://acme.example/client\nextendedKeyUsage=clientAuth')
  await writeFile(
    join(directory, 'ca.cnf'),
    'default_ca=ca\n[ca]\ndatabase=index.txt\ncrlnumber=number\ndefault_md=sha256\ndefault_crl_days=5\ncrl_extensions=ext\n[ext]\nauthorityKeyIdentifier=keyid\n',
  )
  await writeFile(join(directory, 'index.txt'), '')
  await writeFile(join(directory, 'number'), '01\n')
  const ca = ['-config', 'ca.cnf', '-keyfile', 'ours.key', '-cert', 'ours.pem']
  const crl = async (): Promise<CertificateList> => {
    run('ca', ...ca, '-gencrl', '-out', 'list.pem')
    return readCertificateList(await derOf('list.pem'))
  }
  const derOf = async (file: string) => {
    const block = readPem(await readFile(join(directory, file), 'utf8')).at(0)
    assert.ok(block)
    return block.der
  }
  const certificate = async (name: string): Promise<Certificate> => readCertificate(await derOf(`${name}.pem`))
  const good = await crl()
  run('ca', ...ca, '-revoke', 'server.pem', '-crl_reason', 'keyCompromise')
  return {
    directory,
    root: await certificate('ours'),
    good,
    revoked: await crl(),
    identity: createIdentity({
      certificates: [await certificate('client')],
      privateKey: createPrivateKey(await readFile(join(directory, 'client.key'))),
    }),
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  }
}

/** Starts `openssl s_server`, which asks for a client certificate; `output` is all that it says. */
async function startServer(directory: string, name: string, ...more: string[]) {
  const port = await freePort()
  const args = [
    's_server',
    '-accept',
    `127.0.0.1:${port}`,
    '-cert',
    `${name}.pem`,
    '-key',
    `${name}.key`,
    '-CAfile',
    'ours.pem',
  ]
  const child: ChildProcess = spawn(programPath('openssl'), [...args, '-Verify', '1', ...more], { cwd: directory })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => (output += text))
  for (let i = 0; i < 200 && !output.includes('ACCEPT'); i++) await pause(10)
  return {
    port,
    output: () => output,
    async seen(pattern: RegExp) {
      for (let i = 0; i < 200 && !pattern.test(output); i++) await pause(10)
      assert.match(output, pattern)
    },
    [Symbol.asyncDispose]: async () => {
      child.kill()
      await once(child, 'close')
    },
  }
}

suite('our client and openssl s_server', openssl, () => {
  test('meet, and each has seen the other', async () => {
    await using world = await makeWorld()
    await using server = await startServer(world.directory, 'server')
    const trust = createTrust({
      anchors: [world.root],
      crls: [world.good],
      revocation: 'require',
      asOf: Temporal.Now.instant(),
    })
    const { socket, meeting } = await connect({
      host: 'door.localhost',
      port: server.port,
      identity: world.identity,
      trust,
    })
    socket.resume().write('hello from us\n')
    await server.seen(/hello from us/)
    assert.match(server.output(), /subject=(?:\/CN=|CN ?= ?)client/)
    assert.equal(meeting.callee.name, 'door.localhost')
    socket.destroy()
  })

  const refusals = {
    'of another root': ['impostor', 'good', 'ERR_CALLEE_UNKNOWN_ISSUER'],
    'that was revoked': ['server', 'revoked', 'ERR_CALLEE_REVOKED'],
  } as const
  for (const [name, [server, list, code]] of Object.entries(refusals))
    test(`a server ${name} is refused and sees no certificate`, async () => {
      await using world = await makeWorld()
      await using impostor = await startServer(world.directory, server)
      const trust = createTrust({
        anchors: [world.root],
        crls: [world[list]],
        revocation: 'require',
        asOf: Temporal.Now.instant(),
      })
      for (let i = 0; i < 10; i++)
        await assert.rejects(
          connect({ host: 'door.localhost', port: impostor.port, identity: world.identity, trust }),
          (error: unknown) => error instanceof MeetingRefusedError && error.code === code,
        )
      await impostor.seen(/ERROR|eof|reset/i)
      assert.doesNotMatch(impostor.output(), /client|depth=|BEGIN CERTIFICATE/)
    })

  test('a server that does not believe us says so, and we say why', async () => {
    await using world = await makeWorld()
    await using server = await startServer(world.directory, 'server', '-verify_return_error', '-CAfile', 'theirs.pem')
    const trust = createTrust({
      anchors: [world.root],
      crls: [world.good],
      revocation: 'require',
      asOf: Temporal.Now.instant(),
    })
    const { socket } = await connect({ host: 'door.localhost', port: server.port, identity: world.identity, trust })
    const [error] = await once(socket.resume(), 'error')
    assert.deepEqual(refusalOfError(error, 'met'), {
      code: 'ERR_CALLER_REFUSED',
      note: 'it does not know the authority of our certificate (unknown_ca)',
    })
  })
})
