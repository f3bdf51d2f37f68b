// The verifier in a browser against what Node decides: every chain of ours, and x509-limbo's where it is present.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { type PathContext, type Verdict, verifyPath } from '@countersign/verify'
import { type LimboCase, questionsOf } from '../tools/limbo/harness.ts'
import { readSignatureSet, SIGNATURE_SETS, type SignatureCase } from '../tools/testing/wycheproof-signatures.ts'
import { type Case, chainOf, contextFor } from './chains/chain.ts'
import { checkSignature as usual } from './chains/check-signature.ts'
import { EVERY_CASE } from './chains/every-case.ts'
import { anchorOf, contextOf, intermediate, leaf, root } from './chains/house.ts'
import { answer, digest } from './chains/responder.ts'
import { openVerifierPage, questionOf, type VerifierPage } from './chromium/verifier-page.ts'
import { needs, needsVectors } from './peer.ts'

/** Of each platform, see the W3C drafts on secure curves and modern algorithms. */
const MAY_BE_ABSENT = /^(?:ed448|mldsa)/
const CORE = 'limbo/core.json'

suite('the verifier in Chromium', needs('chromium', 'chromium'), () => {
  let page: VerifierPage
  before(async () => {
    page = await openVerifierPage()
  })
  after(() => page?.close())

  const codesInPage = async (peer: readonly Uint8Array[], context: PathContext) =>
    (await page.ask(questionOf(peer, context))).map((finding) => finding.split(' ')[0]).toSorted()

  test('every chain is decided as in Node', async () => {
    const cases = EVERY_CASE.filter(isUsual)
    assert.ok(cases.length > 250, `${cases.length} chains`)
    const others: unknown[] = []
    for (const one of cases) {
      const chain = chainOf(one)
      const peer = [chain.party.certificate.der, chain.issuing.certificate.der]
      const codes = await codesInPage(peer, contextFor(one, chain))
      if (JSON.stringify(codes) !== JSON.stringify(one.codes)) others.push([one.what, codes, one.codes])
    }
    assert.deepEqual(others, [])
    assert.deepEqual(page.complaints, [])
  })

  for (const [what, kind, codes] of [
    ['an answer of a responder that it is good', 'good', []],
    ['an answer of a responder that it does not know', 'unknown', ['ERR_VERIFY_STATUS_UNKNOWN']],
  ] as const)
    test(what, async () => {
      const anchor = root()
      const issuing = intermediate(anchor)
      const party = leaf(issuing)
      const answers = [answer(issuing, anchor), answer(party, issuing, { status: { kind } })]
      const context = contextOf([anchorOf(anchor)], {
        status: { mode: 'require', crls: [], ocsp: { answers, digest } },
      })
      assert.deepEqual(await codesInPage([party.certificate.der, issuing.certificate.der], context), codes)
    })

  test('every core case of x509-limbo is decided as in Node, with the same words', needsVectors(CORE), async () => {
    const folder = process.env['COUNTERSIGN_VECTORS'] ?? ''
    const cases: readonly LimboCase[] = JSON.parse(readFileSync(join(folder, CORE), 'utf8')).testcases
    const now = Temporal.Now.instant()
    const others: unknown[] = []
    let asked = 0
    for (const one of cases) {
      const questions = questionsOf(one, now)
      if ('unreadable' in questions) continue
      for (const { peer, context } of questions) {
        const [here, suffixes] = decideHere(peer, context)
        const there = await page.ask(questionOf(peer, context, suffixes))
        asked++
        if (JSON.stringify(there) !== JSON.stringify(wordsOf(here))) others.push([one.id, there, wordsOf(here)])
      }
    }
    assert.deepEqual(others, [])
    assert.deepEqual(page.complaints, [])
    assert.ok(asked >= 200, `${asked} questions`)
  })

  for (const set of SIGNATURE_SETS)
    test(`signatures of ${set[0]}`, needsVectors(`wycheproof/${set[0]}`), async (t) => {
      const cases = readSignatureSet(set)
      const answers = await page.page.evaluate(checkInPage, cases.map(signatureQuestionOf))
      // An algorithm that the browser has not is known to it in no case, and verifies nothing.
      const absent = MAY_BE_ABSENT.test(set[0]) && answers.every((each) => each === 'unknown')
      if (absent) return t.diagnostic('this browser does not have it')
      assert.deepEqual(
        answers.map((each) => each === true),
        cases.map(({ valid }) => valid),
      )
    })
})

function signatureQuestionOf({ algorithm: { algorithm, parameters }, spki, signed, signature }: SignatureCase) {
  const hex = {
    parameters: parameters?.toHex(),
    spki: spki.toHex(),
    signed: signed.toHex(),
    signature: signature.toHex(),
  }
  return { algorithm, ...hex }
}

/** Runs in the page. */
async function checkInPage(
  questions: readonly ReturnType<typeof signatureQuestionOf>[],
): Promise<readonly (boolean | 'unknown')[]> {
  const { checkSignatureOver } = await import('@countersign/verify')
  const { readSubjectPublicKeyInfo } = await import('@countersign/x509')
  const octets = (hex: string) => Uint8Array.fromHex(hex)
  const check = checkSignatureOver(globalThis.crypto.subtle)
  const answers: (boolean | 'unknown')[] = []
  for (const { algorithm, parameters, spki, signed, signature } of questions) {
    const identifier = { algorithm, ...(parameters !== undefined && { parameters: octets(parameters) }) }
    const answer = await check(identifier, readSubjectPublicKeyInfo(octets(spki)), octets(signed), octets(signature))
    answers.push(answer ?? 'unknown')
  }
  return answers
}

/** Decides in Node; with what the list of public suffixes said, as a page has no list. */
function decideHere(
  peer: readonly Uint8Array[],
  context: PathContext,
): readonly [Verdict, Readonly<Record<string, boolean>>] {
  const suffixes: Record<string, boolean> = {}
  const list = context.profile?.isPublicSuffix
  if (context.profile === undefined || list === undefined) return [verifyPath(peer, context), suffixes]
  const isPublicSuffix = (domain: string) => {
    const is = list(domain)
    suffixes[domain] = is
    return is
  }
  return [verifyPath(peer, { ...context, profile: { ...context.profile, isPublicSuffix } }), suffixes]
}

function wordsOf(verdict: Verdict): readonly string[] {
  return verdict.ok ? [] : verdict.findings.map(({ code, depth, detail }) => `${code} ${depth ?? '-'} ${detail}`)
}

/** What a page can be asked. */
function isUsual(one: Case): boolean {
  if (one.ask !== undefined) return false
  const { checkSignature, status, profile } = contextFor(one, chainOf(one))
  return checkSignature === usual && status.announced === undefined && profile?.isPublicSuffix === undefined
}
