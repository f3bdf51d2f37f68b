// What must be with mail: read, compared without an escape by spelling, tested, and held against another policy.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { checkExpectations, createDirectory, dutyOf, readPolicy, repeatedDuties, whatIf } from '@countersign/policy'
import { DIRECTORY, NOW, policyOf } from './support.ts'

const mustsOf = (...sentences: readonly string[]) =>
  policyOf(`must:\n${sentences.map((one) => `  - ${one}\n`).join('')}`)
// As domains of certificates are.
const lower = (name: string) => {
  const [, local, domain = ''] = /^([^\s"]+)@([A-Za-z0-9.-]+)$/.exec(name) ?? []
  return local === undefined ? undefined : `${local}@${domain.toLowerCase()}`
}

suite('must', () => {
  test('is a sentence, and told as it is said', () => {
    const { must } = mustsOf('encrypt  to *@partner.example', 'be verified from boss@acme.example').rules
    assert.deepEqual(must, [
      { act: 'encrypt', address: '*@partner.example', name: 'must encrypt to *@partner.example', line: 2 },
      { act: 'verify', address: 'boss@acme.example', name: 'must be verified from boss@acme.example', line: 3 },
    ])
  })

  const AS_IN = 'must be as in encrypt to *@partner.example, or be verified from *@partner.example'
  for (const [sentence, fault] of [
    ['encrypt to partner.example', 'no mail is for partner.example'],
    ['encrypt to @partner.example', 'no mail is for @partner.example'],
    ['encrypt to bob@', 'no mail is for bob@'],
    ['encrypt to "bob"@partner.example', 'no mail is for "bob"@partner.example'],
    ['encrypt to *@Partner.example', 'write *@Partner.example as certificates are read: *@partner.example'],
    ['encrypt to *@*.Partner.example', 'write *@*.Partner.example as certificates are read: *@*.partner.example'],
    ['encrypt to *@*.*.example', 'no mail is for *@*.*.example'],
    ['encrypt *@partner.example', AS_IN],
    ['encrypt from *@partner.example', AS_IN],
    ['be verified to *@partner.example', AS_IN],
    ['must encrypt to *@partner.example', AS_IN],
    ['encrypt to *@partner.example, *@other.example', AS_IN],
    ['{encrypt: "*@partner.example"}', AS_IN],
  ] as const)
    test(`tells what is wrong with ${sentence}`, () => {
      const read = readPolicy(`must:\n  - ${sentence}\n`, lower)
      assert.deepEqual(read, { ok: false, faults: [{ line: 2, column: 5, text: fault }] })
    })

  for (const [address, means, others] of [
    [
      '*@partner.example',
      ['bob@partner.example', 'BOB@partner.example', '*@partner.example'],
      ['bob@mail.partner.example', 'bob@notpartner.example', 'partner.example@acme.example', '*'],
    ],
    [
      '*@*.partner.example',
      ['bob@mail.partner.example', 'bob@a.b.partner.example'],
      ['bob@partner.example', 'bob@xpartner.example'],
    ],
    [
      'bob@partner.example',
      ['bob@partner.example', 'Bob@partner.example'],
      ['bobby@partner.example', '*@partner.example', 'bob@partner.example.evil.example'],
    ],
    // The same letters, composed and not.
    [
      'j\u00f6rg@partner.example',
      ['jo\u0308rg@partner.example', 'J\u00d6RG@partner.example'],
      ['jorg@partner.example'],
    ],
    ['*', ['bob@partner.example', '*@*.example'], []],
  ] as const) {
    const { must } = mustsOf(`encrypt to ${address}`).rules
    for (const one of means)
      test(`${address} means ${one}`, () => assert.equal(dutyOf(must, 'encrypt', one)?.address, address))
    for (const one of others)
      test(`${address} does not mean ${one}`, () => assert.equal(dutyOf(must, 'encrypt', one), undefined))
  }

  test('an address that cannot be compared is meant by every sentence of its kind', () => {
    const { must } = mustsOf('encrypt to *@partner.example').rules
    assert.equal(dutyOf(must, 'encrypt', undefined)?.name, 'must encrypt to *@partner.example')
    assert.equal(dutyOf(must, 'verify', undefined), undefined)
  })

  test('a policy of such sentences alone is none that is empty', () => {
    assert.equal(readPolicy('must: [encrypt to *@partner.example]\n').ok, true)
    assert.equal(readPolicy('must: []\n').ok, false)
  })

  test('what another asks for already is told, and of two alike the second', () => {
    const { must } = mustsOf(
      'encrypt to bob@partner.example',
      'encrypt to *@partner.example',
      'encrypt to *@partner.example',
      'be verified from bob@partner.example',
    ).rules
    assert.deepEqual(
      repeatedDuties(must).map(({ line }) => line),
      [2, 4],
    )
  })

  test('tests beside it hold, or say why not', () => {
    const policy = policyOf(`
must: [encrypt to *@partner.example]
expect:
  - mail to bob@partner.example must be encrypted
  - mail to *@partner.example must be encrypted
  - mail to bob@acme.example need not be encrypted
  - mail from bob@partner.example need not be verified
  - mail to bob@partner.example need not be encrypted
  - mail to *@acme.example must be encrypted
`)
    assert.deepEqual(
      checkExpectations(DIRECTORY, policy, NOW).map(({ line, why }) => [line, why]),
      [
        [8, 'it must, by the rule must encrypt to *@partner.example'],
        [9, 'no rule asks for it'],
      ],
    )
    for (const text of [
      'mail to bob@partner.example must be verified',
      'mail from bob must be verified',
      'mail to bob@partner.example should be encrypted',
    ])
      assert.equal(readPolicy(`must: [encrypt to *]\nexpect: [${text}]\n`).ok, false, text)
  })

  test('what-if names what mail must no longer be, and what it must be now', () => {
    const people = { before: createDirectory([]), after: createDirectory([]) }
    const before = mustsOf('encrypt to *@partner.example', 'be verified from *@partner.example')
    const after = mustsOf('encrypt to bob@partner.example', 'be verified from *')
    const { looser, stricter } = whatIf(before, after, people, NOW)
    assert.deepEqual(looser, ['must encrypt to *@partner.example'])
    assert.deepEqual(stricter, ['must be verified from *'])
  })
})
