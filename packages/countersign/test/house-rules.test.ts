// By whose rules a house decides: its own where it has them, else those that its authority tells; and never by none.
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import type { FeedRules } from '@countersign/protocol'
import { readConfig } from '../src/config/read-config.ts'
import { type HouseRules, openRules } from '../src/house/rules.ts'

const NOW = Temporal.Instant.from('2026-11-24T12:00:00Z')
const DOOR = '{name: shop, kind: web, host: shop.localhost, listen: "127.0.0.1:0", upstream: demo}'
const LISTED = DOOR.replace('upstream', 'allow: ["*"], upstream')
const OPS = 'meet: [{rule: ops shop, who: group:ops, what: service:shop}]'
const GUESTS = 'meet: [{rule: guests shop, who: group:guests, what: service:shop}]'

const told = (text: string | undefined, labels: readonly string[], kind?: string): FeedRules => ({
  ...(text !== undefined && { policy: { text, sha256: 'of no matter here' } }),
  parties: [{ id: 'alice', labels, identities: [], ...(kind !== undefined && { kind }) }],
})

/** A house that joins, with what its file says beside; `own.yaml` holds `policy`. */
async function opened(t: TestContext, more = '', { door = DOOR, policy = GUESTS } = {}) {
  const directory = await mkdtemp(join(tmpdir(), 'countersign-rules-'))
  t.after(() => rm(directory, { recursive: true, force: true }))
  await writeFile(join(directory, 'own.yaml'), policy)
  const read = (words: string, what = door) =>
    readConfig(new TextEncoder().encode(`join: door\n${words}\ndoors: [${what}]`), join(directory, 'c.yaml'))
  const events: string[] = []
  const rules = await openRules(read(more), { clock: () => NOW, log: (event) => events.push(event) })
  return { rules, events, read }
}

/** Whether alice may pass the shop. */
function alice({ policy }: HouseRules): string {
  const side = { name: 'alice', party: 'alice', identities: [] }
  const decision = policy?.accessOf('service:shop').decide({
    caller: side,
    callee: { name: 'shop', identities: [] },
    proofs: [{ kind: 'certificate', subject: { kind: 'dNSName', value: 'alice' }, at: NOW, binding: 'channel' }],
    now: NOW,
  })
  return decision?.ok ? decision.rule : (decision?.code ?? 'there is no policy')
}

