import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { chosenInstead, proofOf, withoutProof } from '../../src/http/socket-proof.ts'

const SOCKET = 'sec-websocket-protocol'
const JWT = 'e30.e30.c2ln'

suite('the proof of a WebSocket', () => {
  for (const [protocols, proof] of [
    [`countersign, countersign.dpop.${JWT}`, JWT],
    [`chat,superchat,countersign.dpop.${JWT}`, JWT],
    [`countersign.dpop.${JWT}`, JWT],
    // Two are none: no JWT has a comma.
    [`countersign.dpop.${JWT}, countersign.dpop.e30`, `${JWT},e30`],
    ['countersign.dpop.', ''],
    ['chat', undefined],
    ['countersign', undefined],
    [`Countersign.DPoP.${JWT}`, undefined],
    [`x-countersign.dpop.${JWT}`, undefined],
    ['', undefined],
    [undefined, undefined],
  ] as const)
    test(`${protocols} has ${proof}`, () => {
      assert.equal(proofOf({ [SOCKET]: protocols }, true), proof)
    })

  test('is for a WebSocket alone; the field is for whoever can write one', () => {
    const both = { dpop: 'x.y.z', [SOCKET]: `countersign.dpop.${JWT}` }
    assert.equal(proofOf(both, false), 'x.y.z')
    assert.equal(proofOf({ dpop: 'x.y.z' }, true), 'x.y.z')
    // Of two places, neither counts.
    assert.equal(proofOf(both, true), `x.y.z,${JWT}`)
    assert.equal(proofOf({ [SOCKET]: `countersign.dpop.${JWT}` }, false), undefined)
    assert.equal(proofOf({}, true), undefined)
  })

  test('stays here: the application chooses among the others', () => {
    assert.equal(withoutProof(`chat , superchat,countersign.dpop.${JWT}`), 'chat, superchat')
    assert.equal(withoutProof(`countersign, countersign.dpop.${JWT}`), undefined)
    assert.equal(withoutProof('countersign.chat'), 'countersign.chat')
  })

  test('a page that named no protocol of an application is answered by ours, and no other page is', () => {
    assert.equal(chosenInstead(`countersign, countersign.dpop.${JWT}`), 'countersign')
    for (const protocols of [undefined, '', 'chat', `chat, countersign.dpop.${JWT}`, 'Countersign'])
      assert.equal(chosenInstead(protocols), undefined, `${protocols}`)
  })
})
