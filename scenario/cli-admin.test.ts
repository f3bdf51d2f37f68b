// Administration from the command line, over the socket in the data directory: what is printed, and how it ends.
import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { type RunningHouse, startHouse } from './support/house.ts'
import { startCommand } from './support/run-command.ts'

suite('countersign invite, enroll, list, show, sessions, revoke, why', () => {
  let house: RunningHouse
  before(async () => {
    house = await startHouse()
  })
  after(() => house[Symbol.asyncDispose]())

  const enroll = async (party: string, ...more: string[]) => {
    const invited = await house.run(['invite', party, ...more])
    assert.equal(invited.code, 0, invited.stderr)
    const enrolled = await house.run(['enroll', invited.stdout.trim(), '--out', party])
    assert.equal(enrolled.code, 0, enrolled.stderr)
    return enrolled
  }
  const jsonOf = (text: string) =>
    text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))

  test('invite writes the token alone to standard output', async () => {
    const { code, stdout, stderr } = await house.run(['invite', 'ann', '--ttl', '90s'])
    assert.equal(code, 0)
    assert.match(stdout, /^cs1_[\w-]+\n$/)
    assert.match(stderr, /an invitation for ann; it works once and ends in 1 minute\./)
    const given = await house.run(['invite', 'ann', '--ttl', '10m'])
    assert.match(given.stderr, /ends in 10 minutes\./)
  })

  test('invite --json has the token and its end in RFC 3339', async () => {
    const { stdout } = await house.run(['invite', 'ann', '--json'])
    const [invitation] = jsonOf(stdout)
    assert.equal(invitation.party, 'ann')
    assert.match(invitation.token, /^cs1_/)
    const left = Temporal.Instant.from(invitation.expiresAt).since(Temporal.Now.instant()).total('seconds')
    assert.ok(left > 500 && left <= 600, `${left}`)
  })

  test('invite --role is for administrators, and of the roles that there are', async () => {
    const made = await house.run(['invite', 'ops/ann', '--profile', 'admin', '--role', 'viewer', '--json'])
    assert.equal(made.code, 0, made.stderr)
    for (const [words, why] of [
      [['--role', 'viewer'], /role: of the profile admin alone/],
      [['--profile', 'admin', '--role', 'king'], /role: one of viewer, operator, officer, auditor/],
    ] as const) {
      const refused = await house.run(['invite', 'ops/bob', ...words])
      assert.deepEqual([refused.code, refused.stdout], [3, ''])
      assert.match(refused.stderr, why)
    }
  })

  test('enroll writes what its help says, and a second time refuses: the token is spent', async () => {
    const { stdout: token } = await house.run(['invite', 'ben', '--san', 'ben.example', '--san', '192.0.2.7'])
    const first = await house.run(['enroll', token.trim(), '--out', 'ben', '--json'])
    assert.equal(first.code, 0, first.stderr)
    const second = await house.run(['enroll', token.trim(), '--out', 'ben-again'])
    assert.equal(second.code, 1)
    assert.match(second.stderr, /this token was already used.*\[ERR_ENROLL_TOKEN_SPENT\]\n {2}if it was not you/)
    const shown = await house.run(['show', 'ben'])
    assert.match(shown.stdout, /^party {4}ben$/m)
    assert.match(shown.stdout, /ben\.example/)
    assert.match(shown.stdout, /192\.0\.2\.7/)
    const [, sha256 = ''] = /^SHA-256 {2}([0-9a-f]{64})$/m.exec(shown.stdout) ?? []
    const again = await house.run(['show', sha256])
    const timeless = (text: string) => text.replace(/^issued .*$/m, '').replace(/\n\nkey .*$/m, '')
    assert.equal(timeless(again.stdout), timeless(shown.stdout))
  })

  test('enroll reads the token from standard input too', async () => {
    const { stdout: token } = await house.run(['invite', 'cleo'])
    const enrolled = await house.run(['enroll', '-'], { input: token })
    assert.equal(enrolled.code, 0, enrolled.stderr)
    assert.match(enrolled.stdout, /cleo/)
  })

  test('list shows who has which certificate, and --state and --party choose', async () => {
    await enroll('dora')
    const all = await house.run(['list', '--json'])
    const parties = jsonOf(all.stdout).map(({ party }) => party)
    for (const party of ['dora', 'visitor', 'door/hello']) assert.ok(parties.includes(party), party)
    const text = await house.run(['list', '--party', 'dora'])
    assert.match(text.stdout, /^party +state +ends +last seen +serial +names\n/)
    assert.match(text.stdout, /^dora +valid +in \d+ days +never +[0-9a-f]{2,40} +spiffe:\/\//m)
    const none = await house.run(['list', '--party', 'dora', '--state', 'revoked'])
    assert.deepEqual([none.code, none.stdout], [0, ''])
  })

  test('list searches by name, key, profile and end; show has the party’s keys', async () => {
    await enroll('fay', '--san', 'fay.example', '--profile', 'service')
    const [fay] = jsonOf((await house.run(['list', '--name', 'fay.example', '--json'])).stdout)
    assert.equal(fay.party, 'fay')
    for (const filter of [
      ['--name-prefix', 'fay.'],
      ['--key', fay.spkiSha256],
      ['--serial', fay.serialNumber, '--issuer', 'authority/issuing'],
      ['--profile', 'service', '--expires-before', '2100-01-01T00:00:00Z', '--name-prefix', 'fay'],
    ]) {
      const found = await house.run(['list', ...filter, '--json'])
      assert.deepEqual(jsonOf(found.stdout), [fay], `${filter}: ${found.stderr}`)
    }
    const shown = await house.run(['show', 'fay'])
    assert.match(shown.stdout, new RegExp(`^key  ${fay.spkiSha256}  since .+$`, 'm'))
    const bad = await house.run(['list', '--expires-before', 'tomorrow'])
    assert.deepEqual([bad.code, bad.stdout], [3, ''])
    assert.match(bad.stderr, /expiresBefore: not a time/)
    const two = await house.run(['list', '--name', 'a', '--name-prefix', 'a'])
    assert.equal(two.code, 3)
  })

  test('show of what is not there: exit 1, with code and next step', async () => {
    const { code, stderr } = await house.run(['show', 'nobody-here'])
    assert.equal(code, 1)
    assert.match(stderr, /nothing here has that name.*\[ERR_ADMIN_NOT_FOUND\]\n {2}see `countersign list`/)
  })

  test('revoke --dry-run changes nothing; revoke prints its receipt; again it is done already', async () => {
    await enroll('eve')
    const dry = await house.run(['revoke', 'eve', '--dry-run'])
    assert.equal(dry.code, 0, dry.stderr)
    assert.match(dry.stdout, /would be revoked {2}eve/)
    const [still] = jsonOf((await house.run(['list', '--party', 'eve', '--json'])).stdout)
    assert.equal(still.state, 'valid')

    const done = await house.run(['revoke', 'eve', '--reason', 'keyCompromise', '--json'])
    const [receipt] = jsonOf(done.stdout)
    assert.equal(receipt.revoked[0].party, 'eve')
    assert.equal(receipt.revoked[0].reason, 'keyCompromise')
    assert.ok(receipt.confirmed.includes('hello'))
    assert.deepEqual(receipt.unconfirmed, [])

    const again = await house.run(['revoke', 'eve'])
    assert.equal(again.code, 1)
    assert.match(again.stderr, /ERR_ADMIN_CONFLICT/)
  })

  test('what the authority cannot read is bad input: exit 3, and the field is named', async () => {
    const reason = await house.run(['revoke', 'visitor', '--reason', 'whim'])
    assert.equal(reason.code, 3)
    assert.match(reason.stderr, /reason: one of unspecified, keyCompromise, .*\[ERR_ADMIN_REQUEST\]/)
    const ttl = await house.run(['invite', 'visitor', '--ttl', '100d'])
    assert.equal(ttl.code, 3)
    assert.match(ttl.stderr, /ttlSeconds: at most \d+ \[ERR_ADMIN_REQUEST\]/)
    const party = await house.run(['invite', '../x'])
    assert.equal(party.code, 3)
    assert.match(party.stderr, /party/)
  })

  test('a damaged token, and a token that is none: exit 3', async () => {
    const { stdout: token } = await house.run(['invite', 'flo'])
    for (const text of ['hello', token.trim().slice(0, -9), 'cs1_!!!!', '']) {
      const { code, stderr } = await house.run(['enroll', text, '--out', 'flo'])
      assert.equal(code, 3, `${text}: ${stderr}`)
      assert.match(stderr, /ERR_ENROLL_TOKEN_FORM/)
      if (text === '') assert.match(stderr, /the token is empty.*\n {2}see what countersign invite said/)
    }
  })

  test('an identity is never overwritten: exit 3', async () => {
    await enroll('gus')
    const { stdout: token } = await house.run(['invite', 'gus'])
    const { code, stderr } = await house.run(['enroll', token.trim(), '--out', 'gus'])
    assert.equal(code, 3, stderr)
    assert.match(stderr, /ERR_IDENTITY_EXISTS/)
    await mkdir(join(house.directory, 'taken'))
    await writeFile(join(house.directory, 'taken', 'identity.key'), 'mine')
    const taken = await house.run(['enroll', token.trim(), '--out', 'taken'])
    assert.equal(taken.code, 3, taken.stderr)
  })

  test('why draws what the door recorded; an unknown reference is exit 1, none at all exit 2', async () => {
    await enroll('hal')
    await house.run(['revoke', 'hal'])
    const met = await house.run(['meet', house.ready.doors[0]?.url ?? '', '--identity', 'hal', '--json'])
    assert.equal(met.code, 1, met.stderr)
    const [{ meeting }] = jsonOf(met.stdout)
    const why = await house.run(['why', meeting.reference.toLowerCase().replaceAll('-', ' ')])
    assert.equal(why.code, 0, why.stderr)
    assert.match(why.stdout, /5 verify +✘ refused: hal was revoked/)
    assert.equal(why.stdout.match(/next: /g)?.length, 1)
    assert.match(
      why.stdout,
      /^ {2}code +ERR_CALLER_REVOKED\n {2}clause +RFC 5280 §6\.3\.3\n {2}fault +the caller, \w+\n {2}next +ask/m,
    )
    const json = await house.run(['why', meeting.reference, '--json'])
    assert.equal(jsonOf(json.stdout)[0].meetings[0].seenBy, 'callee')
    const unknown = await house.run(['why', 'M-0000-0000'])
    assert.equal(unknown.code, 1)
    assert.match(
      unknown.stderr,
      /no door of this authority recorded .*\[ERR_ADMIN_NO_MEETING\]\n {2}check the reference/,
    )
    assert.equal((await house.run(['why', 'because'])).code, 2)
  })

  test('sessions lists what is open', async () => {
    const { code, stderr } = await house.run(['sessions'])
    assert.equal(code, 0)
    assert.match(stderr, /no session is open/)
  })
})

test('enroll --keep stays until it is asked to end, for a new identity and for one that is there', async () => {
  await using house = await startHouse()
  const { stdout: token } = await house.run(['invite', 'ida'])
  for (const args of [
    ['enroll', token.trim(), '--keep', '--json'],
    ['enroll', '--keep', '--out', 'ida', '--json'],
  ]) {
    const child = startCommand(args, { cwd: house.directory })
    const ended = new Promise((resolve) => child.on('close', (code, signal) => resolve({ code, signal })))
    const keeping = new Promise((resolve, reject) => {
      child.stdout?.on('data', (chunk) => String(chunk).includes('"keeping"') && resolve(undefined))
      child.on('close', () => reject(new Error('it did not stay')))
    })
    await keeping
    child.kill('SIGTERM')
    assert.deepEqual(await ended, { code: 0, signal: null })
  }
  const missing = await house.run(['enroll', '--keep'])
  assert.equal(missing.code, 2)
  const absent = await house.run(['enroll', '--keep', '--out', 'nobody'])
  assert.equal(absent.code, 3)
  assert.match(absent.stderr, /ERR_IDENTITY_MISSING/)
})
