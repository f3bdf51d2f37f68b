import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { domainToALabels } from '@countersign/x509'

suite('domainToALabels', () => {
  const cases: [string, string | undefined][] = [
    ['a.example', 'a.example'],
    ['A.Example', 'a.example'],
    // RFC 3492 §7.1 (B), (I), (L).
    ['他们为什么不说中文', 'xn--ihqwcrb4cv8a8dqg056pqjye'],
    ['почемужеонинеговорятпорусски', 'xn--b1abfaaepdrnnbgefbadotcwatmq2g4l'],
    ['3年b組金八先生', 'xn--3b-ww4c5e180e575a65lsy2b'],
    ['Bücher.example', 'xn--bcher-kva.example'],
    ['xn--bcher-kva.example', 'xn--bcher-kva.example'],
    // IDNA2008 keeps the sharp s, UTS #46 without transition too.
    ['faß.example', 'xn--fa-hia.example'],
    ['ｅｘａｍｐｌｅ。example', 'example.example'],
    ['*.example', undefined],
    ['', undefined],
    ['.', undefined],
    ['a..example', undefined],
    ['a.example.', undefined],
    ['-a.example', undefined],
    ['a-.example', undefined],
    ['a_b.example', undefined],
    ['a b.example', undefined],
    ['a\tb.example', undefined],
    ['a\0.example', undefined],
    ['a@b.example', undefined],
    ['a:80', undefined],
    ['a/b', undefined],
    ['a%2eb.example', undefined],
    ['a？b.example', undefined],
    ['ａ／b.example', undefined],
    ['192.0.2.1', undefined],
    ['１９２.０.２.１', undefined],
    ['0x7f', undefined],
    ['[::1]', undefined],
    ['xn--', undefined],
    [`${'a'.repeat(64)}.example`, undefined],
    [`${'ä'.repeat(60)}.example`, undefined],
    [`${'a.'.repeat(126)}a`, `${'a.'.repeat(126)}a`],
    [`${'a.'.repeat(126)}aa`, undefined],
  ]
  for (const [domain, expected] of cases)
    test(JSON.stringify(domain), () => assert.equal(domainToALabels(domain), expected))
})