suite('the rules of a house that joins', () => {
  test('are those that it is told, from then on', async (t) => {
    const { rules, events } = await opened(t)
    let changes = 0
    rules.policy?.accessOf('service:shop').onChange(() => changes++)
    assert.equal(alice(rules), 'ERR_POLICY_NOT_ALLOWED')
    assert.equal(await rules.govern(told(OPS, ['group:ops'])), undefined)
    assert.equal(alice(rules), 'ops shop')
    await rules.govern(told(OPS, []))
    assert.equal(alice(rules), 'ERR_POLICY_NOT_ALLOWED')
    assert.equal(changes, 2, 'whoever is open is judged anew, each time')
    assert.ok(events.includes('policy.followed'))
  })

  test('let nobody in where the authority has none any more', async (t) => {
    const { rules } = await opened(t)
    await rules.govern(told(OPS, ['group:ops']))
    await rules.govern(told(undefined, ['group:ops']))
    assert.equal(alice(rules), 'ERR_POLICY_NOT_ALLOWED')
  })

  const unusable: readonly (readonly [string, FeedRules, RegExp])[] = [
    [
      'have a fault',
      told('meet: [{rule: x, who: group:ops &, what: any}]', []),
      /policy of the authority:1:\d+: who: a label/,
    ],
    ['have a key of a later version', told(`${OPS}\nevery: day`, []), /there is no key every/],
    ['are empty', told('', []), /the policy is empty/],
    ['speak of a kind of parties that is not known', told(OPS, [], 'robot'), /alice as a robot/],
  ]
  for (const [what, next, why] of unusable)
    test(`that ${what} are refused: those before stay, and nobody is judged anew`, async (t) => {
      const { rules, events } = await opened(t)
      await rules.govern(told(OPS, ['group:ops']))
      let changes = 0
      rules.policy?.accessOf('service:shop').onChange(() => changes++)
      assert.match(String((await rules.govern(next))?.refused), why)
      assert.deepEqual([alice(rules), changes], ['ops shop', 0])
      assert.deepEqual(
        events.filter((event) => event === 'policy.followed'),
        ['policy.followed'],
      )
    })

  test('are its own policy with the parties that it is told; the policy that it is told is not looked at', async (t) => {
    const { rules } = await opened(t, 'policy: own.yaml')
    assert.equal(await rules.govern(told('nonsense', ['group:guests'])), undefined)
    assert.equal(alice(rules), 'guests shop')
    await rules.govern(told(OPS, ['group:ops']))
    assert.equal(alice(rules), 'ERR_POLICY_NOT_ALLOWED')
  })

  test('are the policy that it is told with its own parties; those that it is told do not count beside them', async (t) => {
    const { rules } = await opened(t, 'parties: {bob: {labels: [group:ops]}}')
    await rules.govern(told(OPS, ['group:ops']))
    assert.equal(alice(rules), 'ERR_POLICY_NOT_ALLOWED')
  })

  test('a reload takes what was told last, and what is told after it goes by the new file', async (t) => {
    const { rules, read } = await opened(t)
    await rules.govern(told(OPS, ['group:ops']))
    const next = await rules.read(read('parties: {alice: {labels: []}}'))
    assert.equal(alice(rules), 'ops shop')
    next.apply()
    assert.equal(alice(rules), 'ERR_POLICY_NOT_ALLOWED')
    await rules.govern(told(OPS, ['group:ops']))
    assert.equal(alice(rules), 'ERR_POLICY_NOT_ALLOWED', 'its own parties still count')
  })

  test('one change waits for the other', async (t) => {
    const { rules } = await opened(t)
    const order: string[] = []
    const reload = rules.inTurn(async () => {
      await new Promise((resolve) => setTimeout(resolve, 20))
      order.push('reloaded')
    })
    const governed = rules.govern(told(OPS, [])).then(() => order.push('told'))
    await Promise.all([reload, governed])
    assert.deepEqual(order, ['reloaded', 'told'])
  })

  test('a change that fails holds up none after it', async (t) => {
    const { rules } = await opened(t)
    await assert.rejects(
      rules.inTurn(() => Promise.reject(new RangeError('no'))),
      { message: 'no' },
    )
    assert.equal(await rules.govern(told(OPS, [])), undefined)
  })

  const away = async () => 'the authority is away'
  const starts: readonly (readonly [string, string, string, FeedRules | undefined])[] = [
    ['every door has a list', '', LISTED, undefined],
    ['policy and parties are its own', 'policy: own.yaml\nparties: {bob: {}}', DOOR, undefined],
    ['all was told', '', DOOR, told(OPS, [])],
    ['its own policy has been told its parties', 'policy: own.yaml', DOOR, told(undefined, [])],
  ]
  for (const [what, more, door, rules] of starts)
    test(`it starts where ${what}`, async (t) => {
      const house = await opened(t, more, { door })
      if (rules) await house.rules.govern(rules)
      await house.rules.settle(away)
    })
  const stays: readonly (readonly [string, string, FeedRules | undefined, RegExp])[] = [
    ['nothing was told', '', undefined, /\(shop\), and it has told none yet: the authority is away/],
    ['the parties were not told, whom a lock may mean', 'policy: own.yaml', undefined, /it has told none yet/],
    [
      'the authority has no policy',
      '',
      told(undefined, []),
      /by the policy of the authority \(shop\), and it has none/,
    ],
  ]
  for (const [what, more, rules, why] of stays)
    test(`it does not start where ${what}`, async (t) => {
      const house = await opened(t, more)
      if (rules) await house.rules.govern(rules)
      await assert.rejects(house.rules.settle(away), { code: 'ERR_CLI_POLICY', message: why })
    })
  test('nor does a reload lead there', async (t) => {
    const { rules, read } = await opened(t, 'policy: own.yaml\nparties: {bob: {}}')
    await assert.rejects(rules.read(read('policy: own.yaml')), { code: 'ERR_CLI_POLICY' })
  })
})
