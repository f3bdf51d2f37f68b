// A person's key for mail: made at their side, certified by the house, found by others, and never told to strangers.
import assert from 'node:assert/strict'
import { createPrivateKey } from 'node:crypto'
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { type RunningHouse, startHouse } from './support/house.ts'

suite('keys for mail', () => {
  let house: RunningHouse
  const run = async (args: readonly string[], code = 0) => {
    const ran = await house.run(args)
    assert.equal(ran.code, code, `${args.join(' ')}\n${ran.stdout}${ran.stderr}`)
    return ran
  }
  const enroll = async (party: string, ...options: readonly string[]) => {
    const { stdout } = await run(['invite', party, ...options, '--json'])
    const { token } = JSON.parse(stdout) as { token: string }
    await run(['enroll', token, '--out', party])
  }
  const keysOf = async (address: string, identity: string, code = 0) =>
    JSON.parse((await run(['mail', 'keys', address, '--identity', identity, '--json'], code)).stdout) as {
      keys: readonly { serialNumber: string; addresses: readonly string[]; ok: boolean; code?: string }[]
    }

  before(async () => {
    house = await startHouse()
    await enroll('alice', '--profile', 'person', '--san', 'email:alice@acme.example')
    await enroll('bob', '--profile', 'person', '--san', 'email:bob@acme.example')
  })
  after(() => house[Symbol.asyncDispose]())

  test('are made here: the private key is for nobody else to read', async () => {
    const { stdout } = await run(['mail', 'key', '--identity', 'alice'])
    assert.match(stdout, /^mail to alice@acme\.example can be encrypted/)
    const folder = join(house.directory, 'alice', 'mail')
    const names = (await readdir(folder)).sort()
    assert.deepEqual(
      names.map((name) => name.slice(32)),
      ['.key', '.pem'],
    )
    const { mode } = await stat(join(folder, names[0]!))
    assert.equal(mode & 0o777, 0o600)
    assert.match(await readFile(join(folder, names[0]!), 'utf8'), /BEGIN PRIVATE KEY/)
  })

  test('are kept by nobody else: no file of the authority has one, nor its backup', async () => {
    await run(['backup', 'kept'])
    const files = (await readdir(house.directory, { recursive: true, withFileTypes: true }))
      .filter((file) => file.isFile())
      .map(({ parentPath, name }) => relative(house.directory, join(parentPath, name)))
    const keys = files.filter((file) => file.startsWith('alice/') && file.endsWith('.key'))
    assert.equal(keys.length, 2, 'the one that signs, and the one to which mail is encrypted')
    const forms = await Promise.all(
      keys.map(async (file) => {
        const pem = await readFile(join(house.directory, file), 'utf8')
        const secret = Buffer.from(createPrivateKey(pem).export({ format: 'jwk' }).d ?? assert.fail(), 'base64url')
        return [secret, secret.toString('hex'), ...pem.split('\n').slice(2, -2)]
      }),
    )
    const others = files.filter((file) => !file.startsWith('alice/'))
    assert.ok(others.some((file) => file.startsWith('kept/')) && others.length > 10)
    for (const file of others) {
      const octets = await readFile(join(house.directory, file))
      for (const form of forms.flat()) assert.equal(octets.includes(form), false, file)
    }
  })

  test('are found by others: the newest alone, once it was judged', async () => {
    const { made } = JSON.parse((await run(['mail', 'key', '--identity', 'alice', '--json'])).stdout) as {
      made: { serialNumber: string }
    }
    const own = JSON.parse((await run(['mail', 'keys', '--identity', 'alice', '--json'])).stdout) as {
      keys: readonly { serialNumber: string }[]
    }
    assert.equal(own.keys.length, 2)
    const { keys } = await keysOf('alice@acme.example', 'bob')
    assert.deepEqual(
      keys.map(({ serialNumber, addresses, ok }) => [serialNumber, addresses, ok]),
      [[made.serialNumber, ['alice@acme.example'], true]],
    )
  })

  test('of an address that nobody has, or whose party has none, are not there: exit 1', async () => {
    assert.deepEqual((await keysOf('bob@acme.example', 'alice', 1)).keys, [])
    assert.deepEqual((await keysOf('carol@acme.example', 'alice', 1)).keys, [])
    const { stdout } = await run(['mail', 'keys', 'bob@acme.example', '--identity', 'alice'], 1)
    assert.match(stdout, /knows no key for mail to bob@acme\.example/)
  })

  test('are for people alone, and no name at a door', async () => {
    await enroll('printer')
    const { stderr } = await run(['mail', 'key', '--identity', 'printer'], 1)
    assert.match(stderr, /ERR_ENROLL_PROFILE/)
    // The key that was made waits for a certificate; none is listed.
    const { stdout } = await run(['mail', 'keys', '--identity', 'printer'])
    assert.match(stdout, /no key for mail here yet/)
  })

  test('that others may read, or that are of another certificate, are not used', async () => {
    const folder = join(house.directory, 'bob', 'mail')
    await run(['mail', 'key', '--identity', 'bob'])
    const [key, pem] = (await readdir(folder)).filter((name) => /\.(?:key|pem)$/.test(name)).sort()
    const other = (await readdir(join(house.directory, 'alice', 'mail'))).find((name) => name.endsWith('.pem'))
    const right = await readFile(join(folder, pem!))
    await writeFile(join(folder, pem!), await readFile(join(house.directory, 'alice', 'mail', other!)))
    const { stderr } = await run(['mail', 'keys', '--identity', 'bob'], 3)
    assert.match(stderr, /ERR_IDENTITY_KEY_MISMATCH/)
    await writeFile(join(folder, pem!), right)
    await writeFile(join(folder, key!), 'no key')
    assert.match((await run(['mail', 'keys', '--identity', 'bob'], 3)).stderr, /ERR_IDENTITY_MALFORMED/)
  })
})
