// Where a client goes, and which name it then asks to be proved.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { referenceIdentityOf, serverNameOf, targetOf } from '../../src/client/target.ts'

for (const [host, kind, value] of [
  ['hello.example', 'dNSName', 'hello.example'],
  ['hello.example.', 'dNSName', 'hello.example'],
  ['[2001:db8::1]', 'iPAddress', '2001:db8::1'],
  ['192.0.2.7', 'iPAddress', '192.0.2.7'],
  // RFC 9525 §6.3 and RFC 5280 §7.2: compared as A-labels, whatever was typed.
  ['b\u00fccher.example', 'dNSName', 'xn--bcher-kva.example'],
  ['\u5927\u5b66.example.', 'dNSName', 'xn--pss25c.example'],
  // No domain name: it stays what it is, and nothing proves it.
  ['b\u00fccher_.example', 'dNSName', 'b\u00fccher_.example'],
] as const)
  test(`${host} must prove ${value}`, () => {
    const target = targetOf(host, 443)
    const name = referenceIdentityOf(target)
    assert.deepEqual(name, { kind, value })
    assert.equal(serverNameOf(target, name), kind === 'dNSName' ? value : undefined)
  })
