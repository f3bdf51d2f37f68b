import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { readPolicy } from '@countersign/policy'

const PAGE = new URL('../../docs/policy.md', import.meta.url)

test('the example in docs/policy.md is a policy, with every key', async () => {
  const [, example = ''] = /```yaml\n(.*?)```/s.exec(await readFile(PAGE, 'utf8')) ?? []
  const read = readPolicy(example)
  assert.ok(read.ok, read.ok ? '' : JSON.stringify(read.faults))
  assert.deepEqual([read.rules.meet.length, read.rules.lock.length, read.rules.expect.length], [3, 1, 2])
  for (const key of ['rule', 'who', 'what', 'proof', 'sees', 'while', 'reason', 'until'])
    assert.match(example, new RegExp(`^ +(?:- )?${key}: `, 'm'))
})
