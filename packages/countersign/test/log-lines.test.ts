// What of the log a person at the terminal sees: every event that the sources have is either a line or named as quiet.
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { logLine } from '../src/house/events.ts'
import { LOG_LINES, QUIET_EVENTS } from '../src/house/log-lines.ts'
import { styleOf } from '../src/output/style.ts'

const PACKAGES = fileURLToPath(new URL('../..', import.meta.url))
const style = styleOf(false)

/** How the sources write an event: as the argument of a log, chosen by a condition, or in a table of duties. */
const WRITTEN = [
  /\blog\??\.?\(\s*(?:\w+ \? )?'(\w[\w-]*\.[\w-]+)'(?: : '(\w[\w-]*\.[\w-]+)')?/g,
  /\btell\(\s*'(\w[\w-]*\.[\w-]+)'()/g,
  /\b(?:done|failed): '(\w[\w-]*\.[\w-]+)'()/g,
]

function eventsOfSources(): ReadonlyMap<string, string> {
  const events = new Map<string, string>()
  for (const file of globSync('*/src/**/*.ts', { cwd: PACKAGES })) {
    const text = readFileSync(join(PACKAGES, file), 'utf8')
    for (const pattern of WRITTEN)
      for (const [, ...names] of text.matchAll(pattern)) for (const name of names) if (name) events.set(name, file)
  }
  return events
}

suite('the log of a house, for people', () => {
  const events = eventsOfSources()
  test('the sources are read', () => {
    for (const event of ['upstream.up', 'feed.away', 'request.broken', 'identity.status-failed', 'gate.fault'])
      assert.ok(events.has(event), event)
  })

  for (const [event, file] of events)
    test(`${event} is a line, or named as quiet`, () => {
      assert.notEqual(Object.hasOwn(LOG_LINES, event), QUIET_EVENTS.has(event), `${event} of ${file}`)
    })

  for (const [event, fields, text] of [
    [
      'upstream.failed',
      { door: 'db', cause: 'ECONNREFUSED', reference: 'M-1' },
      '! the service behind db failed: ECONNREFUSED  M-1',
    ],
    ['request.refused', { door: 'db', code: 'ERR_GATE_NOT_TLS' }, '– a request was refused at db: ERR_GATE_NOT_TLS'],
    ['identity.expiring', { directory: 'a', notAfter: 't', next: 'renew' }, '! the certificate in a ends at t: renew'],
    ['feed.away', { cause: 'gone', statusHoldsUntil: null }, '! the authority is away: gone'],
    [
      'gate.fault',
      { door: 'db', error: new TypeError('no\u001b[2J') },
      '! a fault of ours at db, which refused or ended one connection: TypeError: no\\u{1b}[2J',
    ],
    [
      'issue.lint',
      { party: 'bob', findings: [{ code: 'X' }] },
      '! a certificate for bob was not signed, as it breaks a rule: [{"code":"X"}]',
    ],
  ] as const)
    test(`${event} as it is read`, () => {
      assert.equal(logLine(event, fields, style)?.text, text)
    })

  for (const event of ['request.done', 'no.such'])
    test(`${event} is no line`, () => {
      assert.equal(logLine(event, {}, style), undefined)
    })
})
