// What a rule says must be encrypted, in a whole house before a real postfix: the sender's side by swaks and reports, the
// recipient's by what dovecot reads and `mail open` says.
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { letter, NEEDS_RULES_HOUSE, openRulesHouse, type RulesHouse, sealedByHand } from './support/mail-rules.ts'

suite('mail that must be encrypted', NEEDS_RULES_HOUSE, () => {
  let world: RulesHouse

  before(async () => {
    world = await openRulesHouse(['bob', 'carol', 'dora', 'late'], ['bob', 'carol', 'dora'])
  })
  after(async () => world?.[Symbol.asyncDispose]())

  test('what nobody sealed is sealed at the door: the next server has nothing to read, the recipient all of it', async () => {
    await world.swaks(['bob@partner.example'], letter('bob@partner.example', 'the offer'))
    const [got = ''] = await world.relay.mailbox('bob@partner.example', 1)
    assert.doesNotMatch(got, /the offer|4,200/)
    assert.match(got, /^Subject: \[\.\.\.\]\r?$/m)
    const { opened, inside } = await world.open(got, 'bob', 1)
    // It is nobody's word but the door's that alice wrote it, and the door gives none.
    assert.deepEqual(
      [opened.state, opened.code, opened.encrypted, opened.cipher],
      ['not verified', 'ERR_MAIL_NOT_SIGNED', true, 'AES-256-GCM'],
    )
    assert.match(inside, /^Subject: the offer\r?$/m)
    assert.match(inside, /of the offer: 4,200/)
    await world.house.event(
      ({ event, rule }) => event === 'mail.sealed' && rule === 'must encrypt to *@partner.example',
    )
    assert.deepEqual(await world.queued(), [])
  })

  test('what its sender sealed goes as it is, and is verified', async () => {
    const { opened, inside } = await sealedByHand(world, { reader: 'carol', subject: 'sealed by hand' })
    assert.equal(opened.state, 'verified')
    assert.match(inside, /^Subject: sealed by hand\r?$/m)
  })

  test('who is in Bcc has a copy that no other can open, and stands in none', async () => {
    await world.swaks(
      ['bob@partner.example', 'dora@partner.example', 'erin@elsewhere.example'],
      letter('bob@partner.example', 'between us'),
    )
    const [, bobs = ''] = await world.relay.mailbox('bob@partner.example', 2)
    const [doras = ''] = await world.relay.mailbox('dora@partner.example', 1)
    const [byBob, byDora, ...byOthers] = await Promise.all([
      world.open(bobs, 'bob', 1),
      world.open(doras, 'dora', 1),
      world.open(bobs, 'dora', 1),
      world.open(doras, 'bob', 1),
    ])
    for (const { inside } of [byBob, byDora]) assert.match(inside, /between us/)
    for (const { opened } of byOthers) assert.equal(opened.code, 'ERR_MAIL_NO_KEY')
    assert.doesNotMatch(bobs.replace(/^[\s\S]*?\r?\nDate:/, ''), /dora/)
    // Of whom no rule speaks, that one has it as it was handed in.
    const [erins = ''] = await world.relay.mailbox('erin@elsewhere.example', 1)
    assert.match(erins, /of between us: 4,200/)
  })

  test('without a key it is held and its sender told; it leaves, sealed, when a key has come, after kill -9 too', async () => {
    await world.swaks(['late@partner.example'], letter('late@partner.example', 'too early'))
    const { id, recipients } = await world.heldFor('late@partner.example')
    assert.equal(recipients[0]?.code, 'ERR_MAIL_MUST_ENCRYPT')
    assert.match(
      recipients[0]?.note ?? '',
      /^must encrypt to \*@partner\.example: no key of late@partner\.example is known$/,
    )
    const reports = await world.relay.mailbox('alice@acme.example', 1)
    const [report = ''] = reports.filter((text) => text.includes('late@partner.example'))
    assert.match(report, /^Subject: Held, and not delivered yet\r?$/m)
    assert.match(report, /ERR_MAIL_MUST_ENCRYPT[\s\S]*next: get the key of the recipient/)
    assert.doesNotMatch(report, /too early|4,200/)
    const shown = await world.run(['mail', 'queue', 'show', id])
    assert.match(shown.stdout, /late@partner\.example: held, 1 attempts, tried again in/)
    assert.doesNotMatch(shown.stdout, /too early|4,200/)
    // Whoever holds it starts again, and knows the rule.
    await world.restart()
    assert.equal((await world.run(['mail', 'queue', 'retry', 'all'])).code, 0)
    await world.house.event(({ event }) => event === 'mail.held')
    await world.run(['mail', 'key', '--identity', world.people['late']?.directory ?? ''])
    const retried = await world.run(['mail', 'queue', 'retry', id, '--json'])
    assert.deepEqual(JSON.parse(retried.stdout), { retried: ['late@partner.example'] })
    const [got = ''] = await world.relay.mailbox('late@partner.example', 1)
    assert.doesNotMatch(got, /too early|4,200/)
    assert.match((await world.open(got, 'late', 1)).inside, /of too early: 4,200/)
  })

  test('a key that was revoked is none', async () => {
    await world.run(['revoke', 'dora'])
    await world.swaks(['dora@partner.example'], letter('dora@partner.example', 'to a thief'))
    const held = await world.heldFor('dora@partner.example')
    const dropped = await world.run(['mail', 'queue', 'drop', held.id, '--reason', 'dora has left'])
    assert.match(dropped.stdout, /given up, and its sender is told, for dora@partner\.example/)
    const reports = await world.relay.mailbox('alice@acme.example', 3)
    const [last = ''] = reports.filter((text) => text.includes('dora has left'))
    assert.match(last, /ERR_MAIL_DROPPED/)
    assert.match(last, /^Subject: Not delivered\r?$/m)
    assert.equal((await world.relay.mailbox('dora@partner.example', 1)).length, 1, 'nothing more came')
    for (const text of reports) assert.doesNotMatch(text, /to a thief|4,200/)
  })

  test('an operator is told what is not there', async () => {
    await Promise.all([
      world.run(['mail', 'queue', 'show', 'nothing'], 3),
      world.run(['mail', 'queue', 'drop', 'nothing', '--reason', 'x'], 3),
      world.run(['mail', 'queue', 'drop', 'nothing'], 2),
      world.run(['mail', 'queue', '--door', 'web'], 3),
      world.run(['mail', 'queue', 'retry', 'all'], 1),
    ])
    assert.match((await world.run(['mail', 'queue'])).stdout, /^nothing waits$/m)
  })
})
