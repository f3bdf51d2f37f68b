import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { isParty } from '@countersign/protocol'

suite('parties', () => {
  for (const party of ['alice', 'ops/db-1', 'A.b_c-9', 'a'.repeat(64)]) {
    test(`${party.slice(0, 20)} can be a party`, () => assert.equal(isParty(party), true))
  }
  for (const party of [
    '',
    '/',
    'a/',
    '/a',
    'a//b',
    '.',
    'a/..',
    'a/./b',
    'a b',
    'älice',
    'a\n',
    'a%41',
    'a'.repeat(65),
  ])
    test(`${JSON.stringify(party.slice(0, 20))} cannot be a party`, () => assert.equal(isParty(party), false))
})
