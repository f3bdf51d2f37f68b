// `countersign meet`: both proofs drawn; on refusal the cause, the next step and the reference, and an exit code.
import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { after, before, suite, test } from 'node:test'
import { type RunningHouse, startHouse } from './support/house.ts'

suite('countersign meet', () => {
  let house: RunningHouse
  let url: string
  before(async () => {
    house = await startHouse()
    url = house.ready.doors[0]?.url ?? ''
    for (const party of ['alice', 'rita']) {
      const { stdout: token } = await house.run(['invite', party])
      const enrolled = await house.run(['enroll', token.trim(), '--out', party])
      assert.equal(enrolled.code, 0, enrolled.stderr)
    }
  })
  after(() => house[Symbol.asyncDispose]())

  /** The refusal in the caller's own record, and what the door recorded under the same reference. */
  const refusedBoth = async (stdout: string) => {
    const { meeting } = JSON.parse(stdout)
    assert.equal(meeting.outcome.ok, false)
    const why = await house.run(['why', meeting.reference, '--json'])
    const recorded: { readonly seenBy: string }[] = why.code === 0 ? JSON.parse(why.stdout).meetings : []
    // A caller that refused the door has told its authority, too.
    const callee = recorded.find(({ seenBy }) => seenBy === 'callee') as typeof meeting
    return { caller: meeting, callee }
  }

  test('accepted: six steps, the fifth by the word of the door, and exit 0', async () => {
    const { code, stdout, stderr } = await house.run(['meet', url, '--identity', 'alice'])
    assert.equal(code, 0, stderr)
    assert.match(stdout, /^ {2}alice +hello\.localhost$/m)
    assert.match(stdout, /^ {2}5 verify +✔ accepted, as hello says/m)
    assert.match(stdout, /^ {2}reference M-[0-9A-Z]{4}-[0-9A-Z]{4}$/m)
    assert.doesNotMatch(stdout, /✘/)
  })

  test('--json: what this side saw and what the door told agree on reference and keys', async () => {
    const { stdout } = await house.run(['meet', url, '--identity', 'alice', '--json'])
    const { meeting, told } = JSON.parse(stdout)
    assert.equal(meeting.reference, told.reference)
    assert.equal(meeting.steps[5].evidence.exporterSha256, told.steps[5].evidence.exporterSha256)
    assert.deepEqual(
      meeting.steps.map(({ outcome }: { outcome: string }) => outcome),
      Array(6).fill('proved'),
    )
    assert.equal(told.caller.party, 'alice')
  })

  test('by its name on loopback, and --path prints the certificates', async () => {
    const { port } = new URL(url)
    const { code, stdout, stderr } = await house.run([
      'meet',
      `hello.localhost:${port}`,
      '--identity',
      'alice',
      '--path',
    ])
    assert.equal(code, 0, stderr)
    assert.match(stdout, /^ {2}caller: .*alice/m)
    assert.match(stdout, /^ {4}SHA-256 [0-9a-f]{64}$/m)
  })

  test('another name than the door proves: the caller refuses, and never shows itself', async () => {
    const { code, stdout } = await house.run([
      'meet',
      url,
      '--identity',
      'alice',
      '--name',
      'other.localhost',
      '--json',
    ])
    assert.equal(code, 1)
    const { caller, callee } = await refusedBoth(stdout)
    assert.equal(caller.outcome.refusal.code, 'ERR_CALLEE_WRONG_NAME')
    assert.deepEqual(
      caller.steps.map(({ outcome }: { outcome: string }) => outcome),
      ['proved', 'proved', 'refused', 'not reached', 'not reached', 'not reached'],
    )
    assert.equal(callee.outcome.refusal.code, 'ERR_GATE_CALLER_LEFT')
    const text = await house.run(['meet', url, '--identity', 'alice', '--name', 'other.localhost'])
    assert.match(text.stdout, /✘ refused: the server's certificate is for hello.localhost, not for other.localhost/)
    assert.match(text.stdout, /next: check the address that you typed/)
  })

  test('another root than the door has: the caller refuses', async () => {
    await using stranger = await startHouse()
    const { code, stdout } = await house.run([
      'meet',
      url,
      '--identity',
      'alice',
      '--trust',
      stranger.ready.trust,
      '--json',
    ])
    assert.equal(code, 1)
    assert.equal((await refusedBoth(stdout)).caller.outcome.refusal.code, 'ERR_CALLEE_UNKNOWN_ISSUER')
  })

  test('nobody: the door refuses, and says that a certificate is missing', async () => {
    const { code, stdout } = await house.run(['meet', url, '--trust', house.ready.trust, '--json'])
    assert.equal(code, 1)
    const { caller, callee } = await refusedBoth(stdout)
    assert.equal(caller.outcome.refusal.code, 'ERR_CALLER_NO_CERTIFICATE')
    assert.equal(callee.outcome.refusal.code, 'ERR_CALLER_NO_CERTIFICATE')
    assert.equal(callee.reference, caller.reference)
  })

  test('revoked: both sides hold the same cause under the same reference', async () => {
    assert.equal((await house.run(['revoke', 'rita', '--reason', 'keyCompromise'])).code, 0)
    const { code, stdout } = await house.run(['meet', url, '--identity', 'rita', '--json'])
    assert.equal(code, 1)
    const { caller, callee } = await refusedBoth(stdout)
    assert.equal(caller.outcome.refusal.code, 'ERR_CALLER_REVOKED')
    assert.equal(callee.outcome.refusal.code, 'ERR_CALLER_REVOKED')
    assert.equal(caller.steps[4].outcome, 'refused')
    const { reason } = caller.outcome.refusal.detail.revocation
    assert.equal(reason, 'keyCompromise')
    assert.equal(caller.outcome.refusal.detail.revocation.at, callee.outcome.refusal.detail.revocation.at)
    const text = await house.run(['meet', url, '--identity', 'rita'])
    assert.match(text.stdout, /5 verify +✘ refused: rita was revoked .* \(key compromise\)$/m)
  })

  test('the authority itself accepts whom it knows, and does not say more: exit 0', async () => {
    const { code, stdout, stderr } = await house.run(['meet', house.ready.authority.url, '--identity', 'alice'])
    assert.equal(code, 0, stderr + stdout)
    assert.match(stdout, /6 channel +✔/)
    assert.match(stdout, /the other side did not say how it decided \(HTTP status 404\)/)
  })

  test('nobody listens there: exit 4', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const address = server.address()
    const port = typeof address === 'object' ? address?.port : 0
    await new Promise((resolve) => server.close(resolve))
    const { code, stdout } = await house.run(['meet', `127.0.0.1:${port}`, '--identity', 'alice'])
    assert.equal(code, 4)
    assert.match(stdout, /ERR_CALLEE_UNREACHABLE/)
  })

  test('what answers there is no TLS: exit 1, and it says so', async () => {
    const server = createServer((socket) => socket.on('error', () => socket.destroy()).end('220 hello\r\n'))
    server.listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    try {
      const address = server.address()
      const port = typeof address === 'object' ? address?.port : 0
      const { code, stdout } = await house.run(['meet', `127.0.0.1:${port}`, '--identity', 'alice'])
      assert.equal(code, 1)
      assert.match(stdout, /ERR_GATE_HANDSHAKE/)
    } finally {
      server.close()
    }
  })

  test('nothing that others chose reaches the terminal as a control, in --json neither', async () => {
    // CSI of ISO/IEC 6429 in one character, which JSON leaves as it stands, and a right-to-left override.
    const name = 'a b\u009b31m\u202egnp'
    const { code, stdout, stderr } = await house.run(['meet', name, '--identity', 'alice', '--json'])
    assert.equal(code, 2)
    assert.doesNotMatch(stdout + stderr, /[\u007f-\u009f\u202e]/)
    const { error } = JSON.parse(stdout) as { error: { title: string } }
    assert.ok(error.title.includes(name), stdout)
  })

  const bad: readonly (readonly [args: string[], code: number, text: RegExp])[] = [
    [['meet', 'ftp://x', '--identity', 'alice'], 2, /is not HOST, HOST:PORT or an https URL/],
    [['meet', '127.0.0.1:1'], 2, /say who meets/],
    [['meet', '127.0.0.1:1', '--identity', 'missing'], 3, /ERR_IDENTITY_MISSING/],
    [['meet', '127.0.0.1:1', '--trust', 'missing.pem'], 3, /ERR_TRUST_FILE_MISSING/],
    [['meet', '127.0.0.1:1', '--identity', 'alice', '--trust', 'countersign.yaml'], 3, /ERR_TRUST_FILE_MISSING/],
  ]
  for (const [args, expected, text] of bad) {
    test(`countersign ${args.join(' ')}: exit ${expected}`, async () => {
      const { code, stderr } = await house.run(args)
      assert.equal(code, expected, stderr)
      assert.match(stderr, text)
    })
  }
})
