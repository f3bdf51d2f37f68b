import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { checkExpectations, compilePolicy, createDirectory, decide, PROOF_KINDS, readPolicy } from '@countersign/policy'
import { readConfig } from 'countersign'

const page = await readFile(new URL('../../docs/policy.md', import.meta.url), 'utf8')
const [rules = '', house = ''] = [...page.matchAll(/```yaml\n(.*?)```/gs)].map(([, text]) => text)

test('the example in docs/policy.md is a policy, with every key', () => {
  const read = readPolicy(rules)
  assert.ok(read.ok, read.ok ? '' : JSON.stringify(read.faults))
  const { meet, must, lock, expect } = read.rules
  assert.deepEqual([meet.length, must.length, lock.length, expect.length], [3, 2, 1, 3])
  for (const key of ['rule', 'who', 'what', 'proof', 'sees', 'while', 'reason', 'until'])
    assert.match(rules, new RegExp(`^ +(?:- )?${key}: `, 'm'))
})

test('the examples in docs/policy.md do together what they say', () => {
  const file = `authority: {listen: "127.0.0.1:0"}\n${house}`
  const { parties } = readConfig(new TextEncoder().encode(file), 'countersign.yaml')
  const directory = createDirectory(parties, 'acme.example')
  const read = readPolicy(rules)
  assert.ok(read.ok)
  const policy = compilePolicy(read.rules, [
    { id: 'service:db', labels: [] },
    { id: 'service:web', labels: [] },
  ])
  const noon = Temporal.Instant.from('2026-11-26T11:00:00Z')
  assert.deepEqual(checkExpectations(directory, policy, noon), [])

  interface Case {
    readonly party?: string
    readonly uri?: string
    readonly seen?: readonly string[]
    readonly now?: string
    readonly expected: string
  }
  const cases: readonly Case[] = [
    { party: 'alice', expected: 'ops reach the database' },
    { party: 'newcomer', expected: 'ERR_POLICY_NOT_ALLOWED' },
    { uri: 'spiffe://partner.example/dora', expected: 'ERR_POLICY_NOT_ALLOWED' },
    { party: 'mallory', expected: 'ERR_POLICY_LOCKED' },
    { party: 'mallory', now: '2027-01-01T00:00:00Z', expected: 'ERR_POLICY_NOT_ALLOWED' },
    { party: 'shop', expected: 'ERR_POLICY_CALLEE' },
    { party: 'shop', seen: ['spiffe://acme.example/db'], expected: 'the shop talks to the real database alone' },
  ]
  for (const { party, uri, seen = [], now, expected } of cases) {
    const at = now === undefined ? noon : Temporal.Instant.from(now)
    const identities = uri === undefined ? [] : [{ kind: 'uniformResourceIdentifier', value: uri }]
    const who = directory.callerOf({
      name: party ?? 'x',
      identities,
      ...(party === undefined ? { authority: 'partner' } : { party }),
    })
    const decision = decide({ who, what: 'service:db', proofs: [{ kind: 'certificate', at }], seen, now: at }, policy)
    assert.equal(decision.ok ? decision.rule : decision.code, expected, JSON.stringify({ party, uri, now }))
  }
})

test('docs/policy.md names each proof that can be asked for', () => {
  for (const kind of PROOF_KINDS) assert.match(page, new RegExp(`\`${kind}\``))
})
