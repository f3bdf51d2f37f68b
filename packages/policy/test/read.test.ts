import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { readPolicy } from '@countersign/policy'

const RULE = 'meet:\n  - rule: r\n    who: group:ops\n    what: service:db\n'
const faultsOf = (text: string) => {
  const read = readPolicy(text)
  return read.ok ? [] : read.faults.map(({ line, column, text: why }) => `${line}:${column} ${why}`)
}

suite('readPolicy', () => {
  for (const [what, text] of [
    ['a rule', RULE],
    ['a rule and no lock', `${RULE}lock:\n`],
    ['a lock alone', 'meet: []\nlock: [{who: any | nobody, reason: closed}]\n'],
    ['the age of a proof that has one', `${RULE}    proof: [certificate, passkey < 15m]\n`],
    ['a date as end', 'lock:\n  - {who: party:x, reason: lost, until: 2027-01-01}\n'],
    ['a time as end', 'lock:\n  - {who: party:x, reason: lost, until: "2027-01-01T12:00:00Z"}\n'],
    ['expectations', `${RULE}expect:\n  - group:ops can meet service:db\n  - "!group:ops cannot meet service:db"\n`],
  ] as const)
    test(`reads ${what}`, () => assert.deepEqual(faultsOf(text), []))

  const bad: readonly (readonly [string, string, readonly (string | RegExp)[]])[] = [
    ['an unknown key', 'meat: []\n', ['1:1 there is no key meat; did you mean meet?']],
    [
      'an unknown key of a rule',
      `${RULE}    whil: hours 08:00-20:00\n`,
      ['5:5 there is no key whil; did you mean while?'],
    ],
    ['an unknown key far from all', `${RULE}    zebra: 1\n`, ['5:5 there is no key zebra']],
    ['a rule without a name', 'meet:\n  - who: a\n    what: b\n', ['2:5 a rule must have a name: rule']],
    [
      'a rule without who',
      'meet:\n  - rule: r\n    what: b\n',
      ['2:5 who must be labels, as in group:ops & device:managed'],
    ],
    ['two rules of one name', RULE + RULE.slice(RULE.indexOf('  -')), ['5:5 there is another rule with the name r']],
    ['half an expression', RULE.replace('group:ops', 'group:ops &'), ['3:21 who: a label is missing']],
    [
      'two labels without a sign',
      RULE.replace('group:ops', 'group:ops device:x'),
      ['3:20 who: & or | is missing before device:x'],
    ],
    ['an open parenthesis', RULE.replace('group:ops', '(a | b'), ['3:16 who: a closing parenthesis is missing']],
    ['a closing one', RULE.replace('group:ops', 'a)'), ['3:11 who: & or | is missing before )']],
    ['a sign that is none', RULE.replace('group:ops', 'a = b'), ['3:12 who: no label begins with "="']],
    [
      'an unknown proof',
      `${RULE}    proof: [certificate, pass-key]\n`,
      [/^5:12 there is no proof pass-key; did you mean passkey\?$/],
    ],
    ['no proof beside one', `${RULE}    proof: [none, passkey]\n`, [/^5:12 there is no proof none/]],
    ['an age that is none', `${RULE}    proof: passkey < soon\n`, [/^5:12 there is no proof passkey < soon/]],
    [
      'the age of a certificate',
      `${RULE}    proof: [certificate < 15m]\n`,
      [/^5:12 a certificate is proved by the channel for as long as that is open, and has no age/],
    ],
    // DESIGN 4.1: as a file that was cut off, and never as no rules.
    ...(
      [
        ['nothing', ''],
        ['only a comment', '# none yet\n'],
        ['empty lists', 'meet:\nlock: []\n'],
        ['expectations alone', 'expect: [any cannot meet service:db]\n'],
      ] as const
    ).map(([what, text]) => [what, text, [/^1:1 the policy is empty/]] as const),
    ['no proof', `${RULE}    proof: []\n`, ['2:5 proof must ask for something, or be none']],
    ['hours that are none', `${RULE}    while: daytime\n`, [/^5:12 while must be as in hours 08:00-20:00/]],
    ['a day that is none', `${RULE}    while: hours mon-fry 08:00-20:00\n`, [/^5:12 while names no day: fry/]],
    ['a zone that is none', `${RULE}    while: hours 08:00-20:00 Mars\n`, [/^5:12 while names no time zone: Mars/]],
    [
      'hours without length',
      `${RULE}    while: hours 08:00-08:00\n`,
      [/^5:12 while must begin and end at different times/],
    ],
    ['a lock without a reason', 'lock:\n  - who: party:x\n', ['2:5 a lock must say why: reason']],
    [
      'a reason that is a book',
      `lock:\n  - {who: a, reason: ${'b'.repeat(201)}}\n`,
      ['2:22 a reason has at most 200 characters'],
    ],
    [
      'a name that is longer than any',
      `${RULE}    sees: [db.example, ${'a'.repeat(2049)}]\n`,
      [/^5:24 sees must be a text of at most 2048 characters/],
    ],
    [
      'an end that is none',
      'lock:\n  - {who: a, reason: b, until: tomorrow}\n',
      [/^2:32 until must be as in 2027-01-01/],
    ],
    ['an expectation that is none', 'expect:\n  - alice may enter\n', [/^2:5 an expectation must be as in/]],
    ['a list that is a text', 'meet: all\n', ['1:7 must be a list']],
    ['a rule that is a text', 'meet:\n  - let alice in\n', [/^2:5 a rule must be a mapping/]],
    ['a file that is a list', '- a\n', [/^1:1 the file must be a mapping/]],
    ['no YAML', 'meet: [\n', [/^2:1 /]],
    ['one key twice', 'meet: []\nmeet: []\n', [/^2:1 Map keys must be unique/]],
    [
      'every fault at once',
      'meet:\n  - {rule: a, who: "&", what: b}\n  - {rule: c, who: d, what: ")"}\n',
      ['2:21 who: a label is missing before &', '3:30 what: a label is missing before )'],
    ],
  ]
  for (const [what, text, expected] of bad)
    test(`tells ${what}`, () => {
      const faults = faultsOf(text)
      assert.equal(faults.length, expected.length, faults.join('\n'))
      for (const [i, fault] of faults.entries()) {
        const wanted = expected[i]
        if (wanted instanceof RegExp) assert.match(fault, wanted)
        else assert.equal(fault, wanted)
      }
    })
  // As a host name is brought to lower case.
  const lower = (name: string) => (name.includes(' ') || name.includes('_') ? undefined : name.toLowerCase())
  for (const [what, text, expected] of [
    [
      'of a rule',
      RULE.replace('group:ops', 'group:Ops & DB.example'),
      ['3:22 who: write DB.example as certificates are read: db.example'],
    ],
    [
      'of a lock',
      'lock: [{who: "Alice@Acme.example", reason: x}]\n',
      ['1:15 who: write Alice@Acme.example as certificates are read: alice@acme.example'],
    ],
    [
      'of a service',
      RULE.replace('service:db', 'https://DB.example'),
      ['4:11 what: write https://DB.example as certificates are read: https://db.example'],
    ],
    [
      'of an expectation',
      `${RULE}expect: [X.example cannot meet service:db]\n`,
      [/^5:10 X\.example: write X\.example as certificates are read: x\.example$/],
    ],
    ['that must be seen', `${RULE}    sees: [db.example, DB2.example]\n`, [/^5:11 sees: write DB2\.example/]],
    [
      'that none can prove',
      RULE.replace('group:ops', 'a_b.example'),
      ['3:10 who: no certificate can prove a_b.example'],
    ],
    ['that is none', RULE, []],
    ['in its normal form', RULE.replace('group:ops', 'db.example | x@acme.example'), []],
  ] as const)
    test(`a name ${what}`, () => {
      const read = readPolicy(text, lower)
      const faults = read.ok ? [] : read.faults.map(({ line, column, text: why }) => `${line}:${column} ${why}`)
      assert.equal(faults.length, expected.length, faults.join('\n'))
      for (const [i, wanted] of expected.entries())
        if (typeof wanted === 'string') assert.equal(faults[i], wanted)
        else assert.match(faults[i] ?? '', wanted)
    })

  test('more than a person can have written', () => {
    assert.deepEqual(faultsOf(' '.repeat(4_194_305)), ['1:1 more than 4194304 characters'])
    assert.equal(faultsOf(RULE.replace('group:ops', Array(65).fill('a').join(' & '))).length, 1)
    const pairs = (n: number) => Array.from({ length: n }, (_, i) => `(a:${i} | b:${i})`).join(' & ')
    assert.deepEqual(faultsOf(RULE.replace('group:ops', pairs(10))), [])
    assert.deepEqual(faultsOf(RULE.replace('group:ops', pairs(11))), ['3:10 who: more than 1024 ways to fulfil it'])
    assert.deepEqual(
      faultsOf(
        RULE.replace('group:ops', `"!(${pairs(11).replaceAll('|', '+').replaceAll('&', '|').replaceAll('+', '&')})"`),
      ),
      ['3:11 who: more than 1024 ways to fulfil it'],
    )
    assert.equal(faultsOf(RULE.replace('group:ops', `${'('.repeat(20)}a${')'.repeat(20)}`)).length, 1)
  })
})
