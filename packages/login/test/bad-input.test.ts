// Every field of every call, oversized, of another type, and wrongly encoded; of the table, so that no call is left out.
import assert from 'node:assert/strict'
import { suite, type TestContext, test } from 'node:test'
import { API, type CallName } from '../src/api.ts'
import { badBodies, goodBodies, MARK } from './support/bad-bodies.ts'
import type { Answered, Browser } from './support/browser.ts'
import { growOld, load, type SignedIn, signedIn } from './support/within.ts'

const NAMES = Object.keys(API) as CallName[]
/** Of any call, whatever is in it. */
const BUDGET_MS = 1_000

/** What may be said to a body of the right form that fits nothing, or that asks for nothing but a challenge. */
const SAID =
  /^(200|400 ERR_PERSON_REQUEST|40[139] ERR_PERSON_(STEP|CREDENTIALS|FRESH|INVITATION|DENIED|DEVICE)|429 .*)$/

function codeOf(answer: Answered): string {
  if (answer.statusCode === 200) return '200'
  assert.equal(answer.headers['content-type'], 'application/problem+json')
  const { code, reference } = answer.json<{ readonly code: string; readonly reference: string }>()
  assert.match(reference, /^M-/)
  return `${answer.statusCode} ${code}`
}

async function timely(browser: Browser, name: CallName, text: string | Buffer): Promise<Answered> {
  const began = performance.now()
  const answer = await browser.send(name, text)
  const milliseconds = performance.now() - began
  assert.ok(milliseconds < BUDGET_MS, `${name}: ${milliseconds} ms for ${text.toString().slice(0, 80)}`)
  return answer
}

/** Nothing of what was sent, and no fault of ours. */
function assertQuiet({ door }: SignedIn): void {
  const logged = JSON.stringify(door.logged) + JSON.stringify(door.records)
  assert.doesNotMatch(logged, new RegExp(MARK))
  for (const { event, fields } of door.logged) assert.notEqual(event, 'login.failed', JSON.stringify(fields))
}

async function within(t: TestContext): Promise<SignedIn> {
  const own = await signedIn(t)
  // Nothing that asks for a fresh proof is done by chance.
  await growOld(own)
  return own
}

suite('a bad body', () => {
  for (const name of NAMES)
    test(`of ${name}: refused by its form, at once, and nothing of it is kept or told`, async (t) => {
      const own = await within(t)
      const { body } = API[name]
      let count = 0
      for (const { what, text } of badBodies(name)) {
        const isOfForm = body.safeParse(parsed(text)).success
        const said = codeOf(await timely(own.browser, name, text))
        if (isOfForm) assert.match(said, SAID, `${name}: ${what}`)
        else assert.equal(said, '400 ERR_PERSON_REQUEST', `${name}: ${what}`)
        count++
      }
      assert.ok(count >= 9)
      assertQuiet(own)
      assert.equal((await load(own.door, own.browser)).kind, 'person', 'the session is there as before')
    })

  for (const name of NAMES)
    test(`of the right form, that fits nothing, to ${name}: refused with a code, or harmless`, async (t) => {
      const own = await within(t)
      for (const body of goodBodies(name)) {
        const said = codeOf(await timely(own.browser, name, JSON.stringify(body)))
        assert.match(said, SAID, `${name}: ${said}`)
      }
      assertQuiet(own)
    })
})

function parsed(text: string | Buffer): unknown {
  try {
    return JSON.parse(typeof text === 'string' ? text : new TextDecoder('utf-8', { fatal: true }).decode(text))
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return undefined
    throw error
  }
}
