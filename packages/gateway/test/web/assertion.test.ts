import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { suite, test } from 'node:test'
import { IdentityError, type PrivateFiles, privateFiles } from '@countersign/mtls'
import type { Meeting } from '@countersign/protocol'
import { CALLERS } from '../../../../tools/testing/web-house.ts'
import { openAsserter } from '../../src/web/assertion.ts'
import type { PublicKey } from '../../src/web/assertion-keys.ts'

const sha256 = hash('sha256', CALLERS.alice.certificate.der, 'hex')
const at = Temporal.Instant.from('2026-11-26T12:00:00Z')
const step = { by: 'both', outcome: 'proved' } as const
const meeting: Meeting = {
  reference: 'M-7F3K-92QD' as Meeting['reference'],
  door: 'hello',
  seenBy: 'callee',
  at,
  resumed: false,
  caller: {
    name: 'alice',
    party: 'alice',
    identities: [{ kind: 'uniformResourceIdentifier', value: 'spiffe://acme.example/alice' }],
    certificate: {
      sha256,
      spkiSha256: '',
      serialNumber: '1',
      subject: '',
      issuer: '',
      notBefore: at,
      notAfter: at,
    },
  },
  callee: { name: 'hello.localhost', identities: [] },
  steps: [
    step,
    step,
    step,
    step,
    step,
    { ...step, evidence: { kind: 'channel', protocol: 'TLSv1.3', cipher: 'x', exporterSha256: 'ab'.repeat(32) } },
  ],
  outcome: { ok: true, decision: { ok: true, rule: 'allow alice' } },
}

/** Signs by the time of `clock`; without `files`, its keys end with it. */
const asserterAt = (clock: () => Temporal.Instant, files?: PrivateFiles) =>
  openAsserter(
    { door: 'hello', issuer: 'https://hello.localhost', audience: 'orders' },
    { clock, log: () => assert.fail('nothing is told'), ...(files && { files }) },
  )

const partsOf = (token: string) => {
  const [head = '', claims = '', signature = ''] = token.split('.')
  const read = (text: string): Record<string, unknown> => JSON.parse(Buffer.from(text, 'base64url').toString())
  return {
    head: read(head),
    claims: read(claims),
    input: Buffer.from(`${head}.${claims}`),
    signature: Buffer.from(signature, 'base64url'),
  }
}

/** By WebCrypto, whose form of ECDSA is that of RFC 7518. */
async function isSignedBy(token: string, { kid: _kid, ...jwk }: PublicKey): Promise<boolean> {
  const key = await crypto.subtle.importKey('jwk', { ...jwk }, { name: 'ECDSA', namedCurve: 'P-256' }, false, [
    'verify',
  ])
  const { signature, input } = partsOf(token)
  return crypto.subtle.verify({ name: 'ECDSA', hash: 'SHA-256' }, key, signature, input)
}

