import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { suite, test } from 'node:test'
import { steadyAccess } from '../../src/gate/access.ts'
import type { Credential } from '../../src/model.ts'
import { meetingOf } from '../../src/server/meeting-of.ts'
import {
  alice,
  type DoorSetting,
  issuing,
  onlySession,
  openDoor,
  outcomeOf,
  root,
  shop,
  stepsOf,
  visit,
} from '../support/door.ts'
import {
  announcement,
  createIntermediate,
  createRoot,
  issueCrl,
  issueLeaf,
  NOW,
  spkiSha256,
  uri,
} from '../support/pki.ts'

const foreign = createRoot('Foreign Root')
const ALICE = { names: [uri('spiffe://acme.example/alice')], purposes: ['clientAuth'] } as const

const aloneOf = ({ certificates: [leaf], ...rest }: Credential): Credential => ({ ...rest, certificates: [leaf] })

suite('accepted', () => {
  test('both sides know who the other is, and the reference', async () => {
    await using door = await openDoor({ alpn: ['http/1.1'] })
    const { said, reference, socket } = await visit(door.port, alice, { ALPNProtocols: ['http/1.1'] })
    assert.equal(await said, 'welcome')
    const meeting = await door.record()
    assert.equal(outcomeOf(meeting), 'accepted')
    assert.equal(meeting.reference, reference)
    assert.equal(meeting.seenBy, 'callee')
    assert.equal(meeting.door, 'test')
    assert.equal(meeting.resumed, false)
    assert.equal(meeting.caller.party, 'alice')
    assert.equal(meeting.callee.name, 'shop.acme.example')
    assert.match(meeting.address ?? '', /^127\.0\.0\.1:\d+$/)
    assert.equal(socket.alpnProtocol, 'http/1.1')
    assert.equal(door.records.length, 1)
  })

  test('with its leaf alone, where its issuer is ours too', async () => {
    await using door = await openDoor()
    const [leaf] = alice.certificates
    const { said } = await visit(door.port, { ...alice, certificates: [leaf] })
    assert.equal(await said, 'welcome')
    assert.equal((await door.record()).caller.party, 'alice')
  })

  test('each of the six steps has its evidence', async () => {
    await using door = await openDoor({
      trusting: { crls: [issueCrl(root), issueCrl(issuing, [], { number: 12n })], revocation: 'require' },
    })
    const { socket, said } = await visit(door.port, alice)
    const exporter = socket.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0)).toString('hex')
    await said
    const meeting = await door.record()
    assert.equal(stepsOf(meeting), 'pppppp')
    const [asked, presented, verified, identified, judged, channel] = meeting.steps.map(({ evidence }) => evidence)
    assert.ok(asked?.kind === 'clientHello' && asked.serverName === 'shop.acme.example')
    assert.ok(presented?.kind === 'certificate')
    assert.equal(presented.certificate.spkiSha256, spkiSha256(shop.certificates[0]))
    assert.deepEqual(verified, { kind: 'finished' })
    assert.ok(identified?.kind === 'certificate')
    assert.equal(identified.certificate.spkiSha256, spkiSha256(alice.certificates[0]))
    assert.ok(judged?.kind === 'verdict')
    assert.equal(judged.anchorSpkiSha256, spkiSha256(root.certificate))
    assert.match(judged.status, /^not revoked, by CRL 12 of CN=Acme Issuing 1/)
    assert.ok(channel?.kind === 'channel' && channel.protocol === 'TLSv1.3')
    assert.equal(channel.exporterSha256, hash('sha256', Buffer.from(exporter, 'hex'), 'hex'))
  })

  test('the session is in the index under every key while it is open, and gone after', async () => {
    await using door = await openDoor({ onAccepted: (socket) => socket.write('welcome') })
    const { socket, said } = await visit(door.port, alice)
    await door.record()
    const session = onlySession(door.sessions)
    const [leaf] = alice.certificates
    assert.deepEqual(
      new Set(session.keys),
      new Set([
        `certificate:${spkiSha256(issuing.certificate)}:${leaf.serialNumber.toString(16)}`,
        `certificate:${spkiSha256(root.certificate)}:${issuing.certificate.serialNumber.toString(16)}`,
        `key:${spkiSha256(leaf)}`,
        `key:${spkiSha256(issuing.certificate)}`,
        `key:${spkiSha256(root.certificate)}`,
        'party:alice',
        'identity:uniformResourceIdentifier:spiffe://acme.example/alice',
        'rule:everyone',
      ]),
    )
    for (const key of session.keys) assert.deepEqual(door.sessions.find(key), [session])
    assert.deepEqual(
      session.certificates.map(({ der }) => der),
      alice.certificates.map(({ der }) => der),
    )
    socket.end()
    await said
    while (door.sessions.size > 0) await new Promise((resolve) => setTimeout(resolve, 5))
    for (const key of session.keys) assert.deepEqual(door.sessions.find(key), [])
  })

  test('as nobody, where the door admits that and its policy does too', async () => {
    const asked: string[] = []
    await using door = await openDoor({
      callersOf: () => 'ask',
      access: steadyAccess(({ caller: { name, certificate }, proofs }) => {
        asked.push(`${name.replace(/\d+$/, 'port')} ${certificate === undefined} ${proofs.length}`)
        return { ok: true, rule: 'newcomers' }
      }),
    })
    const { said } = await visit(door.port)
    assert.equal(await said, 'welcome')
    const meeting = await door.record()
    assert.deepEqual(asked, ['127.0.0.1:port true 0'])
    // It proved nothing, and nothing is claimed for it.
    assert.equal(stepsOf(meeting), 'ppp--p')
    assert.deepEqual(meeting.caller.identities, [])
  })

  test('only an accepted socket has a meeting', async () => {
    const found: unknown[] = []
    await using door = await openDoor({
      access: steadyAccess(({ caller: { party } }) =>
        party === 'alice' ? { ok: true, rule: 'alice' } : { ok: false, code: 'ERR_CALLER_NOT_ALLOWED', missing: [] },
      ),
      onAccepted: (socket) => {
        found.push(meetingOf(socket)?.peer.name, meetingOf(socket)?.self.name)
        socket.end()
      },
      onRefused: (socket) => {
        found.push(meetingOf(socket))
        socket.end()
      },
    })
    await (await visit(door.port, alice)).said
    await (await visit(door.port, issueLeaf(issuing, 'bob', { names: [uri('spiffe://acme.example/bob')] }))).said
    assert.deepEqual(found, ['alice', 'shop.acme.example', undefined])
  })
})

