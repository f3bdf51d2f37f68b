import assert from 'node:assert/strict'
import {
  chmodSync,
  copyFileSync,
  cpSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import { readCertificateList } from '@countersign/x509'
import { FAILPOINTS } from '../../src/failpoints.ts'
import { readHierarchy } from '../../src/keys/hierarchy.ts'
import { ensureAuthority } from '../../src/start/first-start.ts'
import { openStore } from '../../src/store/store.ts'
import { openCore, START, temporaryDirectory } from '../support/core.ts'

/** Starts once and closes, so that the files can be changed between two starts. */
async function started(t: TestContext): Promise<string> {
  const directory = temporaryDirectory(t)
  await start(directory)
  return directory
}

async function start(directory: string, domain = 'acme.example', now = START): Promise<string> {
  const store = await openStore(join(directory, 'store.db'), () => undefined)
  try {
    const failpoint = () => undefined
    const folder = await ensureAuthority({ directory, store, organization: 'Acme', domain, now, failpoint })
    return readHierarchy(folder, now).root.der.toHex()
  } finally {
    await store.close()
  }
}

suite('first start', () => {
  test('makes a root, an issuer under it, their keys for the owner alone, and the list of the root', async (t) => {
    const { directory, hierarchy, store } = await openCore(t)
    const folder = join(directory, 'authority')
    assert.deepEqual(readdirSync(directory).sort(), ['authority', 'store.db', 'store.db-wal'])
    assert.deepEqual(readdirSync(folder).sort(), ['issuing.key', 'issuing.pem', 'root.key', 'root.pem', 'ssh.key'])
    assert.equal(statSync(folder).mode & 0o777, 0o700)
    for (const key of ['root.key', 'issuing.key']) assert.equal(statSync(join(folder, key)).mode & 0o777, 0o600)
    const { root, issuing } = hierarchy
    const years = (one: typeof root) => one.validity.notAfter.since(START).total({ unit: 'hours' }) / 24 / 365.25
    assert.equal(Math.round(years(root)), 20)
    assert.equal(Math.round(years(issuing)), 5)
    assert.equal((await store.certificates.byId(hierarchy.rootId))?.der.toHex(), root.der.toHex())
    assert.equal((await store.certificates.byId(hierarchy.issuerId))?.der.toHex(), issuing.der.toHex())
    const list = readCertificateList((await store.status.newestCrl(hierarchy.rootId))!.der)
    assert.ok(list.nextUpdate?.equals(issuing.validity.notAfter), 'it holds as long as the issuer: the key may leave')
    assert.equal(list.revokedCertificates.length, 0)
  })

  test('a second start finds the same authority', async (t) => {
    const directory = temporaryDirectory(t)
    assert.equal(await start(directory), await start(directory))
  })

  const moments = FAILPOINTS.filter((name) => name.startsWith('start.'))
  for (const moment of moments)
    test(`interrupted at ${moment}, the next start ends with one consistent authority`, async (t) => {
      const directory = temporaryDirectory(t)
      const store = await openStore(join(directory, 'store.db'), () => undefined)
      const failpoint = (name: string) => {
        if (name === moment) throw new Error('interrupted')
      }
      const options = { directory, store, organization: 'Acme', domain: 'acme.example', now: START, failpoint }
      await assert.rejects(ensureAuthority(options), /interrupted/)
      await store.close()
      assert.equal(await start(directory), await start(directory))
      assert.deepEqual(readdirSync(directory).sort(), ['authority', 'store.db'])
    })
})

suite('what does not fit together is refused', () => {
  const rejects = (starting: Promise<unknown>, code: string, path: string) =>
    assert.rejects(starting, { name: 'AuthorityError', code, path })

  test('an authority without its store', async (t) => {
    const directory = await started(t)
    rmSync(join(directory, 'store.db'))
    await rejects(start(directory), 'ERR_AUTHORITY_STORE_MISSING', directory)
    assert.ok(readdirSync(join(directory, 'authority')).includes('root.key'), 'nothing was made anew')
  })

  test('an empty store in the place of the one that was', async (t) => {
    const directory = await started(t)
    writeFileSync(join(directory, 'store.db'), '')
    await rejects(start(directory), 'ERR_AUTHORITY_STORE_MISSING', directory)
  })

  test('a store without its authority', async (t) => {
    const directory = await started(t)
    rmSync(join(directory, 'authority'), { recursive: true })
    await rejects(start(directory), 'ERR_AUTHORITY_FILE_MISSING', join(directory, 'authority'))
  })

  test("another authority's files", async (t) => {
    const [directory, other] = [await started(t), await started(t)]
    rmSync(join(directory, 'authority'), { recursive: true })
    cpSync(join(other, 'authority'), join(directory, 'authority'), { recursive: true })
    await rejects(start(directory), 'ERR_AUTHORITY_FILE_MISMATCH', join(directory, 'authority'))
  })

  test("another authority's issuing certificate", async (t) => {
    const [directory, other] = [await started(t), await started(t)]
    const path = join(directory, 'authority', 'issuing.pem')
    copyFileSync(join(other, 'authority', 'issuing.pem'), path)
    await rejects(start(directory), 'ERR_AUTHORITY_FILE_MISMATCH', path)
  })

  test("the root's key in the place of the issuing one", async (t) => {
    const directory = await started(t)
    const path = join(directory, 'authority', 'issuing.key')
    copyFileSync(join(directory, 'authority', 'root.key'), path)
    await rejects(start(directory), 'ERR_AUTHORITY_FILE_MISMATCH', path)
  })

  test('another trust domain', async (t) => {
    const directory = await started(t)
    await rejects(start(directory, 'other.example'), 'ERR_AUTHORITY_DOMAIN', directory)
  })

  test('an issuing certificate that has ended', async (t) => {
    const directory = await started(t)
    const late = START.add({ hours: 24 * 366 * 5 })
    await rejects(
      start(directory, 'acme.example', late),
      'ERR_AUTHORITY_ISSUER_EXPIRED',
      join(directory, 'authority', 'issuing.pem'),
    )
  })

  for (const name of ['root.pem', 'issuing.pem', 'issuing.key'])
    for (const [what, contents] of [
      ['empty', ''],
      ['random', '\u0000\u0001random'],
      ['a cut PEM', '-----BEGIN CERTIFICATE-----\nMIIB'],
      ['a PEM of nothing sensible', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'],
    ])
      test(`${name} that is ${what}`, async (t) => {
        const directory = await started(t)
        const path = join(directory, 'authority', name)
        writeFileSync(path, contents!)
        await rejects(start(directory), 'ERR_AUTHORITY_FILE_MALFORMED', path)
      })

  for (const name of ['root.pem', 'issuing.pem', 'issuing.key'])
    test(`${name} that is missing`, async (t) => {
      const directory = await started(t)
      const path = join(directory, 'authority', name)
      renameSync(path, `${path}.away`)
      await rejects(start(directory), 'ERR_AUTHORITY_FILE_MISSING', path)
    })

  test('an issuing key that others can read', async (t) => {
    const directory = await started(t)
    const path = join(directory, 'authority', 'issuing.key')
    chmodSync(path, 0o640)
    await rejects(start(directory), 'ERR_AUTHORITY_FILE_MODE', path)
    assert.match(readFileSync(path, 'utf8'), /PRIVATE KEY/)
  })
})
