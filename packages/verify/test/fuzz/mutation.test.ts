// Mutates what a peer, an authority and a responder send: the verifier never throws, and accepts what is signed and nothing else.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { indexCrl, type StatusContext, verifyPath } from '@countersign/verify'
import { DerError, readCertificateList, readOCSPResponse, writeOCSPResponse, X509Error } from '@countersign/x509'
import { anchorOf, contextOf, crl, intermediate, leaf, root } from '../../../../interop/chains/house.ts'
import { answer, digest } from '../../../../interop/chains/responder.ts'
import { ROUNDS, survive } from '../../../../tools/testing/mutations.ts'

const anchor = root()
const issuing = intermediate(anchor)
const party = leaf(issuing)
const chain = [party, issuing].map(({ certificate }) => certificate.der) as [Uint8Array, Uint8Array]
const none = { mode: 'prefer', crls: [] } as const

/** Judges; what stands as it was made is accepted, and everything else refused. */
function judged(peer: readonly Uint8Array[], status: StatusContext, isWhole: boolean): undefined {
  const { ok } = verifyPath(peer, contextOf([anchorOf(anchor)], { status }))
  assert.equal(ok, isWhole, 'a mutation is accepted, or what is none is refused')
}

function same(left: Uint8Array, right: Uint8Array): boolean {
  return left.toHex() === right.toHex()
}

suite('mutations of what is judged', () => {
  const isDeclared = (error: unknown) => error instanceof DerError || error instanceof X509Error
  const never = () => false

  test('the certificate of the peer', () =>
    survive(
      {
        seeds: [chain[0]],
        again: (octets) => judged([octets, chain[1]], none, same(octets, chain[0])),
        isDeclared: never,
      },
      ROUNDS / 4,
    ))
  test('the certificate of its issuer', () =>
    survive(
      {
        seeds: [chain[1]],
        again: (octets) => judged([chain[0], octets], none, same(octets, chain[1])),
        isDeclared: never,
      },
      ROUNDS / 4,
    ))
  test('the list of its issuer', () => {
    const { der } = crl(issuing).crl
    survive(
      {
        seeds: [der],
        again: (octets) => {
          const crls = [crl(anchor), indexCrl(readCertificateList(octets))]
          return judged(chain, { mode: 'require', crls }, same(octets, der))
        },
        isDeclared,
      },
      ROUNDS / 4,
    )
  })
  test('the answer of its responder', () => {
    const { response } = answer(party, issuing)
    assert.ok(response.responseStatus === 'successful')
    const der = writeOCSPResponse(response.basic.tbsDer, response.basic)
    survive(
      {
        seeds: [der],
        again: (octets) => {
          const answers = [{ response: readOCSPResponse(octets) }]
          return judged(chain, { mode: 'require', crls: [crl(anchor)], ocsp: { answers, digest } }, same(octets, der))
        },
        isDeclared,
      },
      ROUNDS / 4,
    )
  })
})
