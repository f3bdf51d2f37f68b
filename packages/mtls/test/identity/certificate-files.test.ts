// A certificate that somebody else renews: found out by looking at its files.
import assert from 'node:assert/strict'
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { createIssuer, issueLeaf, pemOf } from '../../../../tools/testing/pki.ts'
import { followCertificate } from '../../src/identity/certificate-files.ts'

const root = createIssuer('Public Root')
const leafOf = () =>
  issueLeaf(root, 'bank.example', { names: [{ kind: 'dNSName', value: 'bank.example' }], purpose: 'serverAuth' })

async function followed(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-'))
  const files = { chain: join(folder, 'chain.pem'), key: join(folder, 'key.pem'), names: ['bank.example'] }
  const write = async (part: 'chain' | 'key', text: string) => {
    await writeFile(`${files[part]}.new`, text, { mode: 0o600 })
    await rename(`${files[part]}.new`, files[part])
  }
  const put = async (leaf: ReturnType<typeof leafOf>) => {
    const { cert, key } = pemOf(leaf)
    await write('chain', String(cert))
    await write('key', String(key))
  }
  const first = leafOf()
  await put(first)
  const logged: { event: string; fields: Readonly<Record<string, unknown>> }[] = []
  const identity = await followCertificate(files, {
    door: 'bank',
    clock: () => Temporal.Now.instant(),
    log: (event, fields = {}) => void logged.push({ event, fields }),
    everyMs: 10,
  })
  t.after(async () => {
    identity.close()
    await rm(folder, { recursive: true, force: true })
  })
  const serial = () => identity.current().certificates[0].serialNumber
  return { identity, files, write, put, first, logged, serial }
}

async function until(holds: () => boolean): Promise<void> {
  for (let i = 0; i < 400; i++) {
    if (holds()) return
    await delay(5)
  }
  assert.fail('it did not happen within two seconds')
}

suite('files of a certificate', () => {
  test('are read when they have changed, without being told', async (t) => {
    const { identity, put, first, logged, serial } = await followed(t)
    assert.equal(serial(), first.certificate.serialNumber)
    let changes = 0
    identity.onChange(() => changes++)
    const next = leafOf()
    await put(next)
    await until(() => serial() === next.certificate.serialNumber)
    assert.equal(changes, 1)
    assert.deepEqual(
      logged.map(({ event }) => event),
      ['certificate.replaced'],
    )
  })

  test('that cannot be used are told of once, and what was there stays until they can', async (t) => {
    const { files, write, put, first, logged, serial } = await followed(t)
    await write('chain', 'no certificate')
    await until(() => logged.length > 0)
    await delay(60)
    assert.deepEqual(
      logged.map(({ event, fields }) => [event, fields['code']]),
      [['certificate.unusable', 'ERR_IDENTITY_MALFORMED']],
    )
    await rm(files.key)
    await until(() => logged.length > 1)
    assert.equal(serial(), first.certificate.serialNumber)
    const next = leafOf()
    await put(next)
    await until(() => serial() === next.certificate.serialNumber)
  })

  test('are of no use before their time, and after it', async (t) => {
    const { files } = await followed(t)
    for (const year of [1999, 2999])
      await assert.rejects(
        followCertificate(files, {
          door: 'bank',
          clock: () => Temporal.Instant.from(`${year}-01-01T00:00:00Z`),
          log: () => undefined,
        }),
        { code: 'ERR_IDENTITY_NOT_NOW' },
      )
  })

  test('are read no more once closed', async (t) => {
    const { identity, put, serial, first } = await followed(t)
    identity.close()
    await put(leafOf())
    await delay(60)
    assert.equal(serial(), first.certificate.serialNumber)
  })
})
