// What must be encrypted by a rule and cannot be: it is held, its sender is told, and nothing of it is sent.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { createTrust } from '@countersign/mtls'
import { OID } from '@countersign/x509'
import { Authority, type Holder, house } from '../../../../tools/testing/mail-people.ts'
import type { SealingOptions } from '../../src/door/leave/sealing.ts'
import { alice, bob, carol, LETTER, leaving, open, toOf, why } from './sealing-support.ts'
import { enqueue, NOON, openTestHop } from './support.ts'

suite('what cannot be sealed is held, and nothing of it is sent', () => {
  const revoked = house.holder('bob@partner.example')
  const stranger = new Authority('Mallory').holder('bob@partner.example')
  const expired = house.holder('bob@partner.example', { notAfter: NOON.subtract({ hours: 1 }) })
  const signing = house.holder('bob@partner.example', { usage: ['digitalSignature'] })
  const keys = (one: Holder) => ({ keysOf: async () => ({ certificates: [one.certificate], issuers: [] }) })
  const CASES: readonly (readonly [string, Partial<SealingOptions>, string, RegExp])[] = [
    [
      'no key is known',
      { keysOf: async () => ({ certificates: [], issuers: [] }) },
      'ERR_MAIL_MUST_ENCRYPT',
      /no key of bob@partner\.example is known/,
    ],
    [
      'only a key of OpenPGP is known, and the package for them is not there',
      {
        keysOf: async () => ({
          certificates: [],
          issuers: [],
          openPgp: { authorities: [], keys: [{ fingerprint: 'ab', key: new Uint8Array(), isCurrent: true }] },
        }),
      },
      'ERR_MAIL_MUST_ENCRYPT',
      /only a key of OpenPGP is known, and the package for it is not installed at this door: a person seals it/,
    ],
    [
      'the authority is away',
      { keysOf: async () => Promise.reject(new Error('ECONNREFUSED')) },
      'ERR_MAIL_MUST_ENCRYPT',
      /cannot be asked now/,
    ],
    [
      'the key was revoked',
      {
        ...keys(revoked),
        trust: createTrust({
          anchors: [house.certificate],
          crls: [house.crl([revoked.certificate])],
          revocation: 'require',
          asOf: NOON,
        }),
      },
      'ERR_CALLEE_REVOKED',
      /./,
    ],
    [
      'whether it was revoked is not known',
      { trust: createTrust({ anchors: [house.certificate], crls: [], revocation: 'require', asOf: NOON }) },
      'ERR_CALLEE_STATUS_UNKNOWN',
      /./,
    ],
    ['the key has expired', keys(expired), 'ERR_CALLEE_EXPIRED', /./],
    ['it is another authority’s', keys(stranger), 'ERR_CALLEE_UNKNOWN_ISSUER', /./],
    ['it is another address’s', keys(carol), 'ERR_CALLEE_WRONG_NAME', /./],
    ['it only signs', keys(signing), 'ERR_MAIL_RECIPIENT_KEY', /keyUsage/],
    [
      'it is for legacy readers',
      { keysOf: async () => ({ certificates: [legacyOf(bob)], issuers: [] }) },
      'ERR_MAIL_LEGACY',
      /legacy/,
    ],
  ]
  for (const [what, more, code, note] of CASES)
    test(what, async (t) => {
      const { hop, leaver } = await leaving(t, more)
      const id = await enqueue(leaver.queue, { recipients: [bob.address] }, LETTER)
      await leaver.turn()
      const [[state, found, said] = []] = why(leaver, id) ?? []
      assert.deepEqual([state, found], ['held', code])
      assert.match(said ?? '', /^must encrypt to \*@partner\.example: /)
      assert.match(said ?? '', note)
      await leaver.turn()
      assert.deepEqual(
        hop.got.map(({ from, to }) => [from, ...to]),
        [['', alice.address]],
      )
      const report = hop.got[0]?.text ?? ''
      assert.match(report, /^Action: delayed\r$/m)
      const told = report.indexOf(`(${code})`)
      assert.ok(told > 0)
      assert.match(report.slice(told), /must encrypt to \*@partner\.example: .*\r\n +next: \w/)
      assert.doesNotMatch(report, /secret plan|the first line/)
      assert.ok(leaver.queue.find(id), 'it is kept')
    })

  for (const [what, letter, code] of [
    [
      'a header that says of itself that it is protected',
      LETTER.replace('Subject:', 'Content-Type: text/plain; hp="clear"\r\nSubject:'),
      'ERR_MAIL_FORM',
    ],
    [
      'a message that is read in two ways',
      LETTER.replace('Subject:', 'Content-Type: multipart/mixed; boundary=b\r\nSubject:'),
      'ERR_MAIL_FORM',
    ],
    [
      'a message of too many parts',
      `From: alice@acme.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n${'--b\r\n\r\n\r\n'.repeat(1_001)}--b--\r\n`,
      'ERR_MAIL_BUDGET',
    ],
  ] as const)
    test(what, async (t) => {
      const { hop, leaver } = await leaving(t)
      const id = await enqueue(leaver.queue, { recipients: [bob.address] }, letter)
      await leaver.turn()
      assert.deepEqual(hop.got, [])
      assert.deepEqual(
        why(leaver, id)?.map(([state, found]) => [state, found]),
        [['held', code]],
      )
    })

  test('a key comes, and then it leaves, sealed', async (t) => {
    let has = false
    const { hop, leaver } = await leaving(t, {
      keysOf: async () => ({ certificates: has ? [bob.certificate] : [], issuers: [] }),
    })
    await enqueue(leaver.queue, { recipients: [bob.address] }, LETTER)
    await leaver.turn()
    has = true
    leaver.pass(1)
    await leaver.turn()
    const [, sealed] = hop.got.toSorted((one, other) => one.from.length - other.from.length)
    assert.equal((await open(t, sealed?.text ?? '', bob)).verdict.encryption?.outcome.ok, true)
    assert.doesNotMatch(sealed?.text ?? '', /secret|the first line/)
    assert.deepEqual(leaver.queue.list(), [])
  })

  test('a rule that comes later counts for what waits', async (t) => {
    let rule: string | undefined
    const { hop, leaver } = await leaving(t, { mustEncrypt: () => rule })
    await hop.close()
    await enqueue(leaver.queue, { recipients: ['erin@partner.example'] }, LETTER)
    assert.equal(await leaver.turn(), false)
    rule = 'must encrypt to *'
    const again = await openTestHop(t, {}, hop.next.port)
    leaver.pass(1)
    await leaver.turn()
    assert.equal(
      again.got.some(({ text }) => text.includes('the first line')),
      false,
    )
    assert.equal(leaver.queue.list()[0]?.recipients[0]?.state, 'held')
  })

  test('one that is held keeps nobody else waiting', async (t) => {
    const { hop, leaver } = await leaving(t)
    await enqueue(leaver.queue, { recipients: ['erin@partner.example', bob.address] }, LETTER)
    await enqueue(leaver.queue, { recipients: [carol.address] }, LETTER)
    await leaver.turn()
    assert.deepEqual(
      toOf(hop.got.filter(({ from }) => from !== ''))
        .flat()
        .sort(),
      [bob.address, carol.address],
    )
  })
})

/** The same key, of a holder who reads AES-256-CBC and no more. @see RFC 4262 §2 */
function legacyOf(holder: Holder) {
  return house.holder(holder.address, { capabilities: [OID['id-aes256-CBC']] }).certificate
}
