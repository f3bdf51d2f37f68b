// Names as people write them, brought to the form in which certificates are read.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { readName, referenceOf } from '@countersign/verify'

suite('readName', () => {
  for (const [word, kind, value] of [
    ['db.acme.example', 'dNSName', 'db.acme.example'],
    ['DB.Acme.example.', 'dNSName', 'db.acme.example'],
    ['alice', 'dNSName', 'alice'],
    ['b\u00fccher.example', 'dNSName', 'xn--bcher-kva.example'],
    ['Alice@Acme.example', 'rfc822Name', 'Alice@acme.example'],
    ['carol@\u5927\u5b66.example', 'rfc822Name', 'carol@xn--pss25c.example'],
    ['SPIFFE://Acme.example/Alice', 'uniformResourceIdentifier', 'spiffe://acme.example/Alice'],
    ['https://alice@Acme.example/', 'uniformResourceIdentifier', 'https://alice@acme.example/'],
    ['192.0.2.7', 'iPAddress', '192.0.2.7'],
    // RFC 5952 §4.
    ['2001:DB8:0:0:1:0:0:1', 'iPAddress', '2001:db8::1:0:0:1'],
  ] as const)
    test(word, () => assert.deepEqual(readName(word), { kind, value }))

  for (const [word, kind] of [
    ['', 'dNSName'],
    ['a_b.example', 'dNSName'],
    ['*.acme.example', 'dNSName'],
    ['192.0.2.256', 'dNSName'],
    ['192.0.2.07', 'dNSName'],
    ['group:ops', 'dNSName'],
    ['urn:uuid:1', 'dNSName'],
    ['@acme.example', 'rfc822Name'],
    ['alice@', 'rfc822Name'],
    ['alice@192.0.2.7', 'rfc822Name'],
    ['a b@acme.example', 'rfc822Name'],
    ['spiffe://acme.example/a b', 'uniformResourceIdentifier'],
    ['://acme.example', 'uniformResourceIdentifier'],
  ] as const)
    test(`${JSON.stringify(word)} can be proved by nobody`, () => {
      assert.equal(readName(word), undefined)
      assert.deepEqual(referenceOf(word), { kind, value: word })
    })
})
