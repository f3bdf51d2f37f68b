// Authorities that an authority tells: believed as far as they may vouch, all of them or none, and lists only rise.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { KnownAuthority } from '@countersign/protocol'
import { allowList } from '../../src/server/allow-list.ts'
import { doorTrust } from '../../src/trust/door-trust.ts'
import { createToldAuthorities } from '../../src/trust/other-authorities.ts'
import { createTrust } from '../../src/trust/trust.ts'
import { openDoor, outcomeOf, root, visit } from '../support/door.ts'
import { createIntermediate, createRoot, dns, type Issuer, issueCrl, issueLeaf, NOW, uri } from '../support/pki.ts'

const partner = createRoot('Partner Root')
const below = createIntermediate(partner, 'Partner Issuing')
const supplier = createRoot('Supplier Root')
const theirs = issueLeaf(partner, 'somebody', {
  names: [uri('spiffe://partner.example/alice')],
  purposes: ['clientAuth'],
})

const told = (issuer: Issuer, more: Partial<KnownAuthority> = {}): KnownAuthority => ({
  name: 'partner',
  certificates: [issuer.certificate.der],
  crls: [issueCrl(issuer).der],
  vouches: ['spiffe://partner.example'],
  ...more,
})

/** A door that believes what is told. */
function door() {
  const others = createToldAuthorities()
  const house = createTrust({ anchors: [root.certificate], crls: [], revocation: 'prefer', asOf: NOW })
  return { others, trust: doorTrust(house, { revocation: 'prefer', others }) }
}

async function outcome(trust: ReturnType<typeof door>['trust']) {
  await using opened = await openDoor({ trust, access: allowList(['spiffe://partner.example/alice']) })
  const { said } = await visit(opened.port, theirs)
  await said
  return outcomeOf(await opened.record())
}

suite('authorities that are told', () => {
  test('count from the moment they are told to the moment they are not, and tickets and verdicts with them', async () => {
    const { others, trust } = door()
    const seen = [await outcome(trust)]
    const before = [trust.anchorsSha256, trust.version]
    assert.equal(others.take([told(partner)]), undefined)
    seen.push(await outcome(trust))
    assert.notEqual(trust.anchorsSha256, before[0])
    assert.notEqual(trust.version, before[1])
    others.take([])
    seen.push(await outcome(trust))
    assert.deepEqual(seen, ['ERR_CALLER_UNKNOWN_ISSUER', 'accepted', 'ERR_CALLER_UNKNOWN_ISSUER'])
    assert.equal(trust.anchorsSha256, before[0])
  })

  test('count as far as they may vouch', async () => {
    const { others, trust } = door()
    others.take([told(partner, { vouches: ['spiffe://supplier.example'] })])
    assert.equal(await outcome(trust), 'ERR_CALLER_INVALID_PATH')
  })

  test('who is open is judged anew when they change', () => {
    const { others, trust } = door()
    const changes: string[] = []
    trust.onChange(({ kind }) => changes.push(kind))
    others.take([told(partner)])
    assert.deepEqual(changes, ['status'])
  })

  test('a list says who is revoked; an older one that is told after it changes nothing', async () => {
    const { others, trust } = door()
    const newer = issueCrl(partner, [theirs.certificates[0]], { number: 7n }).der
    others.take([told(partner, { crls: [newer] })])
    assert.equal(await outcome(trust), 'ERR_CALLER_REVOKED')
    others.take([told(partner, { crls: [issueCrl(partner, [], { number: 6n }).der] })])
    assert.equal(await outcome(trust), 'ERR_CALLER_REVOKED')
    others.take([told(partner, { crls: [issueCrl(partner, [], { number: 8n }).der] })])
    assert.equal(await outcome(trust), 'accepted')
  })

  test('a list of before counts no more where its signer is believed no more', () => {
    const { others, trust } = door()
    const again = createRoot('Partner Root')
    others.take([told(partner, { crls: [issueCrl(partner, [], { number: 9n }).der] })])
    others.take([told(again, { crls: [issueCrl(again, [], { number: 2n }).der] })])
    assert.deepEqual(
      trust.crls.map(({ crl }) => crl.cRLNumber),
      [2n],
    )
  })

  test('what another of its certificates has signed is no anchor', () => {
    const { others } = door()
    others.take([told(partner, { certificates: [below.certificate.der, partner.certificate.der] })])
    const [one] = others.current
    assert.deepEqual(
      one?.anchors.map(({ certificate }) => certificate?.serialNumber),
      [partner.certificate.serialNumber],
    )
    assert.deepEqual(
      one?.issuers.map(({ serialNumber }) => serialNumber),
      [below.certificate.serialNumber],
    )
  })

  const server = issueLeaf(partner, 'server', { names: [dns('partner.example')], purposes: ['serverAuth'] })
  const bad: readonly (readonly [string, Partial<KnownAuthority>, RegExp])[] = [
    ['no certificate', { certificates: [], crls: [] }, /no certificate to believe/],
    ['a certificate that is none', { certificates: [Uint8Array.of(0x30, 0)] }, /supplier: /],
    [
      'the certificate of a server',
      { certificates: [server.certificates[0].der] },
      /not the certificate of an authority/,
    ],
    ['a list that is none', { crls: [Uint8Array.of(0x30, 0)] }, /supplier: /],
    ['a list of somebody else', { crls: [issueCrl(partner).der] }, /its issuer, .*Partner Root.*, is not in/],
    [
      'a list under a forged key',
      { crls: [issueCrl({ ...createRoot('Elsewhere'), certificate: supplier.certificate }).der] },
      /signed by another key/,
    ],
    ['a word that is no name', { vouches: ['everybody!'] }, /supplier: /],
    ['no word', { vouches: [] }, /supplier: /],
    ['the name of another', { name: 'partner' }, /two authorities have one name/],
  ]
  for (const [what, change, why] of bad)
    test(`with ${what} are refused, all of them: those before stay`, () => {
      const { others, trust } = door()
      others.take([told(partner)])
      const { version, anchorsSha256 } = trust
      const supply = { name: 'supplier', vouches: ['spiffe://supplier.example'], ...change }
      const refused = others.take([told(partner, { crls: [] }), told(supplier, supply)])
      assert.match(String(refused?.refused), why)
      assert.deepEqual([trust.version, trust.anchorsSha256, trust.crls.length], [version, anchorsSha256, 1])
    })
})
