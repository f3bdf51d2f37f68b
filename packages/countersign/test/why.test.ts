// Each refusal that there is, recorded by a real authority and explained by its reference.
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import type { Authority } from '@countersign/authority'
import {
  type Meeting,
  REFUSALS,
  type Reference,
  type Refusal,
  type RefusalCode,
  referenceOf,
  type Step,
  type Steps,
} from '@countersign/protocol'
import { main } from '../src/main.ts'
import { fakeAround } from './support/around.ts'
import { authorityIn } from './support/authority.ts'

const now = Temporal.Now.instant()
const codes = Object.keys(REFUSALS) as RefusalCode[]
/** Who is named beside each role: the parties of the meeting, or whose door it is. */
const FAULTS = {
  caller: /^ {2}fault +the caller, alice$/m,
  callee: /^ {2}fault +the callee, hello\.localhost$/m,
  authority: /^ {2}fault +the authority that issued the certificate$/m,
  operator: /^ {2}fault +the operator of hello$/m,
  us: /^ {2}fault +Countersign: a bug of ours$/m,
} as const

suite('countersign why REFERENCE', () => {
  let directory: string
  let authority: Authority
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'countersign-why-'))
    authority = await authorityIn(join(directory, 'countersign-data'), () => now)
  })
  after(async () => {
    await authority?.close()
    await rm(directory, { recursive: true, force: true })
  })

  let count = 0
  /** Records a meeting that was refused so; answers what is said of it. */
  async function explained(refusal: Refusal): Promise<{ readonly text: string; readonly reference: Reference }> {
    const meeting = refused(refusal, referenceOf(new Uint8Array([7, 0, 0, 0, count++])))
    authority.record(meeting)
    const around = fakeAround({ cwd: directory, clock: () => now })
    assert.equal(await main(['why', meeting.reference], around), 0, around.stderr.join('\n'))
    return { text: around.stdout.join('\n'), reference: meeting.reference }
  }
  const line = (label: string, text: string) => new RegExp(`^ {2}${label} +${RegExp.escape(text)}$`, 'm')

  for (const code of codes)
    test(`${code}: cause, clause, party at fault and next step`, async () => {
      const { clause, fault, cause, next, step } = REFUSALS[code]
      const { text, reference } = await explained({ code })
      const named = cause.replaceAll('{name}', fault === 'callee' ? 'hello.localhost' : 'alice')
      assert.match(text, line('cause', named))
      assert.match(text, line('code', code))
      assert.match(text, line('clause', clause))
      assert.match(text, FAULTS[fault])
      assert.match(text, line('next', next))
      assert.match(text, new RegExp(`^ {2}${step} \\w+ +✘ refused: ${RegExp.escape(named)}$`, 'm'))
      assert.match(text, new RegExp(`^ {2}reference ${reference} `, 'm'))
      assert.match(text, /^ {2}at hello, just now \(.*Z\), as the callee saw it$/m)
    })

  test('what is known of the very case is told in its place', async () => {
    const at = now.subtract({ minutes: 3 })
    const detail = { code: 'ERR_VERIFY_REVOKED', clause: 'RFC 5280 §6.3.3', detail: 'serial 4f', depth: 0 } as const
    const { text } = await explained({
      code: 'ERR_CALLER_REVOKED',
      detail: { ...detail, revocation: { at, reason: 'keyCompromise' } },
      note: 'also ERR_VERIFY_EXPIRED',
    })
    assert.match(text, line('cause', 'alice was revoked 3 minutes ago (key compromise)'))
    assert.match(text, line('detail', 'serial 4f'))
    assert.match(text, line('note', 'also ERR_VERIFY_EXPIRED'))
  })

  test('a decision tells its lock, and each thing that is missing; nothing of it moves the cursor', async () => {
    const code = 'ERR_CALLER_NOT_ALLOWED'
    const { text } = await explained({
      code,
      detail: { ok: false, code, missing: ['group:ops', 'a passkey \u001b[2J'], lock: 'lost on the train' },
    })
    assert.match(text, line('lock', 'lost on the train'))
    assert.match(text, line('missing', 'group:ops'))
    assert.match(text, line('missing', 'a passkey \\u{1b}[2J'))
  })

  for (const [word, exit, told] of [
    ['nonsense', 2, /nonsense is not a reference/],
    ['M-ZZZZ-ZZZZ', 1, /ERR_ADMIN_NO_MEETING/],
  ] as const)
    test(`${word}: exit ${exit}`, async () => {
      const around = fakeAround({ cwd: directory, clock: () => now })
      assert.equal(await main(['why', word], around), exit)
      assert.match(around.stderr.join('\n'), told)
    })
})

/** A meeting of alice with the door hello, refused at the step of its code. */
function refused(refusal: Refusal, reference: Reference): Meeting {
  const { step: refusedAt } = REFUSALS[refusal.code]
  const by = ['caller', 'callee', 'caller', 'caller', 'callee', 'both'] as const
  const step = (number: 1 | 2 | 3 | 4 | 5 | 6): Step => {
    const outcome = number < refusedAt ? 'proved' : number === refusedAt ? 'refused' : 'not reached'
    return { by: by[number - 1] ?? 'both', outcome }
  }
  const steps: Steps = [step(1), step(2), step(3), step(4), step(5), step(6)]
  return {
    ...{ reference, door: 'hello', seenBy: 'callee', at: now, resumed: false, steps },
    caller: { name: 'alice', identities: [] },
    callee: { name: 'hello.localhost', identities: [] },
    outcome: { ok: false, refusal },
  }
}
