// What is refused, each by its code; and no code without a case.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { SSH_ERRORS, SshError } from '@countersign/ssh'
import { CERTIFICATE_REFUSALS } from './refusals/certificates.ts'
import { KEY_REFUSALS } from './refusals/keys.ts'
import { LIST_REFUSALS } from './refusals/lists.ts'
import { MESSAGE_REFUSALS } from './refusals/messages.ts'
import { casesOf } from './vectors.ts'

const KINDS = {
  keys: KEY_REFUSALS,
  certificates: CERTIFICATE_REFUSALS,
  lists: LIST_REFUSALS,
  messages: MESSAGE_REFUSALS,
}

for (const [kind, refusals] of Object.entries(KINDS))
  suite(kind, () => {
    for (const [what, attempt, code] of refusals)
      test(`${what} is refused`, () => {
        assert.throws(attempt, (error) => {
          assert.ok(error instanceof SshError, String(error))
          assert.equal(error.code, code)
          return true
        })
      })
  })

test('every code of SSH_ERRORS has a case', () => {
  const ofWire = casesOf<{ readonly code?: string }>('wire.json').flatMap(({ code }) => code ?? [])
  const tried = new Set([
    ...Object.values(KINDS).flatMap((refusals) => refusals.map(([, , code]) => code as string)),
    ...ofWire,
  ])
  assert.deepEqual(
    Object.keys(SSH_ERRORS).filter((code) => !tried.has(code)),
    [],
  )
})
