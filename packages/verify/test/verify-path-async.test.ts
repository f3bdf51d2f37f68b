// The same core over WebCrypto: every chain is decided as over synchronous cryptography.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { checkSignatureOver, type PathContext, verifyPath, verifyPathAsync } from '@countersign/verify'
import { type Case, chainOf, contextFor } from '../../../interop/chains/chain.ts'
import { checkSignature as usual } from '../../../interop/chains/check-signature.ts'
import { EVERY_CASE } from '../../../interop/chains/every-case.ts'
import { anchorOf, codesOf, contextOf, hours, intermediate, leaf, root } from '../../../interop/chains/house.ts'
import { answer, type DifferentAnswer, digest } from '../../../interop/chains/responder.ts'

const { subtle } = globalThis.crypto
const checkSignature = checkSignatureOver(subtle)

function overWebCrypto(peer: readonly Uint8Array[], { status, ...context }: PathContext) {
  const { ocsp, ...known } = status
  return verifyPathAsync(peer, {
    ...context,
    checkSignature,
    status: {
      ...known,
      ...(ocsp && {
        ocsp: {
          ...ocsp,
          digest: async (hash, octets) => new Uint8Array(await subtle.digest(hash, new Uint8Array(octets))),
        },
      }),
    },
  })
}

function isUsual(one: Case): boolean {
  return one.ask === undefined && contextFor(one, chainOf(one)).checkSignature === usual
}

suite('over WebCrypto', () => {
  const cases = EVERY_CASE.filter(isUsual)
  test('nearly every chain can be asked so', () => assert.ok(cases.length > 280, `${cases.length} chains`))

  for (const one of cases)
    test(one.what, async () => {
      const chain = chainOf(one)
      const verdict = await overWebCrypto(
        [chain.party.certificate.der, chain.issuing.certificate.der],
        contextFor(one, chain),
      )
      assert.deepEqual(codesOf(verdict), one.codes)
    })

  const anchor = root()
  const issuing = intermediate(anchor)
  const party = leaf(issuing)
  const peer = [party.certificate.der, issuing.certificate.der]
  for (const [what, revoked] of [
    ['an answer that it is good', false],
    ['an answer that it is revoked', true],
  ] as const)
    test(what, async () => {
      const status: DifferentAnswer = revoked ? { status: { kind: 'revoked', revocationTime: hours(-1) } } : {}
      const answers = [answer(issuing, anchor), answer(party, issuing, status)]
      const context = contextOf([anchorOf(anchor)], {
        status: { mode: 'require', crls: [], ocsp: { answers, digest } },
      })
      assert.deepEqual(codesOf(await overWebCrypto(peer, context)), revoked ? ['ERR_VERIFY_REVOKED'] : [])
      assert.deepEqual(await overWebCrypto(peer, context), verifyPath(peer, context))
    })

  test('what the cryptography throws is not swallowed', async () => {
    const context = contextOf([anchorOf(anchor)])
    const broken = () => Promise.reject(new RangeError('out of order'))
    await assert.rejects(
      verifyPathAsync(peer, { ...context, status: { mode: 'prefer', crls: [] }, checkSignature: broken }),
      RangeError,
    )
  })
})
