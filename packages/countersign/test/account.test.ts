// What `countersign invite --account` and `countersign account` say, of an authority with accounts in its store.
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { Authority } from '@countersign/authority'
import { LOGIN_PART } from '@countersign/login/store'
import { main } from '../src/main.ts'
import { accountsAt, deviceOf } from './support/accounts.ts'
import { fakeAround } from './support/around.ts'
import { authorityIn } from './support/authority.ts'

const clock = () => Temporal.Now.instant()

/** Runs one command beside an authority at whose door `bank` people sign in. */
async function beside(t: TestContext) {
  const directory = await mkdtemp(join(tmpdir(), 'countersign-'))
  const authority: Authority = await authorityIn(join(directory, 'countersign-data'), clock, {
    parts: [LOGIN_PART],
    accounts: accountsAt('bank', () => authority.part('login'), clock),
  })
  t.after(async () => {
    await authority.close()
    await rm(directory, { recursive: true, force: true })
  })
  return async (...words: readonly string[]) => {
    const around = fakeAround({ cwd: directory, clock })
    return { code: await main([...words], around), stdout: around.stdout, stderr: around.stderr.join('\n') }
  }
}

suite('countersign account', () => {
  test('an invitation is an address, alone on standard output', async (t) => {
    const run = await beside(t)
    const plain = await run('invite', 'carol', '--account', 'bank', '--email', 'carol@acme.example')
    assert.deepEqual([plain.code, plain.stdout], [0, ['https://bank/#secret']])
    assert.match(
      plain.stderr,
      /^an invitation for carol to open an account at bank; it works once and ends in \S+ \w+\./,
    )
    const { code, stdout } = await run('invite', 'bob', '--account', 'bank', '--ttl', '2h', '--json')
    const [line = '', more] = stdout
    assert.equal(code, 0)
    assert.equal(more, undefined)
    const { url, expiresAt, ...rest } = JSON.parse(line)
    assert.deepEqual([url, rest], ['https://bank/#secret', {}])
    const left = Temporal.Instant.from(expiresAt).since(clock()).total('seconds')
    assert.ok(left > 7_100 && left <= 7_200, String(left))
  })

  test('an account that is there is invited only by --again, and one that is not never by it', async (t) => {
    const run = await beside(t)
    const untold = await run('invite', 'carol', '--account', 'bank', '--again')
    assert.equal(untold.code, 2)
    assert.match(untold.stderr, /by what the person has proved who they are/)
    const proofed = ['--proofed', 'passport, at the counter']
    const early = await run('invite', 'carol', '--account', 'bank', '--again', ...proofed)
    assert.notEqual(early.code, 0)
    assert.match(early.stderr, /nobody has this account/)
    assert.equal((await run('invite', 'carol', '--account', 'bank')).code, 0)
    const twice = await run('invite', 'carol', '--account', 'bank')
    assert.notEqual(twice.code, 0)
    assert.deepEqual(twice.stdout, [])
    const again = await run('invite', 'carol', '--account', 'bank', '--again', ...proofed)
    assert.deepEqual([again.code, again.stdout], [0, ['https://bank/#secret']])
    assert.match(again.stderr, /^an invitation for carol to set up anew the account at bank; it works once/)
    const alone = await run('invite', 'carol', '--again')
    assert.notEqual(alone.code, 0)
    assert.match(alone.stderr, /--again is of an account/)
  })

  test('accounts are listed with their devices, and a device ends', async (t) => {
    const run = await beside(t)
    const none = await run('account', 'list')
    assert.deepEqual([none.code, none.stdout, none.stderr], [0, [], 'nobody has an account'])
    for (const party of ['carol', 'bob']) assert.equal((await run('invite', party, '--account', 'bank')).code, 0)
    const listed = await run('account', 'list', '--door', 'bank')
    assert.equal(listed.code, 0)
    assert.match(listed.stdout[0] ?? '', /^account {2}door {2}opened +device +last seen +id$/)
    assert.match(listed.stdout[1] ?? '', /^bob +bank +.+ Chromium on Linux .+ bob-{40}$/)
    assert.equal(listed.stdout.length, 3)
    const removed = await run('account', 'remove-device', 'bank', 'bob', deviceOf('bob'))
    assert.deepEqual(
      [removed.code, removed.stdout],
      [0, ['the device was removed from the account of bob at bank, and its sessions have ended']],
    )
    const told = await run('account', 'remove-device', 'bank', 'carol', deviceOf('carol'), '--json')
    assert.deepEqual(JSON.parse(told.stdout[0] ?? ''), { door: 'bank', account: 'carol', device: deviceOf('carol') })
    const after = await run('account', 'list', '--json')
    assert.deepEqual(
      after.stdout.map((line) => JSON.parse(line)).map(({ account, devices }) => [account, devices]),
      [
        ['bob', []],
        ['carol', []],
      ],
    )
    assert.match((await run('account', 'list')).stdout[1] ?? '', /^bob +bank +.+ none$/)
    const line = /account {2}carol {2}bank {2}device removed {2}a test$/
    // It has its number within a second.
    for (const end = performance.now() + 20_000; ; await delay(50)) {
      if ((await run('events')).stdout.some((each) => line.test(each))) break
      assert.ok(performance.now() < end, 'the act is an event')
    }
  })

  test('are shown beside the certificates of their party, or alone; of nobody nothing is', async (t) => {
    const run = await beside(t)
    assert.equal((await run('invite', 'carol', '--account', 'bank')).code, 0)
    const shown = await run('show', 'carol')
    assert.equal(shown.code, 0, shown.stderr)
    const text = shown.stdout.join('\n')
    assert.match(text, /^account {2}carol at bank$/m)
    assert.match(text, /^device {3}Chromium on Linux, seen .+ {2}carol-{38}$/m)
    assert.match(text, /^ways {5}password, 1 passkey, an app$/m)
    assert.match(text, /^codes {4}9 for recovery$/m)
    assert.equal((await run('lock', 'carol', '--reason', 'lost')).code, 0)
    assert.match((await run('show', 'carol')).stdout.join('\n'), /^locked .+\(lost\)$/m)
    const { certificates, accounts, party, sessions } = JSON.parse(
      (await run('show', 'carol', '--json')).stdout[0] ?? '',
    )
    assert.deepEqual([certificates, accounts.length, party.name, sessions], [[], 1, 'carol', []])
    assert.doesNotMatch(text, /^session/m)
    for (const nobody of ['dan', 'carol ', 'x'.repeat(300)]) {
      const refused = await run('show', nobody)
      assert.notEqual(refused.code, 0)
      assert.deepEqual(refused.stdout, [])
    }
  })

  for (const [why, words, code, text] of [
    ['a door without people', ['invite', 'carol', '--account', 'hello'], 1, /ERR_ADMIN_NOT_FOUND/],
    ['no such door', ['account', 'list', '--door', 'hello'], 1, /ERR_ADMIN_NOT_FOUND/],
    ['no such device', ['account', 'remove-device', 'bank', 'carol', 'x'], 1, /ERR_ADMIN_NOT_FOUND/],
    ['an address that is none', ['invite', 'carol', '--account', 'bank', '--email', 'carol'], 3, /email: /],
    ['a party that is none', ['invite', 'no thing', '--account', 'bank'], 3, /party: /],
    ['an e-mail address of no account', ['invite', 'carol', '--email', 'a@b.example'], 2, /--account DOOR is missing/],
    ['a profile', ['invite', 'carol', '--account', 'bank', '--profile', 'client'], 2, /--profile is of a certificate/],
    ['a further name', ['invite', 'carol', '--account', 'bank', '--san', 'a.example'], 2, /--san is of a certificate/],
    ['a role', ['invite', 'carol', '--account', 'bank', '--role', 'viewer'], 2, /--role is of a certificate/],
    ['a span that is none', ['invite', 'carol', '--account', 'bank', '--ttl', 'soon'], 2, /--ttl must be a span/],
    ['no device at all', ['account', 'remove-device', 'bank', 'carol'], 2, /DEVICE/],
  ] as const)
    test(`${why}: exit ${code}`, async (t) => {
      const run = await beside(t)
      const ran = await run(...words)
      assert.deepEqual([ran.code, ran.stdout], [code, []], ran.stderr)
      assert.match(ran.stderr, text)
    })
})
