// Addresses come out as one thing or not at all: what a program could take for another address is refused.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type Mailbox, MailFormError, readAddresses } from '@countersign/mail'
import { readMailbox } from '@countersign/verify'

const read = (name: string, value: string) => readAddresses({ name, value, start: 7, end: 99 })
const one = (address: string, displayName?: string): Mailbox[] => [
  displayName === undefined ? { address } : { displayName, address },
]

const FROM: readonly (readonly [value: string, mailboxes: readonly Mailbox[]])[] = [
  ['a@b.example', one('a@b.example')],
  ['<a@b.example>', one('a@b.example')],
  ['Alice <a@b.example>', one('a@b.example', 'Alice')],
  ['"Smith, Alice" <a@b.example>', one('a@b.example', 'Smith, Alice')],
  ['"a \\"b\\" \\\\" <a@b.example>', one('a@b.example', 'a "b" \\')],
  ['Alice   "B."  Carol <a@b.example>', one('a@b.example', 'Alice B. Carol')],
  ['A.L@B.Example', one('A.L@b.example')],
  ["!#$%&'*+-/=?^_`{|}~@b.example", one("!#$%&'*+-/=?^_`{|}~@b.example")],
  ['"a.b"@b.example', one('a.b@b.example')],
  ['"a\\b"@b.example', one('ab@b.example')],
  ['"a@b.example" <evil@c.example>', one('evil@c.example', 'a@b.example')],
  ['a@b.example (Alice)', one('a@b.example')],
  ['(x (y \\) z)) Alice (w) <a@b.example> (v)', one('a@b.example', 'Alice')],
  ['a@b.example, Bob <b@b.example>', [{ address: 'a@b.example' }, { displayName: 'Bob', address: 'b@b.example' }]],
  ['=?utf-8?q?Zo=C3=AB?= =?iso-8859-1?b?6w==?= <z@b.example>', one('z@b.example', 'Zo\u00eb\u00eb')],
  ['=?utf-8?q?a=40b=2Eexample=3E=2C?= <evil@c.example>', one('evil@c.example', 'a@b.example>,')],
  ['=?x-none?q?a?= <z@b.example>', one('z@b.example', '=?x-none?q?a?=')],
  ['"=?utf-8?q?Zo=C3=AB?=" <z@b.example>', one('z@b.example', '=?utf-8?q?Zo=C3=AB?=')],
  ['Zo\u00eb <zo\u00eb@b\u00fccher.example>', one('zo\u00eb@xn--bcher-kva.example', 'Zo\u00eb')],
  ['a@B\u00dcCHER.example', one('a@xn--bcher-kva.example')],
  ['a@xn--bcher-kva.example', one('a@xn--bcher-kva.example')],
  ['\u7528\u6237@\u4f8b\u5b50.example', one('\u7528\u6237@xn--fsqu00a.example')],
  ['"moc.elpmaxe@a\u202e" <a@b.example>', one('a@b.example', 'moc.elpmaxe@a\ufffd')],
]

