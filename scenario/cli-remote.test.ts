// Administration from elsewhere: the same commands over mutual TLS, for administrators alone.
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { type RunningHouse, startHouse } from './support/house.ts'

suite('countersign … --authority URL --identity DIR', () => {
  let house: RunningHouse
  let remote: (identity: string) => string[]
  before(async () => {
    house = await startHouse()
    remote = (identity) => ['--authority', house.ready.authority.url, '--identity', identity]
    for (const [party, ...more] of [['ops', '--profile', 'admin'], ['alice']] as const) {
      const { stdout: token } = await house.run(['invite', party, ...more])
      const { code, stderr } = await house.run(['enroll', token.trim()])
      assert.equal(code, 0, stderr)
    }
  })
  after(() => house[Symbol.asyncDispose]())

  test('an administrator invites, lists, and revokes', async () => {
    const invited = await house.run(['invite', 'bob', ...remote('ops')])
    assert.equal(invited.code, 0, invited.stderr)
    const enrolled = await house.run(['enroll', invited.stdout.trim()])
    assert.equal(enrolled.code, 0, enrolled.stderr)
    const listed = await house.run(['list', '--party', 'bob', ...remote('ops')])
    assert.match(listed.stdout, /^bob +valid/m)
    const revoked = await house.run(['revoke', 'bob', ...remote('ops'), '--json'])
    assert.equal(revoked.code, 0, revoked.stderr)
    assert.equal(JSON.parse(revoked.stdout).revoked[0].party, 'bob')
  })

  for (const command of [
    ['invite', 'eve'],
    ['list'],
    ['show', 'alice'],
    ['sessions'],
    ['revoke', 'ops'],
    ['why', 'M-0000-0000'],
  ])
    test(`${command[0]} is refused to who is no administrator: exit 1, with reference`, async () => {
      const { code, stderr, stdout } = await house.run([...command, ...remote('alice'), '--json'])
      assert.equal(code, 1, stderr)
      const { error } = JSON.parse(stdout)
      assert.equal(error.code, 'ERR_ADMIN_FORBIDDEN')
      assert.match(error.reference, /^M-/)
    })

  test('an administrator who was revoked is refused by the gate itself', async () => {
    const { stdout: token } = await house.run(['invite', 'old-ops', '--profile', 'admin'])
    await house.run(['enroll', token.trim()])
    assert.equal((await house.run(['list', ...remote('old-ops')])).code, 0)
    assert.equal((await house.run(['revoke', 'old-ops'])).code, 0)
    const { code, stdout } = await house.run(['list', ...remote('old-ops'), '--json'])
    assert.equal(code, 1)
    assert.equal(JSON.parse(stdout).error.code, 'ERR_CALLER_REVOKED')
  })

  test('another authority than the identity is of: nothing is asked of it', async () => {
    await using stranger = await startHouse()
    const { code, stderr } = await house.run(['list', '--authority', stranger.ready.authority.url, '--identity', 'ops'])
    assert.equal(code, 1)
    assert.match(stderr, /\[ERR_CALLEE_UNKNOWN_ISSUER\]/)
  })

  test('nobody there: exit 4', async () => {
    const { code } = await house.run(['list', '--authority', 'https://127.0.0.1:1', '--identity', 'ops'])
    assert.equal(code, 4)
  })
})
