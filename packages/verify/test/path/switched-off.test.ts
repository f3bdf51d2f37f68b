// Each rule is switched off by itself, and a chain that it alone refused is accepted: no rule is idle, and none hides behind another.
import assert from 'node:assert/strict'
import { registerHooks } from 'node:module'
import { suite, test } from 'node:test'
import { OID } from '@countersign/x509'
// A type alone: what runs is loaded below, when it can be changed.
import type { Case } from '../../../../interop/chains/chain.ts'

/** A place in the sources that notes a finding. */
interface Site {
  readonly where: string
  readonly code: string
}

const sites: Site[] = []
const off: { site: number | undefined } = { site: undefined }
Object.assign(globalThis, { isRuleOff: (site: number) => site === off.site })

/** `fault('ERR_…', …)` as a statement, and `return ['ERR_…', …]`: each asks first whether it is switched off. */
const NOTED = /(?<![\w.])fault\(\s*'(ERR_VERIFY_\w+)'|return \['(ERR_VERIFY_\w+)'/g
const SOURCES = new URL('../../src/', import.meta.url).href

// The sources as they stand are changed on their way in, so that the product needs no switch.
registerHooks({
  load(url, context, next) {
    const loaded = next(url, context)
    if (!url.startsWith(SOURCES) || loaded.source === null || loaded.source === undefined) return loaded
    const file = url.slice(SOURCES.length)
    const text = typeof loaded.source === 'string' ? loaded.source : new TextDecoder().decode(loaded.source)
    const source = text.replaceAll(NOTED, (match, statement: string | undefined, returned: string, at: number) => {
      const site = sites.push({
        where: `${file}:${text.slice(0, at).split('\n').length}`,
        code: statement ?? returned,
      })
      return statement === undefined
        ? match.replace('return ', `return isRuleOff(${site - 1}) ? undefined : `)
        : `isRuleOff(${site - 1}) || ${match}`
    })
    return { ...loaded, source }
  },
})

const { run } = await import('../../../../interop/chains/chain.ts')
const { EVERY_CASE } = await import('../../../../interop/chains/every-case.ts')
const { answer, digest } = await import('../../../../interop/chains/responder.ts')
const { hours, purposes } = await import('../../../../interop/chains/house.ts')

/** What no list says, and of a purpose for which OpenSSL's command has a program of its own. */
const TOLD: readonly Case[] = [
  {
    what: 'a time-stamping authority whose purpose is not critical',
    codes: ['ERR_VERIFY_EXTENDED_KEY_USAGE'],
    party: { extensions: { extendedKeyUsage: purposes(OID.timeStamping) } },
    context: { purpose: 'timeStamping' },
  },
  {
    what: 'a revocation that was announced',
    codes: ['ERR_VERIFY_REVOKED'],
    context: ({ party }) => ({
      status: {
        mode: 'prefer',
        crls: [],
        announced: (_, serialNumber) =>
          serialNumber === party.certificate.serialNumber ? { at: hours(-1) } : undefined,
      },
    }),
  },
  {
    what: 'a revocation by an answer of a responder',
    codes: ['ERR_VERIFY_REVOKED'],
    context: ({ party, issuing }) => {
      const status = { kind: 'revoked', revocationTime: hours(-3) } as const
      return { status: { mode: 'prefer', crls: [], ocsp: { answers: [answer(party, issuing, { status })], digest } } }
    },
  },
]

/** Findings that only tell: switched off, nothing more is accepted, since something else refuses, too. A line that is no longer true fails. */
const ONLY_TELL: Readonly<Record<string, string>> = {
  'ERR_VERIFY_BAD_SIGNATURE of path/judge.ts': 'the path is not signed, whatever is said of it',
  'ERR_VERIFY_ALGORITHM of path/judge.ts': 'as above',
  'ERR_VERIFY_ALGORITHM of path/every-certificate.ts': 'as above',
  'ERR_VERIFY_ALGORITHM_MISMATCH of path/every-certificate.ts': 'as above',
  'ERR_VERIFY_WEAK_KEY of path/judge.ts': 'as above: no signature is asked for under a weak key',
  'ERR_VERIFY_PATH_LENGTH of path/issuer.ts': 'the search gives up a path that is too long (path/hopes.ts)',
  'ERR_VERIFY_KEY_USAGE of path/alone.ts': 'the search looks for issuers of lists only among those with cRLSign',
}

suite('a rule that is switched off', () => {
  const wrong = [...EVERY_CASE, ...TOLD].filter(({ codes }) => codes.length > 0)
  const refused = wrong.filter((one) => !run(one).ok)
  test('the sources were changed, and nothing is switched off', () => {
    assert.ok(sites.length > 50, `${sites.length} sites`)
    assert.equal(refused.length, wrong.length)
  })

  for (const [index, { where, code }] of sites.entries())
    test(`${code} of ${where}`, () => {
      off.site = index
      const accepted = refused.filter((one) => one.codes.includes(code as never) && run(one).ok)
      off.site = undefined
      const tells = `${code} of ${where.replace(/:.*/, '')}`
      if (tells in ONLY_TELL) assert.deepEqual(accepted, [], 'it does more than to tell')
      else assert.notEqual(accepted.length, 0, 'no chain is refused by this alone')
      // With the rule back, each is refused again.
      for (const one of accepted) assert.equal(run(one).ok, false, one.what)
    })

  test('every exception is about a rule', () => {
    const rules = new Set(sites.map(({ where, code }) => `${code} of ${where.replace(/:.*/, '')}`))
    assert.deepEqual(
      Object.keys(ONLY_TELL).filter((each) => !rules.has(each)),
      [],
    )
  })
})
