import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { trustDomainOf } from '../../src/gate/side.ts'
import { allowList } from '../../src/server/allow-list.ts'
import { createTrust } from '../../src/trust/trust.ts'
import { alice, issuing, openDoor, outcomeOf, root, shop, visit } from '../support/door.ts'
import { issueLeaf, NOW, uri } from '../support/pki.ts'

const other = issueLeaf(issuing, 'alice', { names: [uri('spiffe://other.example/alice')], purposes: ['clientAuth'] })
const longer = issueLeaf(issuing, 'alice', {
  names: [uri('spiffe://acme.example.other/alice')],
  purposes: ['clientAuth'],
})

suite('an authority vouches for the parties of its own trust domain alone', () => {
  const judged = async (caller: typeof alice, allow: string) => {
    const trust = createTrust({ anchors: [root.certificate], revocation: 'prefer', asOf: NOW, domain: 'acme.example' })
    await using door = await openDoor({ trust, access: allowList([allow]) })
    await (await visit(door.port, caller)).said
    const meeting = await door.record()
    return [outcomeOf(meeting), meeting.caller.party]
  }
  test('its own', async () => assert.deepEqual(await judged(alice, 'alice'), ['accepted', 'alice']))
  for (const caller of [other, longer])
    test(`not the party of ${caller.certificates[0].subjectAltName?.map((name) => ('value' in name ? String(name.value) : '')).join()}`, async () => {
      assert.deepEqual(await judged(caller, 'alice'), ['ERR_CALLER_NOT_ALLOWED', undefined])
    })
  test('another domain may be named in full', async () => {
    assert.deepEqual(await judged(other, 'spiffe://other.example/alice'), ['accepted', undefined])
  })
  test('the domain of a certificate', () => {
    assert.equal(trustDomainOf(alice.certificates[0]), 'acme.example')
    assert.equal(trustDomainOf(shop.certificates[0]), undefined)
  })
})
