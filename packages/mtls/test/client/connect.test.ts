import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { once } from 'node:events'
import { suite, test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { referenceOf } from '@countersign/protocol'
import { connect } from '../../src/client/connect.ts'
import { refusalOfError } from '../../src/client/refused.ts'
import { channelBinding } from '../../src/gate/exporter.ts'
import { SessionCutError } from '../../src/sessions/session.ts'
import { startCallee } from '../support/callee.ts'
import { issueCrl } from '../support/crls.ts'
import { createRoot, dns, issueLeaf, NOW, pemOf, spkiSha256 } from '../support/pki.ts'
import { alice, door, identity, issuing, optionsFor, refusedBy, revocationOf, root, trustOf } from '../support/world.ts'

const sha256 = (octets: Uint8Array) => hash('sha256', octets, 'hex')
const outcomes = (meeting: { steps: readonly { outcome: string }[] }) => meeting.steps.map(({ outcome }) => outcome)

suite('connect as whom TLS does not take', () => {
  test('rejects, and ends nothing else', async () => {
    await using callee = await startCallee(door)
    const other = issueLeaf(issuing, 'alice', { purposes: ['clientAuth'] })
    // Its key is another one's.
    const broken = { current: () => ({ ...alice, privateKey: other.privateKey }), onChange: () => () => undefined }
    await assert.rejects(connect({ ...optionsFor(callee.port), identity: broken }), /key values mismatch/)
    assert.deepEqual(callee.seen, [])
  })
})

suite('connect accepts', () => {
  test('a callee that proves its name, and records both sides and the channel as the callee saw them', async () => {
    await using callee = await startCallee(door)
    const { socket, meeting } = await connect({ ...optionsFor(callee.port), alpn: ['http/1.1'], door: 'the door' })
    socket.resume().end('hello')
    await once(socket, 'close')

    const [random = ''] = callee.randoms
    const [met] = callee.met
    assert.ok(met)
    assert.equal(callee.randoms.length, 1)
    assert.equal(meeting.reference, referenceOf(hash('sha256', Uint8Array.fromHex(random), 'buffer')))
    assert.deepEqual(callee.seen, [alice.certificates[0].der])
    assert.deepEqual(
      [meeting.door, meeting.seenBy, meeting.resumed, meeting.address],
      ['the door', 'caller', false, `127.0.0.1:${callee.port}`],
    )
    assert.equal(meeting.caller.name, 'alice')
    assert.equal(meeting.caller.certificate?.sha256, sha256(alice.certificates[0].der))
    assert.equal(meeting.callee.name, 'door.localhost')
    assert.equal(meeting.callee.certificate?.sha256, sha256(door.certificates[0].der))
    // What the callee makes of us is not known yet, and not claimed.
    assert.deepEqual(outcomes(meeting), ['proved', 'proved', 'proved', 'proved', 'not reached', 'proved'])
    const [ask, present, verify, own, , channel] = meeting.steps
    assert.deepEqual(ask.evidence, {
      kind: 'clientHello',
      randomSha256: sha256(Uint8Array.fromHex(random)),
      serverName: 'door.localhost',
    })
    assert.equal(present.evidence?.kind === 'certificate' && present.evidence.certificate.subject, 'CN=door')
    assert.equal(verify.evidence?.kind === 'verdict' && verify.evidence.anchor, 'CN=Acme Root')
    assert.equal(verify.evidence?.kind === 'verdict' && verify.evidence.anchorSpkiSha256, spkiSha256(root.certificate))
    assert.equal(own.evidence?.kind === 'certificate' && own.evidence.certificate.subject, 'CN=alice')
    assert.equal(channel.evidence?.kind === 'channel' && channel.evidence.protocol, 'TLSv1.3')
    assert.ok(meeting.outcome.ok && meeting.outcome.decision.ok)
  })

  test('the channel binding is the same on both sides, and known at once', async () => {
    const theirs: string[] = []
    await using callee = await startCallee(door, {
      onMet: (socket) => {
        theirs.push(channelBinding(socket).toHex())
        socket.end()
      },
    })
    const { socket, meeting } = await connect(optionsFor(callee.port))
    const ours = channelBinding(socket)
    const [, , , , , { evidence }] = meeting.steps
    socket.resume()
    await once(socket, 'close')
    assert.deepEqual(theirs, [ours.toHex()])
    assert.equal(evidence?.kind === 'channel' && evidence.exporterSha256, sha256(ours))
  })

  test('as nobody, where we have no identity', async () => {
    await using callee = await startCallee(door)
    const { identity: _, ...anonymous } = optionsFor(callee.port)
    const { socket, meeting } = await connect(anonymous)
    socket.resume().end('hello')
    await once(socket, 'close')
    assert.deepEqual(callee.seen, [])
    assert.deepEqual(meeting.caller, { name: 'nobody', identities: [] })
    assert.equal(meeting.steps[3].outcome, 'not reached')
  })

  test('names under localhost go to loopback, without asking the system', async () => {
    await using callee = await startCallee(door)
    const { name: _, ...byHost } = optionsFor(callee.port)
    const { socket, meeting } = await connect({ ...byHost, host: 'door.localhost' })
    assert.equal(meeting.address, `127.0.0.1:${callee.port}`)
    assert.equal(meeting.door, `door.localhost:${callee.port}`)
    socket.destroy()
  })

  test('an address as the name, and then sends no server name', async () => {
    const numbered = issueLeaf(issuing, 'numbered', {
      names: [{ kind: 'iPAddress', octets: Uint8Array.of(127, 0, 0, 1) }],
    })
    await using callee = await startCallee(numbered)
    const { name: _, ...byAddress } = optionsFor(callee.port)
    const { socket, meeting } = await connect(byAddress)
    const [ask] = meeting.steps
    assert.equal(ask.evidence?.kind === 'clientHello' && ask.evidence.serverName, undefined)
    socket.resume().end('hello')
    await once(socket, 'close')
    assert.equal(callee.met[0]?.servername, false)
  })

  test('another server name than the name to prove, where that is asked for', async () => {
    await using callee = await startCallee(door)
    const { socket } = await connect({ ...optionsFor(callee.port), serverName: 'other.localhost' })
    socket.resume().end('hello')
    await once(socket, 'close')
    assert.equal(callee.met[0]?.servername, 'other.localhost')
  })
})

suite('connect refuses, and the callee sees no certificate of ours', () => {
  const trust = trustOf()
  const stranger = createRoot('Stranger')
  const of = (purposes: ('serverAuth' | 'clientAuth')[], validity = {}) =>
    issueLeaf(issuing, 'door', { names: [dns('door.localhost')], purposes, ...validity })
  const revokedTrust = trustOf({
    crls: [issueCrl(root), issueCrl(issuing, { revoked: [door.certificates[0]], reason: 'keyCompromise' })],
  })
  const announced = trustOf()
  announced.announce(
    [
      {
        issuerSpkiSha256: spkiSha256(issuing.certificate),
        serialNumber: door.certificates[0].serialNumber,
        party: 'door',
        at: NOW,
        reason: 'keyCompromise',
      },
    ],
    NOW,
  )

  const cases = {
    'another authority of the same names': [
      issueLeaf(createRoot('Acme Root'), 'door', { names: [dns('door.localhost')] }),
      trust,
      'ERR_CALLEE_UNKNOWN_ISSUER',
    ],
    'a stranger’s authority': [
      issueLeaf(stranger, 'door', { names: [dns('door.localhost')] }),
      trust,
      'ERR_CALLEE_UNKNOWN_ISSUER',
    ],
    'a signature by another key': [
      issueLeaf(issuing, 'door', { names: [dns('door.localhost')], signedBy: stranger.privateKey }),
      trust,
      'ERR_CALLEE_BAD_SIGNATURE',
    ],
    'another name': [issueLeaf(issuing, 'x', { names: [dns('evil.localhost')] }), trust, 'ERR_CALLEE_WRONG_NAME'],
    'no name': [issueLeaf(issuing, 'door.localhost'), trust, 'ERR_CALLEE_WRONG_NAME'],
    'a caller’s certificate': [of(['clientAuth']), trust, 'ERR_CALLEE_WRONG_PURPOSE'],
    'an expired certificate': [
      of(['serverAuth'], { notAfter: NOW.subtract({ minutes: 1 }) }),
      trust,
      'ERR_CALLEE_EXPIRED',
    ],
    'a certificate of tomorrow': [
      of(['serverAuth'], { notBefore: NOW.add({ hours: 24 }) }),
      trust,
      'ERR_CALLEE_NOT_YET_VALID',
    ],
    'a revoked one': [door, revokedTrust, 'ERR_CALLEE_REVOKED'],
    'one whose revocation was announced': [door, announced, 'ERR_CALLEE_REVOKED'],
    'one of unknown status': [door, trustOf({ crls: [] }), 'ERR_CALLEE_STATUS_UNKNOWN'],
    'one whose list has run out': [
      door,
      trustOf({ crls: [issueCrl(root), issueCrl(issuing, { thisUpdate: NOW.subtract({ hours: 48 }) })] }),
      'ERR_CALLEE_STATUS_UNKNOWN',
    ],
    'a chain without its middle': [
      { ...door, certificates: [door.certificates[0]] },
      trust,
      'ERR_CALLEE_UNKNOWN_ISSUER',
    ],
  } as const
  for (const [name, [credential, believed, code]] of Object.entries(cases))
    test(name, async () => {
      await using callee = await startCallee(credential)
      const refused = await refusedBy({ ...optionsFor(callee.port), trust: believed })
      assert.equal(refused.code, code, refused.message)
      assert.deepEqual(outcomes(refused.meeting), ['proved', 'proved', 'refused', ...Array(3).fill('not reached')])
      assert.deepEqual(callee.seen, [])
      // Both sides know the meeting by the same reference, although it was left in the middle.
      const [random = ''] = callee.randoms
      assert.equal(refused.meeting.reference, referenceOf(hash('sha256', Uint8Array.fromHex(random), 'buffer')))
      assert.ok(refused.message.includes(refused.meeting.reference))
      // Of ours nothing was shown; theirs is what they claim.
      assert.deepEqual(refused.meeting.caller, { name: 'alice', identities: [] })
      assert.equal(refused.meeting.callee.certificate?.sha256, sha256(credential.certificates[0].der))
    })

  test('a middle that only we know is no obstacle', async () => {
    await using callee = await startCallee({ ...door, certificates: [door.certificates[0]] })
    const { socket } = await connect({ ...optionsFor(callee.port), trust: trustOf({ issuers: [issuing.certificate] }) })
    socket.destroy()
  })
})

suite('connect says why nobody was met', () => {
  test('a callee that requires what we do not have says so on the socket, and that is explained', async () => {
    await using callee = await startCallee(door, { rejectUnauthorized: true, ca: pemOf([createRoot('x').certificate]) })
    const { identity: _, ...anonymous } = optionsFor(callee.port)
    const without = await connect(anonymous)
    const [missing] = await once(without.socket, 'error')
    assert.deepEqual(refusalOfError(missing, 'met'), {
      code: 'ERR_CALLER_REFUSED',
      note: 'it requires a certificate (certificate_required)',
    })
    assert.equal(identity.current(), alice)
  })
})

suite('an open connection follows trust', () => {
  test('it ends when its callee is revoked, and others stay', async () => {
    await using callee = await startCallee(door)
    const trust = trustOf()
    const { socket } = await connect({ ...optionsFor(callee.port), trust })
    const other = await connect({ ...optionsFor(callee.port), trust: trustOf() })
    trust.announce([{ ...revocationOf(door), serialNumber: 1n }], NOW)
    await nextTurn()
    assert.equal(socket.destroyed, false)
    trust.announce([revocationOf(door)], NOW)
    const [error] = await once(socket, 'error')
    assert.equal(socket.destroyed, true)
    assert.ok(error instanceof SessionCutError)
    assert.equal(error.code, 'ERR_CALLEE_REVOKED')
    assert.equal(other.socket.destroyed, false)
    other.socket.destroy()
  })

  test('a revocation that comes before the caller has the socket in hand is not missed', async () => {
    await using callee = await startCallee(door)
    const trust = trustOf()
    let asked = 0
    const clock = () => {
      // First it is asked for when the caller asks, then by the judgement: what is announced behind that comes after it.
      if (++asked === 2) queueMicrotask(() => trust.announce([revocationOf(door)], NOW))
      return NOW
    }
    const { socket } = await connect({ ...optionsFor(callee.port), trust, clock })
    const [error] = await once(socket, 'error')
    assert.ok(error instanceof SessionCutError)
    assert.equal(error.code, 'ERR_CALLEE_REVOKED')
  })
})
