import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { readSshCertificate } from '@countersign/ssh'
import { checkSshSignature, newSshKey } from '../../../../tools/testing/ssh-keys.ts'
import { askLocally, enrollParty, heldOf, meet, openHouse, placeOf } from '../support/house.ts'
import { newKey, requestFor } from '../support/keys.ts'
import { sshEnrollmentBody } from '../support/ssh.ts'

const PATH = '/v1/ssh/certificates'

suite('certificates of SSH, by the certificate in hand', () => {
  const setUp = async (t: Parameters<typeof openHouse>[0]) => {
    const house = await openHouse(t)
    const place = placeOf(house.authority)
    const as = async (party: string, options?: Parameters<typeof enrollParty>[3]) =>
      meet(t, place, await enrollParty(t, house, party, options))
    return { house, as, place }
  }

  test('a caller gets one that says who it is, and nothing else; it is recorded, and revoked with its party', async (t) => {
    const { house, as } = await setUp(t)
    const caller = await as('ops/anna')
    const key = newSshKey('Ed25519')
    const { status, body } = await caller.ask('POST', PATH, sshEnrollmentBody('ssh-user', key, caller.exporter))
    assert.equal(status, 201, JSON.stringify(body))
    const certificate = readSshCertificate(Uint8Array.fromBase64(body.certificate))
    assert.equal(certificate.role, 'user')
    assert.equal(certificate.keyId, 'ops/anna')
    assert.deepEqual(certificate.principals, ['ops/anna'])
    assert.deepEqual(certificate.key, key.key)
    assert.equal(checkSshSignature(certificate.signatureKey, certificate.signature, certificate.tbs), true)
    assert.match(body.authorities[0], /^ssh-ed25519 AAAA/)
    const { body: shown } = await askLocally(house.directory, 'GET', '/v1/certificates?party=ops%2Fanna')
    const [found] = shown.certificates.filter(({ profile }: { profile: string }) => profile === 'ssh-user')
    assert.equal(BigInt(`0x${found.serialNumber}`), certificate.serial)
    const { body: receipt } = await askLocally(house.directory, 'POST', '/v1/revocations', { subject: 'ops/anna' })
    assert.equal(receipt.revoked.length, 2)
  })

  test('a certificate whose key was lost takes along what was got by it, and not what it was renewed for; for another reason it ends alone', async (t) => {
    const { house, as, place } = await setUp(t)
    const list = async () =>
      (await askLocally(house.directory, 'GET', '/v1/certificates?party=alice')).body.certificates as {
        readonly serialNumber: string
        readonly profile: string
        readonly state: string
      }[]
    const enrolled = async (caller: Awaited<ReturnType<typeof meet>>) =>
      (await caller.ask('POST', PATH, sshEnrollmentBody('ssh-user', newSshKey('Ed25519'), caller.exporter))).status
    const first = await as('alice')
    assert.equal(await enrolled(first), 201)
    const key = newKey()
    const second = await meet(
      t,
      place,
      heldOf(key, await first.ask('POST', '/renew', { request: requestFor(key).toBase64() })),
    )
    assert.equal(await enrolled(second), 201)
    const [one, ssh, other, otherSsh] = (await list()).map(({ serialNumber }) => serialNumber)
    const revoke = async (reason: string, dryRun = false) => {
      const { body } = await askLocally(house.directory, 'POST', '/v1/revocations', { subject: one, reason, dryRun })
      return body.revoked.map(({ serialNumber }: { serialNumber: string }) => serialNumber).toSorted()
    }
    const inForce = async () =>
      (await list()).filter(({ state }) => state === 'valid').map(({ serialNumber }) => serialNumber)
    assert.deepEqual(await revoke('keyCompromise', true), [one, ssh].toSorted())
    assert.deepEqual(await revoke('superseded'), [one])
    assert.deepEqual(await inForce(), [ssh, other, otherSsh])
    assert.deepEqual(await revoke('keyCompromise'), [ssh], 'that it was the key, one learns later')
    assert.deepEqual(await inForce(), [other, otherSsh])
  })

  test('a server gets one for the names that it has; another of the same key takes its place', async (t) => {
    const { house, as } = await setUp(t)
    const caller = await as('host/web1', { profile: 'server', san: ['dns:web1.localhost', 'ip:10.0.0.7'] })
    const key = newSshKey('P-256')
    for (const _ of [1, 2]) {
      const { body } = await caller.ask('POST', PATH, sshEnrollmentBody('ssh-host', key, caller.exporter))
      const { role, principals } = readSshCertificate(Uint8Array.fromBase64(body.certificate))
      assert.deepEqual([role, principals], ['host', ['web1.localhost', '10.0.0.7']])
    }
    const { body } = await askLocally(house.directory, 'GET', '/v1/expiring?all=true')
    const waiting = body.certificates.filter(({ profile }: { profile: string }) => profile === 'ssh-host')
    assert.equal(waiting.length, 1, 'the first is succeeded by the second')
  })

  test('a server is no caller, a caller no server, and a host without a name none', async (t) => {
    const { as } = await setUp(t)
    for (const [party, options, profile] of [
      ['host/a', { profile: 'server', san: ['dns:a.localhost'] }, 'ssh-user'],
      ['bob', { san: ['dns:bob.localhost'] }, 'ssh-host'],
      ['host/b', { profile: 'service' }, 'ssh-host'],
    ] as const) {
      const caller = await as(party, { ...options, ...('san' in options && { san: [...options.san] }) })
      const { status, body } = await caller.ask(
        'POST',
        PATH,
        sshEnrollmentBody(profile, newSshKey('Ed25519'), caller.exporter),
      )
      assert.deepEqual([status, body.code], [403, 'ERR_ENROLL_PROFILE'], party)
    }
  })

  test('a key that was proved elsewhere, for something else, or not at all gets none', async (t) => {
    const { as } = await setUp(t)
    const caller = await as('alice')
    const key = newSshKey('Ed25519')
    const sound = sshEnrollmentBody('ssh-user', key, caller.exporter)
    const cut = Uint8Array.fromBase64(sound.signature).subarray(0, -1).toBase64()
    const broken = Uint8Array.fromBase64(sound.signature)
    broken.set([(broken.at(-1) ?? 0) ^ 1], broken.length - 1)
    for (const [what, body, code] of [
      ['another channel', sshEnrollmentBody('ssh-user', key, new Uint8Array(32)), 'ERR_ENROLL_REQUEST_SIGNATURE'],
      [
        'another namespace',
        sshEnrollmentBody('ssh-user', key, caller.exporter, 'file'),
        'ERR_ENROLL_REQUEST_SIGNATURE',
      ],
      [
        'another profile',
        { ...sshEnrollmentBody('ssh-host', key, caller.exporter), profile: 'ssh-user' },
        'ERR_ENROLL_REQUEST_SIGNATURE',
      ],
      ['one bit', { ...sound, signature: broken.toBase64() }, 'ERR_ENROLL_REQUEST_SIGNATURE'],
      ['one octet too few', { ...sound, signature: cut }, 'ERR_ENROLL_REQUEST'],
      ['nothing', { ...sound, signature: '' }, 'ERR_ENROLL_REQUEST'],
      ['no profile', { signature: sound.signature }, 'ERR_ADMIN_REQUEST'],
      ['a profile of X.509', { ...sound, profile: 'server' }, 'ERR_ADMIN_REQUEST'],
    ] as const) {
      const answer = await caller.ask('POST', PATH, body)
      assert.equal(answer.body.code, code, what)
    }
    const weak = newSshKey('P-521')
    const answer = await caller.ask('POST', PATH, sshEnrollmentBody('ssh-user', weak, caller.exporter))
    assert.equal(answer.body.code, 'ERR_ENROLL_KEY')
  })

  test('who has no certificate, one that was revoked, or is locked gets none', async (t) => {
    const { house, as, place } = await setUp(t)
    const stranger = await meet(t, place)
    const ask = (caller: Awaited<ReturnType<typeof meet>>) =>
      caller.ask('POST', PATH, sshEnrollmentBody('ssh-user', newSshKey('Ed25519'), caller.exporter))
    assert.equal((await ask(stranger)).body.code, 'ERR_CALLER_NO_CERTIFICATE')
    const alice = await as('alice')
    await askLocally(house.directory, 'POST', '/v1/parties/alice/lock', { reason: 'lost' })
    assert.match(
      JSON.stringify(
        await ask(alice).then(
          ({ body }) => body.code,
          () => 'cut',
        ),
      ),
      /ERR_ENROLL_PARTY_LOCKED|cut/,
    )
    assert.equal(
      (await askLocally(house.directory, 'GET', '/v1/certificates?party=alice')).body.certificates.length,
      1,
      'nothing was signed',
    )
  })
})