const REFUSED: readonly (readonly [name: string, value: string])[] = [
  ['nothing', ''],
  ['a comment alone', '(a@b.example)'],
  ['a name alone', 'Alice'],
  ['no domain', 'a@'],
  ['no local part', '@b.example'],
  ['an address of nothing', '<>'],
  ['a name and nothing', 'Alice <>'],
  ['two at-signs', 'a@b@c.example'],
  ['two addresses without a comma', 'a@b.example c@d.example'],
  ['two addresses in brackets', '<a@b.example> <c@d.example>'],
  ['an address before one in brackets', 'a@b.example <evil@c.example>'],
  ['two brackets', '<<a@b.example>>'],
  ['a bracket that is not closed', '<a@b.example'],
  ['a bracket that is not opened', 'a@b.example>'],
  ['a quote that is not closed', '"a <a@b.example>'],
  ['a comment that is not closed', 'a@b.example (b'],
  ['a parenthesis that is not opened', 'a@b.example )'],
  ['a backslash', 'a\\@b.example'],
  ['a semicolon', 'a@b.example; c@d.example'],
  ['a group', 'us: a@b.example;'],
  ['a group of nobody', 'undisclosed-recipients:;'],
  ['an element of nothing first', ', a@b.example'],
  ['an element of nothing last', 'a@b.example,'],
  ['an element of nothing between', 'a@b.example,, c@d.example'],
  ['a dot in a name', 'John Q. Public <a@b.example>'],
  ['a route', '<@c.example,@d.example:a@b.example>'],
  ['a comment within the address', 'a(b)@b.example'],
  ['a comment within the domain', 'a@b.(c)example'],
  ['a comment after the at-sign', 'a@(c)b.example'],
  ['a comment in the brackets', '<a@b.example(c)>'],
  ['white space before the at-sign', 'a @b.example'],
  ['white space after the at-sign', 'a@ b.example'],
  ['white space around a dot', 'a . b@b.example'],
  ['white space in the brackets', '< a@b.example>'],
  ['a dot first', '.a@b.example'],
  ['a dot last', 'a.@b.example'],
  ['two dots', 'a..b@b.example'],
  ['a local part that needs its quotes', '"a b"@b.example'],
  ['a local part with an at-sign', '"a@b.example"@c.example'],
  ['an empty local part', '""@b.example'],
  ['two local parts', '"a""b"@b.example'],
  ['a local part of an encoded word', '=?utf-8?q?a?=@b.example'],
  ['a local part that becomes another address', '=?utf-8?q?a=40b.example=3e=20?=@c.example'],
  ['an encoded word in the brackets', '<=?utf-8?q?a=40b.example?=>'],
  ['a domain of an encoded word', 'a@=?utf-8?q?b.example?='],
  ['a domain in brackets', 'a@[192.0.2.1]'],
  ['a domain that is a number', 'a@192.0.2.1'],
  ['a domain with an underscore', 'a@b_c.example'],
  ['a domain with an escape', 'a@b%2eexample'],
  ['a domain with a hyphen first', 'a@-b.example'],
  ['a domain with a dot last', 'a@b.example.'],
  ['a domain of wide letters', 'a@\uff42.example'],
  ['a domain with a dot that is none', 'a@b\u3002example'],
  ['a domain with a joiner', 'a@b\u200d.example'],
  ['a domain with an override', 'a@b\u202e.example'],
  ['a local part with an override', 'a\u202eb@b.example'],
  ['a local part with a soft hyphen', 'a\u00adb@b.example'],
  ['a local part with a space of no width', 'a\u200bb@b.example'],
  ['a local part with a no-break space', 'a\u00a0b@b.example'],
  ['a local part of 65 octets', `${'a'.repeat(65)}@b.example`],
]

const isRefused = (error: unknown) => {
  assert.ok(error instanceof MailFormError, String(error))
  assert.deepEqual([error.code, error.fault, error.at], ['ERR_MAIL_FORM', 'address', 7])
  return true
}

suite('From', () => {
  for (const [value, mailboxes] of FROM)
    test(`is read: ${value}`, () => assert.deepEqual(read('From', value), mailboxes))
  for (const [name, value] of REFUSED)
    test(`is refused: ${name}`, () => assert.throws(() => read('From', value), isRefused))

  test('is the form in which the names of certificates are compared', () => {
    for (const { address } of FROM.flatMap(([, mailboxes]) => mailboxes)) assert.equal(readMailbox(address), address)
  })
})

suite('Sender', () => {
  test('is one address', () => assert.deepEqual(read('sender', 'a@b.example'), one('a@b.example')))
  test('is not two', () => assert.throws(() => read('Sender', 'a@b.example, c@d.example'), isRefused))
})

suite('To', () => {
  for (const [value, addresses] of [
    ['', []],
    ['undisclosed-recipients:;', []],
    ['us: a@b.example, Bob <b@b.example>;, c@d.example', ['a@b.example', 'b@b.example', 'c@d.example']],
    ['us:a@b.example;us:b@b.example', undefined],
    ['John Q. Public <a@b.example>,, c@d.example,', ['a@b.example', 'c@d.example']],
    ['us: them: a@b.example;;', undefined],
    ['us: a@b.example', undefined],
    ['us; a@b.example', undefined],
    [':a@b.example;', undefined],
  ] as const)
    test(`${addresses === undefined ? 'is refused' : 'is read'}: ${value}`, () => {
      if (addresses === undefined) assert.throws(() => read('To', value), isRefused)
      else
        assert.deepEqual(
          read('To', value).map(({ address }) => address),
          addresses,
        )
    })

  test('has a budget', () => {
    assert.equal(read('To', 'a@b.example,'.repeat(2000).slice(0, -1)).length, 2000)
    for (const value of [
      'a@b.example,'.repeat(2001),
      ','.repeat(60_000),
      `us:${','.repeat(60_000)};`,
      '('.repeat(60_000),
    ])
      assert.throws(() => read('To', value), { code: 'ERR_MAIL_BUDGET' })
  })
})
