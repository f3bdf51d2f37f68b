// `countersign verify --ocsp`: answers that openssl made, for an authority of its own, its subordinate and its delegates.
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { needs } from '../interop/peer.ts'
import { runProgram } from './support/peers.ts'
import { runCommand } from './support/run-command.ts'

suite('countersign verify --ocsp', needs('openssl', 'openssl'), () => {
  let directory: string
  const at = (name: string) => join(directory, name)
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']

  async function openssl(...words: string[]): Promise<void> {
    const { code, stderr } = await runProgram('openssl', words)
    assert.equal(code, 0, `openssl ${words[0]}: ${stderr}`)
  }

  const root = (name: string) =>
    // biome-ignore format: options beside their values
    openssl('req', '-x509', ...newKey, '-keyout', at(`${name}.key`), '-out', at(`${name}.pem`), '-subj', '/CN=Top', '-days', '2',
      '-addext', 'keyUsage=critical,keyCertSign,cRLSign')

  async function issue(name: string, by: string, serial: string, ...extensions: string[]): Promise<void> {
    await openssl(
      'req',
      '-new',
      ...newKey,
      '-keyout',
      at(`${name}.key`),
      '-out',
      at(`${name}.csr`),
      '-subj',
      `/CN=${name}`,
    )
    const lines = [...extensions, 'authorityKeyIdentifier=keyid', 'subjectKeyIdentifier=hash']
    await writeFile(at(`${name}.ext`), lines.join('\n'))
    // biome-ignore format: options beside their values
    await openssl('x509', '-req', '-in', at(`${name}.csr`), '-CA', at(`${by}.pem`), '-CAkey', at(`${by}.key`), '-set_serial', `0x${serial}`,
      '-days', '1', '-extfile', at(`${name}.ext`), '-out', at(`${name}.pem`))
  }

  /** Writes what `by` answers on the certificate of `about` with the data base `index`, for `issuer`. */
  const respond = (to: string, about: string, issuer: string, by: string, index = 'good.txt') =>
    // biome-ignore format: options beside their values
    openssl('ocsp', '-index', at(index), '-CA', at(`${issuer}.pem`), '-issuer', at(`${issuer}.pem`), '-cert', at(`${about}.pem`),
      '-rsigner', at(`${by}.pem`), '-rkey', at(`${by}.key`), '-ndays', '1', '-respout', at(`${to}.der`))

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'countersign-verify-ocsp-'))
    await Promise.all(['top', 'away'].map(root))
    await issue('middle', 'top', '11', 'basicConstraints=critical,CA:true', 'keyUsage=critical,keyCertSign,cRLSign')
    await issue('desk', 'top', '12', 'subjectAltName=DNS:desk.example', 'extendedKeyUsage=serverAuth')
    await issue('shelf', 'middle', '13', 'subjectAltName=DNS:shelf.example', 'extendedKeyUsage=serverAuth')
    await issue('voice', 'middle', '14', 'extendedKeyUsage=OCSPSigning', 'noCheck=ignored')
    await issue('noise', 'middle', '15', 'extendedKeyUsage=clientAuth')
    const valid = ['11', '12', '13'].map((serial) => `V\t401231235959Z\t\t${serial}\tunknown\t/CN=${serial}\n`)
    await writeFile(at('good.txt'), valid.join(''))
    await writeFile(at('bad.txt'), 'R\t401231235959Z\t261101000000Z,keyCompromise\t12\tunknown\t/CN=desk\n')
  })
  after(() => rm(directory, { recursive: true }))

  const verify = (name: string, answers: readonly string[], ...more: string[]) => {
    const files = answers.flatMap((answer) => ['--ocsp', answer])
    // biome-ignore format: options beside their values
    return runCommand(['verify', `${name}.pem`, 'middle.pem', '--anchor', 'top.pem', '--name', `${name}.example`, ...files, ...more],
      { cwd: directory })
  }

  test('good, revoked, and of another issuer', async () => {
    await respond('good', 'desk', 'top', 'top')
    await respond('bad', 'desk', 'top', 'top', 'bad.txt')
    await respond('away', 'desk', 'away', 'away')
    const good = await verify('desk', ['good.der'])
    assert.equal(good.code, 0, good.stdout + good.stderr)
    assert.match(good.stdout, /└─ CN=desk.*\n +good by the ocsp answer of /)
    const bad = await verify('desk', ['bad.der'])
    assert.equal(bad.code, 1)
    assert.match(bad.stdout, /\[ERR_VERIFY_REVOKED\]\n +exactly: revoked at 2026-11-01T00:00:00Z \(keyCompromise\)/)
    const away = await verify('desk', ['away.der'])
    assert.equal(away.code, 1)
    assert.match(away.stdout, /\[ERR_VERIFY_STATUS_UNKNOWN\]/)
    // Whatever else is good, what is revoked stays revoked.
    assert.equal((await verify('desk', ['away.der', 'good.der'])).code, 0)
    assert.equal((await verify('desk', ['good.der', 'bad.der'])).code, 1)
  })

  test('a file that holds no answer: exit 3, with the next step', async () => {
    const { code, stderr } = await verify('desk', ['desk.pem'])
    assert.equal(code, 3)
    assert.match(stderr, /desk\.pem: .*\n.*-respout/)
  })

  test('an answer for each certificate of the path, by its issuer and by a delegate: --json says by whom', async () => {
    await respond('middle', 'middle', 'top', 'top')
    await respond('voice', 'shelf', 'middle', 'voice')
    await respond('noise', 'shelf', 'middle', 'noise')
    const { code, stdout, stderr } = await verify('shelf', ['voice.der', 'middle.der'], '--json')
    assert.equal(code, 0, stdout + stderr)
    const { evidence } = JSON.parse(stdout) as { evidence: Record<string, unknown>[] }
    assert.deepEqual(
      evidence.map(({ kind, depth, issuer }) => [kind, depth, issuer]),
      [
        ['ocsp', 1, 'CN=Top'],
        ['ocsp', 0, 'CN=voice'],
      ],
    )
    for (const each of evidence)
      for (const key of ['producedAt', 'thisUpdate', 'nextUpdate'])
        assert.match(String(each[key]), /^20\d\d-\d\d-\d\dT[\d:]+Z$/)
    for (const [answers, why] of [
      [['voice.der'], /there is no crl of its issuer/],
      [['middle.der'], /there is no crl of its issuer/],
      [['middle.der', 'noise.der'], /its responder may not sign answers/],
    ] as const) {
      const refused = await verify('shelf', answers, '--json')
      assert.equal(refused.code, 1, refused.stdout)
      const { findings } = JSON.parse(refused.stdout) as { findings: { code: string; detail: string }[] }
      assert.deepEqual(
        findings.map((each) => each.code),
        ['ERR_VERIFY_STATUS_UNKNOWN'],
      )
      assert.match(findings[0]?.detail ?? '', why)
    }
  })
})
