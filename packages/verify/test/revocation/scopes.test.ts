// CRLs of a part: by distribution point, by kind of certificate, by reason. RFC 5280 §6.3.3 (b), (d) and (e).
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type CrlIndex, DEFAULT_BUDGET, verifyPath } from '@countersign/verify'
import { anchorOf, codesOf, contextOf, crl, type Holder } from '../../../../interop/chains/house.ts'
import { anchor, anchorCrl, B, idp, issuing, list, pointing, UNKNOWN } from '../../../../interop/chains/lists.ts'
import { REST, SCOPE_CASES, SOME } from '../../../../interop/chains/scope-cases.ts'
import { lists, madeOf, randomScopes, statusByText } from '../../../../interop/differ/list-scopes.ts'
import { randomFrom } from '../../../../interop/differ/random.ts'
import { ask, judged } from './asked.ts'

suite('the scope of a crl', () => {
  for (const one of SCOPE_CASES) test(one.what, () => assert.deepEqual(codesOf(judged(one)), one.codes))

  test('of authorities, for an authority', () => {
    const mine = crl(anchor, { extensions: idp({ onlyContainsCACerts: true }) })
    const theirs = crl(anchor, { extensions: idp({ onlyContainsUserCerts: true }) })
    const asked = (above: CrlIndex) => codesOf(ask({ crls: [above, list()] }))
    assert.deepEqual(asked(mine), [])
    assert.deepEqual(asked(theirs), UNKNOWN)
  })

  test('thousands of names in points are over the budget, hundreds are not', () => {
    const many = (count: number) =>
      pointing({
        distributionPoint: {
          kind: 'fullName',
          value: Array.from(
            { length: count },
            (_, i) => ({ kind: 'uniformResourceIdentifier', value: `a:${i}` }) as const,
          ),
        },
      })
    const asked = (holder: Holder, crls: readonly CrlIndex[]) => {
      const chain = [holder, issuing].map(({ certificate }) => certificate.der)
      const budget = { ...DEFAULT_BUDGET, maxOctets: 1_048_576 }
      return codesOf(verifyPath(chain, contextOf([anchorOf(anchor)], { budget, status: { mode: 'prefer', crls } })))
    }
    const crls = [anchorCrl, list({ extensions: idp({ distributionPoint: B }) })]
    assert.deepEqual(asked(many(900), crls), [])
    assert.deepEqual(asked(many(5000), crls), ['ERR_VERIFY_BUDGET'])
    assert.deepEqual(asked(many(5000), []), [])
  })

  test('both lists are evidence where it takes two', () => {
    const verdict = judged({
      what: '',
      codes: [],
      crls: [
        list({ extensions: idp({ onlySomeReasons: SOME }) }),
        list({ number: 2n, extensions: idp({ onlySomeReasons: REST }) }),
      ],
    })
    assert.deepEqual(verdict.ok && verdict.evidence.map((each) => [each.depth, each.kind === 'crl' && each.number]), [
      [1, 1n],
      [0, 2n],
      [0, 1n],
    ])
  })

  test('1,000 random points and scopes, decided as the text of §6.3.3 does step by step', () => {
    const counts = { good: 0, revoked: 0, undetermined: 0 }
    for (let seed = 1; seed <= 1000; seed++) {
      const world = randomScopes(randomFrom(seed))
      const { holder, crls } = madeOf(world)
      const codes = codesOf(ask({ crls: [anchorCrl, ...crls] }, [holder, issuing, lists]))
      const unknown = codes.includes('ERR_VERIFY_STATUS_UNKNOWN') ? 'undetermined' : 'good'
      const status = codes.includes('ERR_VERIFY_REVOKED') ? 'revoked' : unknown
      assert.equal(status, statusByText(world), `${seed}: ${codes}; ${JSON.stringify(world)}`)
      counts[status]++
    }
    for (const count of Object.values(counts)) assert.ok(count > 100, JSON.stringify(counts))
  })
})
