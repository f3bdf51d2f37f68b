import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import type { Authority } from '@countersign/authority'
import { main } from '../src/main.ts'
import { fakeAround } from './support/around.ts'
import { authorityIn } from './support/authority.ts'

suite('administration over the socket of a real authority', () => {
  let directory: string
  let authority: Authority
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'countersign-'))
    authority = await authorityIn(join(directory, 'countersign-data'), Temporal.Now.instant)
  })
  after(async () => {
    await authority.close()
    await rm(directory, { recursive: true, force: true })
  })

  const run = async (...words: string[]) => {
    const around = fakeAround({ cwd: directory, clock: () => Temporal.Now.instant() })
    const code = await main(words, around)
    return { code, stdout: around.stdout, stderr: around.stderr }
  }
  const issue = (party: string) => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const spki = Uint8Array.from(publicKey.export({ type: 'spki', format: 'der' }))
    return authority.issueLocal({ party, profile: 'client', publicKey: spki, dnsNames: [`${party}.example`] })
  }

  test('invite: the token alone on standard output', async () => {
    const { code, stdout, stderr } = await run('invite', 'alice', '--ttl', '2h')
    assert.equal(code, 0)
    assert.equal(stdout.length, 1)
    assert.match(stdout[0] ?? '', /^cs1_[\w-]+$/)
    assert.match(stderr.join('\n'), /an invitation for alice; it works once and ends in (1|2) hours?/)
  })

  test('names need no prefix: an address, a DNS name and an e-mail address are told apart', async () => {
    const { code, stderr } = await run(
      'invite',
      'al',
      '--san',
      '192.0.2.7',
      '--san',
      '2001:db8::7',
      '--san',
      'al.example',
      '--san',
      'al@example.com',
    )
    assert.equal(code, 0, stderr.join())
    const refused = await run('invite', 'al', '--san', 'not a name')
    assert.equal(refused.code, 3)
    assert.match(refused.stderr[0] ?? '', /"dns:not a name" is not a DNS name/)
  })

  test('list is a table, and JSON lines with --json', async () => {
    await issue('bob')
    const { code, stdout } = await run('list', '--party', 'bob')
    assert.equal(code, 0)
    assert.match(stdout[0] ?? '', /^party +state +ends +last seen +serial +names$/)
    assert.match(
      stdout[1] ?? '',
      /^bob +valid +in 30 days +never +[0-9a-f]+ +spiffe:\/\/house\.localhost\/bob bob\.example$/,
    )
    const json = await run('list', '--party', 'bob', '--json')
    assert.equal(JSON.parse(json.stdout.join()).party, 'bob')
  })

  test('party: added, changed, found by each, and each fault told', async () => {
    const add = ['party', 'add', 'device/laptop-7', '--kind', 'device', '--owner', 'alice', '--label', 'site:berlin']
    const added = await run(...add)
    assert.equal(added.code, 0, added.stderr.join())
    assert.deepEqual(added.stdout, ['device/laptop-7: kind device, owner alice, labels site:berlin'])
    const changed = await run(
      'party',
      'set',
      'device/laptop-7',
      '--label',
      'a:b',
      '--label',
      'group:ops',
      '--no',
      'owner',
    )
    assert.deepEqual(changed.stdout, ['device/laptop-7: kind device, labels a:b group:ops'])
    const role = await run('party', 'set', 'device/laptop-7', '--role', 'viewer', '--json')
    const told = JSON.parse(role.stdout.join())
    assert.deepEqual([told.role, told.ledger.length], ['viewer', 1])
    for (const words of [
      ['--kind', 'device'],
      ['--label', 'group:ops'],
      ['--role', 'viewer'],
    ]) {
      const { stdout } = await run('party', 'list', ...words)
      assert.match(stdout.join('\n'), /^party .*\ndevice\/laptop-7 +device +viewer +a:b group:ops$/, words.join())
      assert.equal(JSON.parse((await run('party', 'list', ...words, '--json')).stdout.join()).name, 'device/laptop-7')
    }
    assert.deepEqual((await run('party', 'list', '--owner', 'alice')).stderr, ['no party fits'])
    await run('lock', 'device/laptop-7')
    assert.match((await run('party', 'list', '--locked')).stdout.join(), /device\/laptop-7 .*locked/)

    for (const [exit, pattern, ...words] of [
      [1, /ERR_ADMIN_CONFLICT/, ...add],
      [3, /letters, digits/, 'party', 'add', 'a b'],
      [3, /authority itself/, 'party', 'add', 'authority/x'],
      [1, /ERR_ADMIN_NOT_FOUND/, 'party', 'set', 'nobody', '--owner', 'x'],
      [3, /one of person, service, device, host/, 'party', 'set', 'device/laptop-7', '--kind', 'robot'],
      [3, /as in group:ops/, 'party', 'set', 'device/laptop-7', '--label', 'ops'],
      [3, /one of viewer/, 'party', 'set', 'device/laptop-7', '--role', 'king'],
      [2, /say what shall be another/, 'party', 'set', 'device/laptop-7'],
      [2, /--no takes kind, owner or labels/, 'party', 'set', 'device/laptop-7', '--no', 'role'],
    ] as const) {
      const { code, stderr } = await run(...words)
      assert.equal(code, exit, words.join(' '))
      assert.match(stderr.join('\n'), pattern)
    }
  })

  test('what revoke, lock and show print with --json is a receipt that the key of the ledger verifies offline', async () => {
    await issue('ruth')
    const key = ['--key', 'countersign-data/ledger.vkey']
    for (const [kind, ...words] of [
      ['locked', 'lock', 'ruth', '--reason', 'lost'],
      ['unlocked', 'unlock', 'ruth'],
      ['revoked', 'revoke', 'ruth'],
      ['issued', 'show', 'ruth'],
    ] as const) {
      const printed = await run(...words, '--json')
      assert.equal(printed.code, 0, printed.stderr.join())
      const receipt = printed.stdout.join()
      await writeFile(join(directory, 'receipt.json'), receipt)
      const checked = await run('ledger', 'check', 'receipt.json', ...key)
      assert.equal(checked.code, 0, checked.stdout.join('\n'))
      assert.equal(checked.stdout[0], 'holds')
      assert.match(checked.stdout[1] ?? '', new RegExp(`^  ${kind} +ruth .*: entry \\d+ of house.localhost/ledger`))
      await writeFile(join(directory, 'receipt.json'), receipt.replaceAll('"ruth"', '"dave"'))
      const refused = await run('ledger', 'check', 'receipt.json', ...key)
      assert.equal(refused.code, 1)
      assert.equal(refused.stdout[0], 'does not hold')
      assert.match(refused.stdout.join('\n'), /ERR_LEDGER_RECEIPT_CLAIM/)
      const json = JSON.parse((await run('ledger', 'check', 'receipt.json', ...key, '--json')).stdout.join())
      assert.deepEqual([json.holds, json.origin], [false, 'house.localhost/ledger'])
    }
  })

  test('what is no receipt, or has no key, is not checked', async () => {
    const key = ['--key', 'countersign-data/ledger.vkey']
    for (const [text, code] of [
      ['{', 'ERR_CLI_RECEIPT'],
      ['\u{fffd}', 'ERR_CLI_RECEIPT'],
      ['{"certificates":[]}', 'ERR_CLI_RECEIPT'],
      ['{"ledger":[{"entry":"?"}]}', 'ERR_CLI_RECEIPT'],
    ] as const) {
      await writeFile(join(directory, 'receipt.json'), text)
      const { code: exit, stderr } = await run('ledger', 'check', 'receipt.json', ...key)
      assert.equal(exit, 3)
      assert.match(stderr[0] ?? '', new RegExp(code))
    }
    assert.equal((await run('ledger', 'check', 'receipt.json')).code, 2)
    assert.equal((await run('ledger', 'check', 'absent.json', ...key)).code, 3)
    assert.equal((await run('ledger', 'check', 'receipt.json', '--key', 'x+y+z')).code, 3)
  })

  test('list goes on where a page ends', async () => {
    for (let i = 0; i < 3; i++) await issue('many')
    const { list } = await import('../src/commands/list.ts')
    const around = fakeAround({ cwd: directory })
    const given = { text: (name: string) => (name === 'party' ? 'many' : undefined), texts: () => [], flag: () => true }
    assert.equal(await list(given, around, 1), 0)
    assert.equal(new Set(around.stdout.map((line) => JSON.parse(line).serialNumber)).size, 3)
  })

  test('list refuses a state that there is not: exit 2 with the nearest', async () => {
    const { code, stderr } = await run('list', '--state', 'revokd')
    assert.equal(code, 2)
    assert.match(stderr[0] ?? '', /did you mean revoked\?/)
  })

  test('show tells one certificate whole, by party, serial number and SHA-256', async () => {
    await issue('carol')
    const byParty = await run('show', 'carol')
    const serial = /^serial +([0-9a-f]+)$/m.exec(byParty.stdout.join('\n'))?.[1] ?? ''
    assert.match(byParty.stdout.join('\n'), /^names +spiffe:\/\/house\.localhost\/carol$/m)
    const json = await run('show', serial.toUpperCase(), '--json')
    const [{ sha256 }] = JSON.parse(json.stdout.join()).certificates
    // Of a party, the keys that it has had come after its certificates.
    const [key = '', empty, ...certificate] = byParty.stdout.toReversed()
    assert.deepEqual((await run('show', sha256)).stdout, certificate.toReversed())
    assert.equal(empty, '')
    assert.match(key, /^key {2}[0-9a-f]{64} {2}since just now, until in 30 days, by [0-9a-f]+$/)
    const nobody = await run('show', 'zoe')
    assert.equal(nobody.code, 1)
    assert.match(nobody.stderr[0] ?? '', /\[ERR_ADMIN_NOT_FOUND\]/)
  })

  test('revoke: first what would be, then the receipt, then that it is done', async () => {
    await issue('dave')
    const dry = await run('revoke', 'dave', '--dry-run')
    assert.deepEqual([dry.code, dry.stdout.at(-1)], [0, 'nothing was changed; 0 open sessions would be cut'])
    const done = await run('revoke', 'dave', '--reason', 'keyCompromise')
    assert.equal(done.code, 0, done.stderr.join())
    assert.match(done.stdout[0] ?? '', /^revoked {2}dave {2}serial [0-9a-f]+ {2}\(keyCompromise\)$/)
    assert.match((await run('list', '--party', 'dave')).stdout[1] ?? '', /^dave +revoked/)
    assert.match((await run('show', 'dave')).stdout.join('\n'), /^revoked +(just now|\d+ s ago) \(keyCompromise\)$/m)
    assert.equal((await run('revoke', 'dave')).code, 1)
    assert.equal((await run('revoke', 'dave', '--reason', 'whim')).code, 3)
    await run('invite', 'never-came')
    const ended = await run('revoke', 'never-came')
    assert.equal(ended.stdout[0], 'ended  the invitation; no certificate is in force')
  })

  test('why: exit 1 where nothing is recorded, 2 where it is no reference', async () => {
    assert.equal((await run('why', 'M-0000-0000')).code, 1)
    assert.equal((await run('why', 'because')).code, 2)
  })

  test('sessions: none is open', async () => {
    const { code, stderr } = await run('sessions')
    assert.deepEqual([code, stderr], [0, ['no session is open']])
    assert.deepEqual(JSON.parse((await run('sessions', '--json')).stdout.join()), { sessions: [] })
  })

  test('a failure of the authority is one JSON object with --json, with its clause and fault', async () => {
    const { code, stdout } = await run('show', 'zoe', '--json')
    const { error } = JSON.parse(stdout.join())
    assert.equal(code, 1)
    assert.deepEqual([error.code, error.exit, error.fault], ['ERR_ADMIN_NOT_FOUND', 1, 'caller'])
  })

  test('authority root: exported once, never over a file, and everything goes on without it', async () => {
    assert.equal((await run('authority', 'root')).code, 2)
    const kept = await run('authority', 'root', '--export', 'root.key')
    assert.equal(kept.code, 0, kept.stderr.join())
    const twice = await run('authority', 'root', '--export', 'root.key', '--remove')
    assert.equal(twice.code, 3)
    assert.equal((await run('authority', 'root', '--export', 'other.key', '--remove')).code, 0)
    const gone = await run('authority', 'root', '--export', 'third.key')
    assert.equal(gone.code, 3)
    assert.match(gone.stderr[0] ?? '', /ERR_AUTHORITY_ROOT_KEY_ABSENT/)
    assert.equal((await run('invite', 'erin')).code, 0)
  })
})
