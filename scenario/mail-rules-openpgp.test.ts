// The same for people with keys of OpenPGP, of the house and of partners, beside GnuPG.
import assert from 'node:assert/strict'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { letter, NEEDS_RULES_HOUSE, openRulesHouse, type RulesHouse, sealedByHand } from './support/mail-rules.ts'

suite('mail that must be encrypted, to keys of OpenPGP', NEEDS_RULES_HOUSE, () => {
  let world: RulesHouse

  before(async () => {
    world = await openRulesHouse(['bob', 'gil', 'pia'], ['bob'])
  })
  after(async () => world?.[Symbol.asyncDispose]())

  test('what its sender sealed with OpenPGP goes as it is, too', async () => {
    const both = [world.people['pia']?.directory ?? '', world.alice.directory]
    await Promise.all(both.map((directory) => world.run(['mail', 'key', '--openpgp', '--identity', directory])))
    const { opened, inside } = await sealedByHand(world, { reader: 'pia', subject: 'of the other kind' })
    assert.equal(opened.state, 'verified')
    assert.match(inside, /^Subject: of the other kind\r?$/m)
  })

  test('who has only a key of OpenPGP reads what the door has sealed to it, GnuPG too, beside who has a certificate', async () => {
    const gil = world.people['gil']?.directory ?? ''
    await world.run(['mail', 'key', '--openpgp', '--legacy', '--identity', gil])
    const [own = ''] = (await readdir(join(gil, 'mail'))).filter((name) => /^[0-9a-f]{40}\.secret\.asc$/.test(name))
    assert.equal(world.gpg(['--import', join(gil, 'mail', own)]).status, 0)
    const to = ['pia@partner.example', 'gil@partner.example', 'bob@partner.example']
    await world.swaks(to, letter(to.join(', '), 'for three'))
    const [, pias = ''] = await world.relay.mailbox('pia@partner.example', 2)
    const [gils = ''] = await world.relay.mailbox('gil@partner.example', 1)
    const [bobs = ''] = await world.relay.mailbox('bob@partner.example', 1)
    for (const text of [pias, gils, bobs]) {
      assert.match(text, /^Subject: \[\.\.\.\]\r?$/m)
      assert.doesNotMatch(text, /for three|4,200/)
    }
    const [{ opened, inside }, byBob, byAnother] = await Promise.all([
      world.open(pias, 'pia', 1),
      world.open(bobs, 'bob', 1),
      world.open(gils, 'pia', 1),
    ])
    assert.deepEqual(
      [opened.state, opened.code, opened.encrypted, opened.cipher],
      ['not verified', 'ERR_MAIL_NOT_SIGNED', true, 'AES-256-GCM'],
    )
    assert.match(inside, /^Subject: for three\r?$/m)
    assert.match(world.readByGpg(gils), /^Subject: for three\r?\n[\s\S]*of for three: 4,200/m)
    assert.match(byBob.inside, /of for three: 4,200/)
    assert.equal(byAnother.opened.code, 'ERR_MAIL_NO_KEY')
  })

  test('in Bcc by OpenPGP nobody else’s copy says so', async () => {
    await world.swaks(['pia@partner.example', 'gil@partner.example'], letter('pia@partner.example', 'between two'))
    const [, , pias = ''] = await world.relay.mailbox('pia@partner.example', 3)
    const [, gils = ''] = await world.relay.mailbox('gil@partner.example', 2)
    assert.match(world.readByGpg(gils), /of between two: 4,200/)
    const [byPia, byAnother] = await Promise.all([world.open(pias, 'pia', 1), world.open(gils, 'pia', 1)])
    assert.match(byPia.inside, /of between two: 4,200/)
    for (const text of [pias, gils]) assert.doesNotMatch(text.replace(/^[\s\S]*?\r?\nDate:/, ''), /gil/)
    assert.equal(byAnother.opened.code, 'ERR_MAIL_NO_KEY')
  })

  test('what was sealed with OpenPGP for another than its recipient is sealed to them, around', async () => {
    const sealed = await readFile(join(world.scratch, 'pia.sealed'), 'utf8')
    await world.swaks(
      ['gil@partner.example'],
      ['--data', '-'],
      sealed.replace('pia@partner.example', 'gil@partner.example'),
    )
    const [, , gils = ''] = await world.relay.mailbox('gil@partner.example', 3)
    assert.match(world.readByGpg(gils), /BEGIN PGP MESSAGE/)
  })

  test('a partner whom the authority does not know is held, until an operator has accepted their key', async () => {
    await world.swaks(['zoe@partner.example'], letter('zoe@partner.example', 'to a partner'))
    const { id, recipients } = await world.heldFor('zoe@partner.example')
    assert.match(recipients[0]?.note ?? '', /no key of zoe@partner\.example is known/)
    world.gpg(['--quick-generate-key', '--', 'Zoe <zoe@partner.example>', 'ed25519', 'sign,cert', '1y'])
    const listed = world.gpg(['--with-colons', '--list-keys', 'zoe@partner.example']).stdout
    const fingerprint = /^fpr:+([0-9A-F]{40}):/m.exec(listed)?.[1] ?? assert.fail()
    world.gpg(['--quick-add-key', fingerprint, 'cv25519', 'encrypt', '1y'])
    const file = join(world.scratch, 'zoe.asc')
    await writeFile(file, world.gpg(['--armor', '--export', fingerprint]).stdout)
    const accept = [
      'mail',
      'keys',
      'accept',
      'zoe@partner.example',
      file,
      '--identity',
      join(world.scratch, 'partners'),
    ]
    await world.run(accept, 1)
    assert.deepEqual((await world.relay.mailbox('zoe@partner.example', 0)).length, 0)
    await world.run([...accept, '--fingerprint', fingerprint])
    await world.run(['mail', 'queue', 'retry', id])
    const [got = ''] = await world.relay.mailbox('zoe@partner.example', 1)
    assert.doesNotMatch(got, /to a partner|4,200/)
    assert.match(world.readByGpg(got), /of to a partner: 4,200/)
  })

  test('a key of OpenPGP whose person was revoked is none', async () => {
    await world.run(['revoke', 'pia'])
    await world.swaks(['pia@partner.example'], letter('pia@partner.example', 'in clear'))
    const held = await world.heldFor('pia@partner.example')
    assert.match(held.recipients[0]?.note ?? '', /no key of pia@partner\.example is known/)
    await world.run(['mail', 'queue', 'drop', held.id, '--reason', 'pia has left'])
    const reports = await world.relay.mailbox('alice@acme.example', 3)
    assert.equal(reports.length, 3, 'zoe held, pia held, and given up')
    assert.equal((await world.relay.mailbox('pia@partner.example', 3)).length, 3)
  })
})