suite('what a door states of a caller', () => {
  test('names caller, certificate, meeting and channel, and is signed by the published key alone', async () => {
    const [ours, other] = await Promise.all([asserterAt(() => at), asserterAt(() => at)])
    const token = ours?.about(meeting)() ?? assert.fail()
    const { head, claims } = partsOf(token)
    const [key = assert.fail()] = ours?.keys ?? []
    assert.deepEqual(head, { alg: 'ES256', typ: 'JWT', kid: key.kid })
    const now = at.epochMilliseconds / 1000
    assert.deepEqual(claims, {
      iss: 'https://hello.localhost',
      aud: 'orders',
      sub: 'alice',
      identities: ['uniformResourceIdentifier:spiffe://acme.example/alice'],
      cnf: { 'x5t#S256': hash('sha256', CALLERS.alice.certificate.der, 'base64url') },
      door: 'hello',
      reference: 'M-7F3K-92QD',
      exporter_sha256: 'ab'.repeat(32),
      iat: now,
      exp: now + 60,
    })
    assert.equal(await isSignedBy(token, key), true)
    assert.equal(await isSignedBy(token, other?.keys[0] ?? assert.fail()), false)
    assert.doesNotMatch(JSON.stringify(ours?.keys), /"d"/)
  })

  test('of one behind a proxy names the proxy, and not the channel, which is the proxy’s', async () => {
    const { certificate } = meeting.caller
    assert.ok(certificate)
    const [ask, present, verify, , judged, channel] = meeting.steps
    const shown = { ...step, evidence: { kind: 'forwarded', by: 'edge', certificate } } as const
    const behind = { ...meeting, steps: [ask, present, verify, shown, judged, channel] } as const
    const { claims } = partsOf((await asserterAt(() => at)).about(behind)())
    assert.deepEqual([claims['sub'], claims['through'], claims['exporter_sha256']], ['alice', 'edge', undefined])
  })

  test('is made anew before half of its life is over, and where the clock was set back', async () => {
    let now = at
    const state = (await asserterAt(() => now)).about(meeting)
    const first = state()
    now = at.add({ seconds: 29 })
    assert.equal(state(), first)
    now = at.add({ seconds: 30 })
    const second = state()
    assert.notEqual(second, first)
    now = at
    assert.equal(partsOf(state()).claims['iat'], at.epochMilliseconds / 1000)
  })

  test('is signed by the same key after a restart, in a file that nobody else may read', async () => {
    await using home = await temporaryDirectory()
    const files = privateFiles(join(home.path, 'doors', 'hello'))
    const first = await asserterAt(() => at, files)
    const token = first.about(meeting)()
    // Nothing is closed: as of a process that was killed.
    const second = await asserterAt(() => at.add({ seconds: 50 }), files)
    assert.deepEqual(second.keys, first.keys)
    assert.equal(await isSignedBy(token, second.keys[0] ?? assert.fail()), true)
    const path = files.pathOf('assertion-keys.json')
    assert.equal((await stat(path)).mode & 0o777, 0o600)
    assert.equal((await stat(dirname(path))).mode & 0o777, 0o700)
    assert.deepEqual(await readdir(dirname(path)), ['assertion-keys.json'])
  })

  test('goes over to the next key in time, also over restarts, and what was signed before can still be checked', async () => {
    await using home = await temporaryDirectory()
    const files = privateFiles(home.path)
    let now = at
    const first = await asserterAt(() => now, files)
    const before = first.keys
    now = at.add({ hours: 29 * 24 })
    await first.refresh()
    const cached = first.keys
    assert.equal(cached.length, 2)
    now = at.add({ hours: 30 * 24 }).subtract({ seconds: 1 })
    const [old, own = assert.fail()] = [first.about(meeting)(), cached[1]]
    assert.equal(await isSignedBy(old, before[0] ?? assert.fail()), true)
    now = at.add({ hours: 30 * 24, seconds: 30 })
    const second = await asserterAt(() => now, files)
    assert.deepEqual(second.keys, cached)
    const token = second.about(meeting)()
    assert.equal(await isSignedBy(token, own), true)
    assert.equal(partsOf(token).head['kid'], own.kid)
    // Who signed before has nothing left that could.
    assert.equal((await readFile(files.pathOf('assertion-keys.json'), 'utf8')).match(/"d"/g)?.length, 1)
  })

  const bad: readonly (readonly [string, (path: string) => Promise<void>, string])[] = [
    ['is empty', (path) => writeFile(path, ''), 'ERR_IDENTITY_DAMAGED'],
    ['is cut', async (path) => writeFile(path, (await readFile(path)).subarray(0, 60)), 'ERR_IDENTITY_DAMAGED'],
    ['others may read', (path) => chmod(path, 0o644), 'ERR_IDENTITY_MODE'],
    ['is a directory', (path) => rm(path).then(() => mkdir(path)), 'ERR_IDENTITY_UNREADABLE'],
    ['is in a directory of others', (path) => chmod(dirname(path), 0o755), 'ERR_IDENTITY_MODE'],
  ]
  for (const [what, spoil, code] of bad)
    test(`a file of keys that ${what} stops the start, and is named`, async () => {
      await using home = await temporaryDirectory()
      const files = privateFiles(home.path)
      const path = files.pathOf('assertion-keys.json')
      await asserterAt(() => at, files)
      await spoil(path)
      await assert.rejects(
        asserterAt(() => at, files),
        (error: unknown) => {
          assert.ok(error instanceof IdentityError && error.code === code, String(error))
          assert.ok(path.startsWith(error.file))
          assert.doesNotMatch(error.message, /"d"/)
          return true
        },
      )
    })

  test('a file that cannot be written stops the first start; later, the key before goes on', async () => {
    await using home = await temporaryDirectory()
    const file = join(home.path, 'file')
    await writeFile(file, '')
    await assert.rejects(
      asserterAt(() => at, privateFiles(join(file, 'hello'))),
      IdentityError,
    )
    const files = privateFiles(join(home.path, 'hello'))
    let now = at
    const asserter = await asserterAt(() => now, files)
    await rename(join(home.path, 'hello'), join(home.path, 'moved'))
    await writeFile(join(home.path, 'hello'), '')
    now = at.add({ hours: 40 * 24 })
    await assert.rejects(asserter.refresh(), IdentityError)
    assert.equal(asserter.keys.length, 1)
    assert.equal(await isSignedBy(asserter.about(meeting)(), asserter.keys[0] ?? assert.fail()), true)
    await rm(join(home.path, 'hello'))
    await asserter.refresh()
    assert.equal(asserter.keys.length, 2)
  })
})

/** A directory of one test, which goes with it. */
async function temporaryDirectory(): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), 'countersign-gateway-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}
