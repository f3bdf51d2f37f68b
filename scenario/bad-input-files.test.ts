// What commands read, spoilt: each file or token gets one clear line (which, what is wrong, what to do) and exit code 3,
// and nothing is changed.
import assert from 'node:assert/strict'
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { type RunningHouse, startHouse } from './support/house.ts'
import { randomOctets } from './support/random-octets.ts'
import type { Ran } from './support/run-command.ts'
import { treeOf } from './support/standing-house.ts'

const MIB = 1 << 20

/** What may be where a good file should be, made from the good one. */
const SPOILT: Readonly<Record<string, (good: Buffer) => Buffer>> = {
  empty: () => Buffer.alloc(0),
  // Not in the middle, where the first of two certificates may be whole.
  truncated: (good) => good.subarray(0, Math.floor(good.length / 3)),
  random: (good) => randomOctets(good.length, 3),
  oversized: (good) => Buffer.concat([good, randomOctets(17 * MIB, 4)]),
}

suite('what commands read, spoilt', () => {
  let house: RunningHouse
  let url: string
  before(async () => {
    house = await startHouse()
    url = house.ready.doors[0]?.url ?? ''
    const { stdout } = await house.run(['invite', 'alice'])
    assert.equal((await house.run(['enroll', stdout.trim()])).code, 0)
  })
  after(() => house[Symbol.asyncDispose]())

  function assertTold({ code, stdout, stderr }: Ran, says: RegExp, what: string): void {
    assert.equal(code, 3, `${what}: ${stdout}${stderr}`)
    assert.equal(stdout, '', what)
    assert.match(stderr, says, what)
    // What, where and the code; then what to do.
    assert.match(stderr, /^countersign: \S.* \[[A-Z_]+\]\n {2}\S.*\n$/, what)
  }

  /** Runs `command` with each spoilt form of `path` in its place, with a directory there, and with nothing. */
  async function spoil(path: string, says: RegExp, command: () => Promise<Ran>) {
    const good = await readFile(path)
    const { mode } = await stat(path)
    const aside = `${path}.aside`
    await rename(path, aside)
    for (const [form, made] of Object.entries(SPOILT)) {
      await writeFile(path, made(good), { mode })
      const before = await treeOf(join(house.directory, 'alice'))
      assertTold(await command(), says, `${path} ${form}`)
      assert.deepEqual(await treeOf(join(house.directory, 'alice')), before, form)
      await rm(path)
    }
    await mkdir(path)
    assertTold(await command(), says, `${path} is a directory`)
    await rm(path, { recursive: true })
    assertTold(await command(), says, `${path} is missing`)
    await rename(aside, path)
  }

  const meet = () => house.run(['meet', url, '--identity', 'alice'])

  for (const [name, says] of Object.entries({
    'identity.key': /alice\/identity\.key: .*\[ERR_IDENTITY_/,
    'identity.pem': /alice\/identity\.pem: .*\[ERR_IDENTITY_/,
    'trust.pem': /alice\/trust\.pem: .*\[ERR_TRUST_/,
  }))
    test(`meet, with ${name} of the identity`, async () => {
      await spoil(join(house.directory, 'alice', name), says, meet)
      assert.equal((await meet()).code, 0)
    })

  test('meet, with a revocation list of the identity', async () => {
    const status = join(house.directory, 'alice', 'status')
    const [list = ''] = await readdir(status)
    const good = await readFile(join(status, list))
    for (const form of ['empty', 'truncated', 'random']) {
      await writeFile(join(status, list), SPOILT[form]?.(good) ?? '')
      assertTold(await meet(), /status\/\S+\.crl: .*\[ERR_TRUST_FILE_(EMPTY|MALFORMED)\]/, form)
    }
    await writeFile(join(status, list), good)
    await rename(status, `${status}.aside`)
    assertTold(await meet(), /alice\/status: .*\[ERR_TRUST_NO_STATUS\]/, 'no lists')
    await rename(`${status}.aside`, status)
    assert.equal((await meet()).code, 0)
  })

  test('meet --trust', async () => {
    const file = join(house.directory, 'believed.pem')
    await writeFile(file, await readFile(house.ready.trust))
    const meetNobody = () => house.run(['meet', url, '--trust', file])
    await spoil(file, /believed\.pem: .*\[ERR_TRUST_FILE_[A-Z]+\]/, meetNobody)
    assert.equal((await meetNobody()).code, 1, 'a door that asks for a certificate refuses who has none')
  })

  test('up --config', async () => {
    const file = join(house.directory, 'c.yaml')
    const authority = { name: 'a.localhost', domain: 'house.localhost', organization: 'Test', listen: '127.0.0.1:0' }
    await writeFile(file, JSON.stringify({ authority, doors: [] }))
    const up = () => house.run(['up', '--config', file, '--data', 'other-data'])
    await spoil(file, /c\.yaml\b/, up)
    assert.ok(!(await readdir(house.directory)).includes('other-data'), 'nothing was made')
  })

  test('enroll TOKEN, as an argument and from standard input', async () => {
    const { stdout } = await house.run(['invite', 'bob'])
    const token = stdout.trim()
    const middle = token.length >> 1
    const bad: Readonly<Record<string, string>> = {
      truncated: token.slice(0, middle),
      'one character changed': token.slice(0, middle) + (token[middle] === 'A' ? 'B' : 'A') + token.slice(middle + 1),
      random: randomOctets(200, 5).toString('latin1').replaceAll('\0', '.'),
      'random, after the prefix': `cs1_${randomOctets(200, 6).toString('base64url')}`,
      long: token + 'A'.repeat(100_000),
    }
    for (const [form, text] of Object.entries(bad)) {
      assertTold(await house.run(['enroll', text, '--out', 'bob']), /\[ERR_ENROLL_TOKEN_FORM\]/, form)
      const input = `${text}\n`
      assertTold(await house.run(['enroll', '-', '--out', 'bob'], { input }), /\[ERR_ENROLL_TOKEN_FORM\]/, form)
    }
    for (const [input, says] of [
      ['', /\[ERR_ENROLL_TOKEN_FORM\]/],
      ['\n', /\[ERR_ENROLL_TOKEN_FORM\]/],
      ['A'.repeat(16 * MIB), /standard input: its first line is longer than 65536 characters \[ERR_CLI_LINE_LIMIT\]/],
    ] as const)
      assertTold(await house.run(['enroll', '-', '--out', 'bob'], { input }), says, `${input.length} characters`)
    assert.ok(!(await readdir(house.directory)).includes('bob'), 'nothing was made')
    assert.equal((await house.run(['enroll', '-', '--out', 'bob'], { input: stdout })).code, 0)
  })
})
