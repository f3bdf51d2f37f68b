import assert from 'node:assert/strict'
import { test } from 'node:test'
import { subjectOf } from '../src/kind/subject.ts'

const dns = { kind: 'dNSName', value: 'alice' } as const
const cases = [
  ['a party of ours', { name: 'alice', party: 'alice', identities: [dns] }, 'alice'],
  // What another authority names must not read as a party of ours.
  ['a host of another authority', { name: 'alice', authority: 'partner', identities: [dns] }, 'dNSName:alice'],
  ['nobody', { name: '192.0.2.1:5', identities: [] }, '192.0.2.1:5'],
] as const
for (const [who, side, expected] of cases) test(`one word for ${who}`, () => assert.equal(subjectOf(side), expected))
