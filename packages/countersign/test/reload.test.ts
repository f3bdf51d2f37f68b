// `countersign reload`: what was put in force, or every fault with its line; and names that nobody has.
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { main } from '../src/main.ts'
import { type FakeAround, fakeAround } from './support/around.ts'

const clock = () => Temporal.Now.instant()

const CONFIG = `authority:
  listen: 127.0.0.1:0
parties:
  bob: {}
doors:
  - name: raw
    kind: tcp
    host: raw.localhost
    listen: 127.0.0.1:0
    allow: [alice, bob]
    upstream: 127.0.0.1:1
`

suite('countersign reload', () => {
  let directory: string
  let house: FakeAround
  let standing: Promise<number>
  let stop: () => void
  const write = (text: string) => writeFile(join(directory, 'countersign.yaml'), text)
  const run = async (...words: string[]) => {
    const around = fakeAround({ cwd: directory, clock })
    const code = await main(words, around)
    return { code, out: around.stdout, err: around.stderr }
  }
  const start = async (words: readonly string[]) => {
    const { promise: stopped, resolve } = Promise.withResolvers<void>()
    const around = fakeAround({ cwd: directory, clock, stopped: () => stopped })
    const ended = main(words, around)
    for (const end = performance.now() + 20_000; !around.stdout.includes('ready'); await delay(20))
      assert.ok(performance.now() < end, around.stderr.join())
    return { around, ended, stop: resolve }
  }

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'countersign-'))
    await write(CONFIG)
    const started = await start(['up', '--config', 'countersign.yaml'])
    house = started.around
    standing = started.ended
    stop = started.stop
    await run('party', 'add', 'alice')
  })
  after(async () => {
    stop()
    assert.equal(await standing, 0)
    await rm(directory, { recursive: true, force: true })
  })

  test('says what is another, and that nothing is', async () => {
    const same = await run('reload')
    assert.equal(same.code, 0, same.err.join())
    assert.deepEqual(same.out, ['countersign.yaml was read again, and holds', '  nothing is another'])
    await write(CONFIG.replace('[alice, bob]', '[alice]').replace('127.0.0.1:1\n', '127.0.0.1:2\n'))
    const { out } = await run('reload')
    assert.match(out[1] ?? '', /^ {2}door raw: (?:allow, upstream|upstream, allow)$/)
    await write(CONFIG)
    const json = JSON.parse((await run('reload', '--json')).out.join())
    assert.equal(json.applied.length, 1)
    assert.deepEqual(json.warnings, [])
  })

  test('warns of a name that no party has, with the nearest one', async () => {
    await write(CONFIG.replace('[alice, bob]', '[alcie, bob, "*", nobody, zed, spiffe://elsewhere.example/x]'))
    const { code, err } = await run('reload')
    assert.equal(code, 0)
    assert.deepEqual(err, [
      'countersign.yaml:10: door raw allows alcie, and no party is that; did you mean alice?',
      'countersign.yaml:10: door raw allows zed, and no party is that',
    ])
    await write(CONFIG)
    assert.deepEqual((await run('reload')).err, [])
  })

  for (const [what, text, cause] of [
    [
      'an unknown key',
      CONFIG.replace('    allow:', '    alow:'),
      /countersign\.yaml:10: .*there is no key alow; did you mean allow\?/,
    ],
    [
      'another address',
      CONFIG.replace('listen: 127.0.0.1:0\n    allow', 'listen: 127.0.0.1:9\n    allow'),
      /countersign\.yaml:9: door raw: listen is another/,
    ],
    [
      'another name',
      CONFIG.replace('  listen: 127.0.0.1:0\nparties', '  listen: 127.0.0.1:0\n  organization: Other\nparties'),
      /countersign\.yaml:3: authority\.organization is another/,
    ],
    [
      'a door that is gone',
      CONFIG.replace('name: raw', 'name: other'),
      /countersign\.yaml:6: door raw is gone.*countersign\.yaml:6: door other is new/,
    ],
    ['no YAML', '{', /countersign\.yaml:\d+: /],
    [
      'a policy where there was none',
      `policy: policy.yaml\n${CONFIG}`,
      /countersign\.yaml:1: whether there is a policy is another/,
    ],
  ] as const)
    test(`exit 3 for ${what}, with its line; nothing is changed`, async () => {
      await write(text)
      const { code, err } = await run('reload')
      assert.equal(code, 3)
      assert.match(err[0] ?? '', cause)
      assert.match(err[0] ?? '', /\[ERR_ADMIN_RELOAD\]$/)
      // As a SIGHUP is answered, at the house itself.
      assert.match(house.stderr.join('\n'), cause)
      await write(CONFIG)
      assert.deepEqual((await run('reload')).out[1], '  nothing is another')
    })

  test('has nothing to read where the house has no file, or there is no house', async (t) => {
    const elsewhere = ['--data', 'elsewhere']
    const without = await start(['up', ...elsewhere])
    t.after(async () => {
      without.stop()
      await without.ended
    })
    const refused = await run('reload', ...elsewhere)
    assert.deepEqual([refused.code, /started without a file/.test(refused.err.join())], [3, true])
    assert.equal((await run('reload', '--data', 'absent')).code, 4)
    assert.equal((await run('reload', '--config', 'x')).code, 2)
  })

  test('who-can answers by the list of a door, without a policy', async () => {
    const { code, out } = await run('who-can', 'raw')
    assert.equal(code, 0)
    assert.match(out.join('\n'), /^who +rule +when *\nalice +allow alice *\nbob +allow bob *$/)
    const json = JSON.parse((await run('who-can', 'service:raw', '--json')).out.join())
    assert.deepEqual(json.what, 'service:raw')
    assert.equal((await run('who-can', 'other')).code, 3)
  })
})
