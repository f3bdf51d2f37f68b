import assert from 'node:assert/strict'
import { rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import type { GeneralName } from '@countersign/x509'
import { allowList } from '../../src/server/allow-list.ts'
import { doorTrust } from '../../src/trust/door-trust.ts'
import { steadyAuthorities } from '../../src/trust/other-authorities.ts'
import { openOtherAuthority } from '../../src/trust/other-authority.ts'
import { createTrust } from '../../src/trust/trust.ts'
import { TrustFileError } from '../../src/trust/trust-files.ts'
import { vouchingFor } from '../../src/trust/vouching.ts'
import { temporaryDirectory } from '../support/directory.ts'
import { alice, openDoor, outcomeOf, root, visit } from '../support/door.ts'
import { createIntermediate, createRoot, dns, issueCrl, issueLeaf, NOW, pemOf, uri } from '../support/pki.ts'

const partner = createRoot('Partner Root')
const mail = (value: string): GeneralName => ({ kind: 'rfc822Name', value })
const address = (...octets: number[]): GeneralName => ({ kind: 'iPAddress', octets: Uint8Array.from(octets) })
const leaf = (...names: GeneralName[]) => issueLeaf(partner, 'somebody', { names, purposes: ['clientAuth'] })
const theirs = leaf(uri('spiffe://partner.example/alice'))

/** A partner's authority in files, and a door at which it may vouch for `vouches`. */
async function partnerHouse(vouches: readonly string[]) {
  const directory = await temporaryDirectory()
  const file = join(directory.path, 'partner.pem')
  const crl = join(directory.path, 'partner.crl')
  await writeFile(file, pemOf([partner.certificate]))
  await writeFile(crl, issueCrl(partner).der)
  const alarms: string[] = []
  const other = await openOtherAuthority({ name: 'partner', file, crl: [crl], vouches }, (event) => alarms.push(event))
  const house = createTrust({ anchors: [root.certificate], crls: [], revocation: 'prefer', asOf: NOW })
  const trust = doorTrust(house, { revocation: 'prefer', others: steadyAuthorities([other]) })
  return {
    file,
    crl,
    other,
    trust,
    alarms,
    async [Symbol.asyncDispose]() {
      other.close()
      await directory[Symbol.asyncDispose]()
    },
  }
}

/** Puts `octets` in place of a file, whole. */
async function put(file: string, octets: Uint8Array | string) {
  await writeFile(`${file}.new`, octets)
  await rename(`${file}.new`, file)
}

async function judged(vouches: readonly string[], caller: typeof theirs, allow = ['spiffe://partner.example/alice']) {
  await using house = await partnerHouse(vouches)
  await using door = await openDoor({ trust: house.trust, access: allowList(allow) })
  const { said } = await visit(door.port, caller)
  await said
  const meeting = await door.record()
  return { outcome: outcomeOf(meeting), caller: meeting.caller }
}

suite('another authority', () => {
  test('vouches for whom its words name, who is no party of ours', async () => {
    const { outcome, caller } = await judged(['spiffe://partner.example'], theirs)
    assert.equal(outcome, 'accepted')
    assert.equal(caller.party, undefined)
    assert.equal(caller.authority, 'partner')
    assert.equal(caller.name, 'spiffe://partner.example/alice')
  })

  test('leaves our own parties as they are', async () => {
    const { outcome, caller } = await judged(['spiffe://partner.example'], alice, ['alice'])
    assert.equal(outcome, 'accepted')
    assert.equal(caller.party, 'alice')
    assert.equal(caller.authority, undefined)
  })

  for (const allow of ['*', 'alice'])
    test(`its alice is not ours: allow ${allow}`, async () => {
      assert.equal((await judged(['spiffe://partner.example'], theirs, [allow])).outcome, 'ERR_CALLER_NOT_ALLOWED')
    })

  const words: readonly (readonly [string, GeneralName, GeneralName])[] = [
    ['spiffe://partner.example', uri('spiffe://partner.example/x'), uri('spiffe://acme.example/alice')],
    ['spiffe://partner.example', uri('spiffe://partner.example/x'), uri('spiffe://sub.partner.example/x')],
    ['partner.example', dns('db.partner.example'), dns('db.acme.example')],
    ['@partner.example', mail('carol@partner.example'), mail('carol@acme.example')],
    ['10.1.2.3/8', address(10, 9, 9, 9), address(11, 1, 2, 3)],
    [
      '2001:db8::/33',
      address(0x20, 1, 0xd, 0xb8, 0x7f, ...Array(11).fill(1)),
      address(0x20, 1, 0xd, 0xb8, 0x80, ...Array(11).fill(1)),
    ],
    // RFC 5280 §4.2.1.10 leaves a kind free that no subtree speaks of; an authority that may vouch for hosts may not name people.
    ['partner.example', dns('partner.example'), mail('alice@partner.example')],
    ['partner.example', dns('partner.example'), uri('spiffe://partner.example/alice')],
    ['partner.example', dns('partner.example'), address(127, 0, 0, 1)],
    ['@partner.example', mail('x@partner.example'), dns('partner.example')],
    ['10.0.0.0/8', address(10, 0, 0, 1), address(0x20, 1, ...Array(14).fill(0))],
  ]
  for (const [word, good, bad] of words)
    test(`${word} lets it name ${JSON.stringify(good)}, and not ${JSON.stringify(bad)}`, async () => {
      const everyone = [good, bad].map((name) => ('value' in name ? String(name.value) : '')).filter(Boolean)
      const of = async (...names: GeneralName[]) => (await judged([word], leaf(...names), [...everyone, 'x'])).outcome
      assert.notEqual(await of(good), 'ERR_CALLER_INVALID_PATH')
      assert.equal(await of(bad), 'ERR_CALLER_INVALID_PATH')
      assert.equal(await of(good, bad), 'ERR_CALLER_INVALID_PATH')
    })

  test('a list that comes later counts, and one that cannot be read leaves the one before', async () => {
    await using house = await partnerHouse(['spiffe://partner.example'])
    await using door = await openDoor({ trust: house.trust, access: allowList(['spiffe://partner.example/alice']) })
    const changed = async (octets: Uint8Array | string) => {
      const told = new Promise<void>((resolve) => {
        const stop = house.trust.onChange(() => {
          stop()
          resolve()
        })
      })
      await writeFile(`${house.crl}.new`, octets)
      await rename(`${house.crl}.new`, house.crl)
      await told
    }
    await changed(issueCrl(partner, [theirs.certificates[0]], { number: 2n }).der)
    await (await visit(door.port, theirs)).said
    assert.equal(outcomeOf(await door.record()), 'ERR_CALLER_REVOKED')

    await writeFile(house.crl, 'no list')
    while (house.alarms.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    assert.deepEqual(house.alarms, ['trust.reload-failed'])
    await (await visit(door.port, theirs)).said
    assert.equal(outcomeOf(await door.record(1)), 'ERR_CALLER_REVOKED')
  })

  test('an older list, or one of another key, changes nothing and raises an alarm', async () => {
    await using house = await partnerHouse(['spiffe://partner.example'])
    await using door = await openDoor({ trust: house.trust, access: allowList(['spiffe://partner.example/alice']) })
    const newest = issueCrl(partner, [theirs.certificates[0]], { number: 3n }).der
    const told = new Promise<void>((resolve) => house.trust.onChange(() => resolve()))
    await writeFile(house.crl, newest)
    await told
    const stranger = { ...createRoot('Elsewhere'), certificate: partner.certificate }
    for (const [i, list] of [
      issueCrl(partner, [], { number: 2n }).der,
      issueCrl(stranger, [], { number: 4n }).der,
    ].entries()) {
      await writeFile(house.crl, list)
      while (house.alarms.length <= i) await new Promise((resolve) => setTimeout(resolve, 5))
      await (await visit(door.port, theirs)).said
      assert.equal(outcomeOf(await door.record(i)), 'ERR_CALLER_REVOKED')
    }
    assert.deepEqual(house.alarms, ['trust.reload-failed', 'trust.reload-failed'])
  })

  test('a list of an authority below is believed by its signature, and of one that is not named not at all', async () => {
    await using directory = await temporaryDirectory()
    const below = createIntermediate(partner, 'Partner Issuing')
    const carol = issueLeaf(below, 'carol', {
      names: [uri('spiffe://partner.example/carol')],
      purposes: ['clientAuth'],
    })
    const at = (name: string) => join(directory.path, name)
    const [file, ofRoot, ofBelow] = [at('partner.pem'), at('root.crl'), at('below.crl')]
    await writeFile(file, pemOf([partner.certificate]))
    await writeFile(ofRoot, issueCrl(partner).der)
    await writeFile(ofBelow, issueCrl(below, [carol.certificates[0]], { number: 3n }).der)
    const alarms: string[] = []
    const open = () =>
      openOtherAuthority(
        { name: 'p', file, crl: [ofRoot, ofBelow], vouches: ['spiffe://partner.example'] },
        (event, detail) => alarms.push(`${event} ${detail?.['file']}`),
      )
    await assert.rejects(open(), /its issuer, CN=Partner Issuing, is not in .*partner\.pem: add that certificate there/)
    await writeFile(file, pemOf([below.certificate, partner.certificate]))
    const other = await open()
    using opened = new DisposableStack()
    opened.defer(() => other.close())
    // It is no anchor: the root could still revoke it.
    assert.deepEqual(
      other.anchors.map(({ certificate }) => certificate?.serialNumber),
      [partner.certificate.serialNumber],
    )
    const trust = doorTrust(createTrust({ anchors: [root.certificate], revocation: 'prefer', asOf: NOW }), {
      revocation: 'prefer',
      others: steadyAuthorities([other]),
    })
    await using door = await openDoor({ trust, access: allowList(['spiffe://partner.example/carol']) })
    const forged = { ...createRoot('Elsewhere'), certificate: below.certificate }
    await put(ofBelow, issueCrl(forged, [], { number: 4n }).der)
    while (alarms.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    assert.deepEqual(alarms, [`trust.reload-failed ${ofBelow}`])
    // What is wrong with one file holds back no other.
    await put(ofRoot, issueCrl(partner, [below.certificate], { number: 2n }).der)
    while (!trust.crls.some(({ crl }) => crl.cRLNumber === 2n)) await new Promise((resolve) => setTimeout(resolve, 5))
    await (await visit(door.port, carol)).said
    assert.equal(outcomeOf(await door.record()), 'ERR_CALLER_REVOKED')
    assert.deepEqual(trust.crls.map(({ crl }) => crl.cRLNumber).toSorted(), [2n, 3n])
  })

  test('certificates that are others, or cannot be read, change nothing and are told', async () => {
    await using house = await partnerHouse(['spiffe://partner.example'])
    const told = async (count: number) => {
      while (house.alarms.length < count) await new Promise((resolve) => setTimeout(resolve, 5))
      return house.alarms[count - 1]
    }
    await writeFile(house.file, pemOf([createRoot('Elsewhere').certificate]))
    assert.equal(await told(1), 'trust.changed')
    await rm(house.file)
    assert.equal(await told(2), 'trust.reload-failed')
    await using door = await openDoor({ trust: house.trust, access: allowList(['spiffe://partner.example/alice']) })
    await (await visit(door.port, theirs)).said
    assert.equal(outcomeOf(await door.record()), 'accepted')
  })

  test('files that are missing or malformed stop it, with their names', async () => {
    await using house = await partnerHouse(['partner.example'])
    const open = () =>
      openOtherAuthority({ name: 'p', file: house.file, crl: [house.crl], vouches: ['p.example'] }, () => undefined)
    await writeFile(house.crl, '')
    await assert.rejects(open(), (error) => error instanceof TrustFileError && error.code === 'ERR_TRUST_FILE_EMPTY')
    await writeFile(house.crl, issueCrl({ ...createRoot('Elsewhere'), certificate: partner.certificate }).der)
    await assert.rejects(open(), /it is signed by another key than its authority has/)
    await rm(house.crl)
    await assert.rejects(open(), (error) => error instanceof TrustFileError && error.file === house.crl)
    await writeFile(house.file, pemOf([theirs.certificates[0]]))
    await assert.rejects(open(), (error) => error instanceof TrustFileError && error.file === house.file)
  })

  for (const word of [
    '',
    '*',
    '@',
    'spiffe://',
    'https://a.example/path',
    '10.0.0.0/33',
    '10.0.0.1',
    '300.0.0.0/8',
    'a..b',
    '.example',
  ])
    test(`vouching for ${JSON.stringify(word)} has no meaning`, () => {
      assert.throws(() => vouchingFor([word]), RangeError)
    })
  test('nor for nothing', () => assert.throws(() => vouchingFor([]), RangeError))
})
