import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { REFUSALS, type RefusalCode } from '@countersign/protocol'
import { adviceAfter } from '../../src/http/choose-again.ts'

/** What no other certificate mends: a clock, a list of ours, a budget; and what is said by programs alone. */
const NOTHING_TO_CHOOSE: readonly string[] = [
  'ERR_CALLER_NOT_YET_VALID',
  'ERR_CALLER_STATUS_UNKNOWN',
  'ERR_CALLER_BUDGET',
  'ERR_CALLER_REFUSED',
  'ERR_POLICY_PROOF',
  'ERR_POLICY_HOURS',
  'ERR_POLICY_CALLEE',
]
const codes = Object.keys(REFUSALS) as RefusalCode[]

suite('how to choose again', () => {
  for (const code of codes.filter((each) => /^ERR_(?:CALLER|POLICY)_/.test(each)))
    test(`${code}: ${NOTHING_TO_CHOOSE.includes(code) ? 'nothing to choose' : 'steps for every browser'}`, () => {
      const advice = adviceAfter(code, undefined)
      if (NOTHING_TO_CHOOSE.includes(code)) return assert.equal(advice, undefined)
      assert.equal(advice?.browsers.length, 4)
      for (const steps of advice.browsers)
        for (const text of Object.values(steps)) assert.ok(text.length > 3 && text.length < 300, text)
    })

  for (const code of codes.filter((each) => /^ERR_(?:GATE|CALLEE|ADMIN|ENROLL|AUTHORITY)_/.test(each)))
    test(`${code} is not about what a browser chose`, () => assert.equal(adviceAfter(code, undefined), undefined))

  // As MDN, "Browser detection using the user agent", has them.
  for (const [userAgent, first] of [
    [
      'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36',
      /^Chrome/,
    ],
    [
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36 Edg/156.0.0.0',
      /^Edge$/,
    ],
    ['Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0', /^Firefox$/],
    [
      'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15',
      /^Safari$/,
    ],
    [
      'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/156.0 Mobile/15E148 Safari/604.1',
      /^Chrome/,
    ],
    ['<script>alert(1)</script>', /^Chrome/],
    ['', /^Chrome/],
  ] as const)
    test(`${userAgent.slice(-40)} comes first`, () => {
      const { browsers } = adviceAfter('ERR_CALLER_NO_CERTIFICATE', userAgent) ?? assert.fail('no advice')
      assert.match(browsers[0]?.name ?? '', first)
      assert.equal(new Set(browsers).size, 4)
    })
})