suite('refused after the handshake: the caller is told, and both sides have the reference', () => {
  const past = { notBefore: NOW.subtract({ hours: 48 }), notAfter: NOW.subtract({ hours: 24 }) }
  const future = { notBefore: NOW.add({ hours: 24 }), notAfter: NOW.add({ hours: 48 }) }
  const alicesCrl = [issueCrl(root), issueCrl(issuing, [alice.certificates[0]])]
  const oldCrl = [issueCrl(root), issueCrl(issuing, [], { nextUpdate: NOW.subtract({ hours: 1 }) })]
  const deny = steadyAccess(() => ({ ok: false, code: 'ERR_CALLER_NOT_ALLOWED', missing: [] }))
  const cases: readonly (readonly [string, Parameters<typeof visit>[1], DoorSetting, string, string])[] = [
    ['no certificate', undefined, {}, 'ERR_CALLER_NO_CERTIFICATE', 'pppr--'],
    ['another authority', issueLeaf(foreign, 'alice', ALICE), {}, 'ERR_CALLER_UNKNOWN_ISSUER', 'ppppr-'],
    [
      'its leaf alone, of an issuer that nobody here knows',
      aloneOf(issueLeaf(createIntermediate(root, 'Acme Issuing 2'), 'alice', ALICE)),
      {},
      'ERR_CALLER_UNKNOWN_ISSUER',
      'ppppr-',
    ],
    [
      'signed by another key than it names',
      issueLeaf({ ...issuing, privateKey: foreign.privateKey }, 'alice', ALICE),
      {},
      'ERR_CALLER_BAD_SIGNATURE',
      'ppppr-',
    ],
    ['expired', issueLeaf(issuing, 'alice', { ...ALICE, ...past }), {}, 'ERR_CALLER_EXPIRED', 'ppppr-'],
    ['not yet valid', issueLeaf(issuing, 'alice', { ...ALICE, ...future }), {}, 'ERR_CALLER_NOT_YET_VALID', 'ppppr-'],
    ['a server certificate', shop, {}, 'ERR_CALLER_WRONG_PURPOSE', 'ppppr-'],
    ['revoked by a CRL', alice, { trusting: { crls: alicesCrl } }, 'ERR_CALLER_REVOKED', 'ppppr-'],
    [
      'no CRL, where status is required',
      alice,
      { trusting: { revocation: 'require' } },
      'ERR_CALLER_STATUS_UNKNOWN',
      'ppppr-',
    ],
    [
      'an expired CRL, where status is required',
      alice,
      { trusting: { revocation: 'require', crls: oldCrl } },
      'ERR_CALLER_STATUS_UNKNOWN',
      'ppppr-',
    ],
    ['not on the list', alice, { access: deny }, 'ERR_CALLER_NOT_ALLOWED', 'ppppr-'],
    [
      'nobody, where the policy says no',
      undefined,
      { callersOf: () => 'ask', access: deny },
      'ERR_CALLER_NO_CERTIFICATE',
      'pppr--',
    ],
  ]
  for (const [title, credential, setting, code, steps] of cases)
    test(title, async () => {
      await using door = await openDoor({ onAccepted: () => assert.fail('it was let in'), ...setting })
      const { said, reference } = await visit(door.port, credential)
      assert.equal(await said, code)
      const meeting = await door.record()
      assert.equal(outcomeOf(meeting), code)
      assert.equal(stepsOf(meeting), steps)
      assert.equal(meeting.reference, reference)
      assert.equal(door.sessions.size, 0)
      assert.equal(door.records.length, 1)
    })

  test('an expired CRL where status is only preferred is no refusal', async () => {
    await using door = await openDoor({ trusting: { crls: oldCrl } })
    assert.equal(await (await visit(door.port, alice)).said, 'welcome')
  })

  test('announced: accepted before, refused after', async () => {
    await using door = await openDoor()
    assert.equal(await (await visit(door.port, alice)).said, 'welcome')
    door.trust.announce([announcement(issuing, alice.certificates[0])], NOW)
    assert.equal(await (await visit(door.port, alice)).said, 'ERR_CALLER_REVOKED')
  })

  test('what it sent with its handshake is still unread when it is refused', async () => {
    let early = -1
    await using door = await openDoor({
      onRefused: (socket) => {
        early = socket.readableLength
        assert.equal(socket.readableFlowing, null)
        socket.once('data', (chunk: Buffer) => socket.end(`read ${chunk}`))
      },
    })
    const { socket, said } = await visit(door.port)
    socket.write('GET')
    assert.equal(await said, 'read GET')
    assert.equal(early, 0)
  })
})
