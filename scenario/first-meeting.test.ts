// `countersign up` on a fresh machine: a house, a first meeting, three lines to paste, and the same house the next time.
import assert from 'node:assert/strict'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { needs } from '../interop/peer.ts'
import { startHouse } from './support/house.ts'
import { runShell } from './support/run-command.ts'
import { startTextHouse } from './support/text-house.ts'

const STEPS = [
  /^ {2}1 ask +─+▶$/m,
  /^ {2}2 present +◀─+ {2}.*hello.*issued by .* days left$/m,
  /^ {2}3 verify +✔ .*not revoked/m,
  /^ {2}4 present +.*visitor.*issued by .* days left +─+▶$/m,
  /^ {2}5 verify +✔ accepted, as hello says · allowed by/m,
  /^ {2}6 channel +✔ TLSv1\.3/m,
]

suite('the first meeting', () => {
  test('six proved steps are printed before ready, the fifth by the word of the door', async () => {
    await using house = await startTextHouse()
    for (const step of STEPS) assert.match(house.stdout(), step)
    assert.ok(house.stdout().indexOf('6 channel') < house.stdout().indexOf('\nready\n'))
    assert.equal(house.stderr(), '')
    assert.deepEqual(await house.stop(), { code: 0, signal: null })
    assert.match(house.stdout(), /\nstopping; .* a second Ctrl-C ends it now\n$/)
  })

  test(
    'the three printed lines work as pasted, and the revoked party is refused with a reason',
    needs('curl', 'curl'),
    async () => {
      await using house = await startTextHouse()
      const pasted = [...house.stdout().matchAll(/^ {2}# .*\n {2}(.*)$/gm)].map(([, line = '']) => line)
      assert.equal(pasted.length, 3, house.stdout())
      const [enroll = '', curl = '', revoke = ''] = pasted
      const elsewhere = { cwd: '/' }
      // A token among the arguments of a process can be read by every user of the machine.
      assert.doesNotMatch(enroll, /\$\(|`/)

      const enrolled = await runShell(enroll, elsewhere)
      assert.equal(enrolled.code, 0, enrolled.stderr)
      const met = await runShell(curl, elsewhere)
      assert.match(met.stdout, /^Hello alice\b/, met.stderr)
      const revoked = await runShell(revoke, elsewhere)
      assert.equal(revoked.code, 0, revoked.stderr)
      assert.match(revoked.stdout, /revoked {2}alice {2}serial [0-9a-f]+/)
      assert.match(revoked.stdout, /doors that confirmed: .*hello/)

      const refused = await runShell(curl, elsewhere)
      const problem = JSON.parse(refused.stdout)
      assert.equal(problem.code, 'ERR_CALLER_REVOKED')
      assert.equal(problem.next, 'ask your administrator for a new invitation')
      await house.line(new RegExp(`✘ alice was refused at hello: .* ${problem.reference} ERR_CALLER_REVOKED`))
    },
  )

  test('a second start finds everything as it was', async () => {
    await using first = await startHouse()
    const visitor = await readFile(join(first.data, 'visitor', 'identity.pem'), 'utf8')
    const door = await readFile(join(first.data, 'doors', 'hello', 'identity.pem'), 'utf8')
    assert.deepEqual(await first.stop(), { code: 0, signal: null })

    await using second = await startHouse({ directory: first.directory })
    // Whom signals are for: this very process.
    assert.deepEqual(second.ready, { ...first.ready, pid: second.process.pid })
    assert.equal(await readFile(join(first.data, 'visitor', 'identity.pem'), 'utf8'), visitor)
    assert.equal(await readFile(join(first.data, 'doors', 'hello', 'identity.pem'), 'utf8'), door)
  })

  test('nobody else can read what a house keeps secret', async () => {
    await using house = await startHouse()
    const modeOf = async (...path: string[]) => (await stat(join(house.data, ...path))).mode & 0o777
    assert.equal(await modeOf(), 0o700)
    for (const path of [['doors'], ['doors', 'hello'], ['visitor']]) assert.equal(await modeOf(...path), 0o700)
    for (const who of [['doors', 'hello'], ['visitor']]) assert.equal(await modeOf(...who, 'identity.key'), 0o600)
    assert.equal(await modeOf('admin.sock'), 0o600)
  })
})
