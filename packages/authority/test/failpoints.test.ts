import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { OPERATIONS } from '../src/api/operations.ts'
import { FAILPOINTS, type FailpointName } from '../src/failpoints.ts'

/** By whom each answer to a change is sent. A meeting that is told is kept in batches, and may be lost. */
const REPLIES: Readonly<Record<string, FailpointName | undefined>> = {
  'POST /enroll': 'enroll.before-reply',
  'POST /renew': 'renew.before-reply',
  'POST /v1/ssh/certificates': 'ssh-enroll.before-reply',
  'POST /v1/timestamps': 'timestamp.before-reply',
  'POST /v1/own/meetings': undefined,
  // Kept by a program of the house, whose commits have moments of their own: `part`. The same key again is answered the same.
  'POST /v1/mail/keys': undefined,
  'POST /v1/openpgp/authorities': undefined,
  'POST /v1/openpgp/authorities/:fingerprint/revocation': undefined,
  // What it leaves here has moments of its own: `publish`.
  'POST /v1/reload': undefined,
  'POST /v1/invitations': 'invite.before-reply',
  'POST /v1/certificates': 'certify.before-reply',
  'POST /v1/backups': 'backup.before-reply',
  'POST /v1/revocations': 'revoke.before-reply',
  'POST /v1/issuers': 'issuer.before-reply',
  'POST /v1/issuers/import': 'issuer.before-reply',
  'POST /v1/issuers/:issuer/request': 'issuer.before-reply',
  'POST /v1/issuers/:issuer/crosses': 'issuer.before-reply',
  'POST /v1/issuers/:issuer/state': 'issuer.before-reply',
  'POST /v1/accounts/invitations': 'account.before-reply',
  'DELETE /v1/accounts/:door/:account/devices/:device': 'account.before-reply',
  'PATCH /v1/parties/:party': 'party.before-reply',
  'POST /v1/parties/:party/lock': 'lock.before-reply',
  'POST /v1/parties/:party/unlock': 'lock.before-reply',
}

/** Commits and signatures of others, which these places hand on. */
const HANDS_ON = [
  'store.commit(work)',
  'holder.sign(tbs)',
  'fresh.sign(tbs)',
  'token.sign(request.octets)',
  'fit.sign(now, issuer)',
]

suite('failpoints', () => {
  const root = fileURLToPath(new URL('../src', import.meta.url))
  const files = globSync('**/*.ts', { cwd: root }).map((name) => ({
    name,
    text: readFileSync(`${root}/${name}`, 'utf8'),
  }))
  const sites = files.flatMap(({ text }) => [...text.matchAll(/failpoint\??\.?\('([^']+)'\)/g)].map(([, name]) => name))

  test('every name has exactly one call site, and every call site a name', () => {
    assert.deepEqual(sites.sort(), [...FAILPOINTS].sort())
  })

  test('each moment has a before and an after', () => {
    for (const name of FAILPOINTS) {
      const other = name.includes('.before-')
        ? name.replace('.before-', '.after-')
        : name.replace('.after-', '.before-')
      assert.ok(
        FAILPOINTS.some((candidate) => candidate === other),
        other,
      )
    }
  })

  test('every commit has one within it, before its end, and one after it', () => {
    const found: string[] = []
    for (const { name, text } of files)
      for (const { index } of text.matchAll(/\bstore\.commit\(/g)) {
        const call = callAt(text, index)
        if (HANDS_ON.includes(call)) continue
        const [, operation] = /failpoint\('([^']+)\.before-commit'\)/.exec(call) ?? []
        assert.ok(operation, `${name}: a commit without a name: ${call}`)
        const rest = text.slice(index + call.length, index + call.length + 200)
        assert.ok(rest.includes(`failpoint('${operation}.after-commit')`), `${name}: ${operation}: ${rest}`)
        found.push(operation)
      }
    const named = FAILPOINTS.filter((name) => name.endsWith('.before-commit')).map((name) => name.split('.')[0])
    // The schema's is in both databases' own code.
    assert.deepEqual([...found, 'schema'].sort(), named.sort())
  })

  test('every signature stands between its two', () => {
    const found: string[] = []
    for (const { name, text } of files)
      for (const { index } of text.matchAll(/\b(?:\w+\.)?(?<!function )sign\(/g)) {
        const lines = text.split('\n')
        const line = text.slice(0, index).split('\n').length - 1
        const call = callAt(text, index)
        if (HANDS_ON.includes(call) || !/await [^;]*sign\(/.test(lines[line] ?? '')) continue
        const [, before] = /failpoint\('([^']+)\.before-(sign[^']*)'\)/.exec(lines[line - 1] ?? '') ?? []
        assert.ok(before, `${name}: a signature without a name: ${lines[line]}`)
        assert.match(lines[line + 1] ?? '', new RegExp(`failpoint\\('${before}\\.after-sign`), name)
        found.push(before)
      }
    const named = FAILPOINTS.filter((name) => name.includes('.before-sign')).map((name) => name.split('.')[0])
    assert.deepEqual(found.sort(), named.sort())
  })

  test('every answer to a change has one before it', () => {
    const changes = Object.keys(OPERATIONS).filter((operation) => !operation.startsWith('GET '))
    assert.deepEqual(Object.keys(REPLIES).sort(), changes.sort())
    const named = FAILPOINTS.filter((name) => name.endsWith('.before-reply'))
    assert.deepEqual([...new Set(Object.values(REPLIES).filter((name) => name !== undefined))].sort(), named.sort())
  })
})

/** The text of a call from `index` to the bracket that ends it. */
function callAt(text: string, index: number): string {
  let depth = 0
  for (let at = text.indexOf('(', index); ; at++) {
    if (text[at] === '(') depth++
    if (text[at] === ')' && --depth === 0) return text.slice(index, at + 1)
    assert.ok(at < text.length, 'a call without an end')
  }
}
