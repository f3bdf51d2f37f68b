// One word in the authority's configuration decides the keys of everybody; both ends of the meeting are ours.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { openAuthority } from '@countersign/authority'
import { connect, createServer, enroll, type KeyAlgorithm, openIdentity, refreshStatus, renew } from '@countersign/mtls'
import { OID } from '@countersign/x509'
import { AUTHORITY_NAME, startAuthority } from './support/authority.ts'

/** The algorithms of the key and of the signature, by RFC 5480, RFC 5758, RFC 8410 and RFC 9881. */
const EXPECTED = {
  p256: [OID.ecPublicKey, OID.ecdsaWithSHA256],
  p384: [OID.ecPublicKey, OID.ecdsaWithSHA384],
  ed25519: ['1.3.101.112', '1.3.101.112'],
  'ml-dsa-44': ['2.16.840.1.101.3.4.3.17', '2.16.840.1.101.3.4.3.17'],
  'ml-dsa-65': ['2.16.840.1.101.3.4.3.18', '2.16.840.1.101.3.4.3.18'],
  'ml-dsa-87': ['2.16.840.1.101.3.4.3.19', '2.16.840.1.101.3.4.3.19'],
} as const satisfies Record<KeyAlgorithm, readonly [key: string, signature: string]>

suite('the authority’s algorithm', () => {
  for (const algorithm of Object.keys(EXPECTED) as KeyAlgorithm[])
    test(`${algorithm}: root, issuer, parties and lists have it; both meet, renew, and the revoked one does not`, async () => {
      await using acme = await startAuthority({ algorithm })
      const [shopAt, aliceAt] = [join(acme.directory, 'shop'), join(acme.directory, 'alice')]
      await enroll(await acme.invite('shop', { profile: 'server', san: ['dns:shop.localhost'] }), { directory: shopAt })
      await enroll(await acme.invite('alice'), { directory: aliceAt })
      await renew(aliceAt)
      const [shop, alice] = [await openIdentity(shopAt), await openIdentity(aliceAt)]

      const [key, signature] = EXPECTED[algorithm]
      const { certificates } = alice.current()
      assert.equal(certificates.length, 2)
      for (const certificate of [...certificates, ...shop.current().certificates, acme.authority.root]) {
        assert.equal(certificate.subjectPublicKeyInfo.algorithm.algorithm, key)
        assert.equal(certificate.signatureAlgorithm.algorithm, signature)
      }
      assert.deepEqual(
        alice.trust.crls.map(({ crl }) => crl.signatureAlgorithm.algorithm),
        [signature, signature],
      )

      const server = createServer({ identity: shop, allow: ['alice'] }, (socket, { peer }) => socket.end(peer.name))
      await once(server.listen(0, '127.0.0.1'), 'listening')
      await using open = new AsyncDisposableStack()
      for (const one of [server, shop, alice]) open.defer(() => void one.close())
      const address = server.address()
      assert.ok(typeof address === 'object' && address !== null)
      const meet = () =>
        connect({ host: 'shop.localhost', port: address.port, identity: alice, trust: alice.trust, clock: acme.clock })
      const { socket } = await meet()
      // Hybrid: secret as long as one of the two holds. Node tells the client alone; a group has two ends.
      assert.equal(Reflect.get(socket.getEphemeralKeyInfo() ?? {}, 'name'), 'X25519MLKEM768')
      let said = ''
      for await (const chunk of socket.setEncoding('utf8')) said += chunk
      assert.equal(said, 'alice')

      await acme.authority.revoke({ subject: 'shop', reason: 'keyCompromise' })
      await refreshStatus(aliceAt)
      await alice.reload()
      await assert.rejects(meet(), { code: 'ERR_CALLEE_REVOKED' })
    })

  test('an authority keeps the kind of keys that it was made with', async () => {
    await using acme = await startAuthority({ algorithm: 'ml-dsa-44' })
    await acme.stop()
    const again = (algorithm?: KeyAlgorithm) =>
      openAuthority({
        directory: join(acme.directory, 'authority'),
        name: AUTHORITY_NAME,
        domain: 'acme.example',
        organization: 'Acme',
        listen: { host: '127.0.0.1', port: 0 },
        clock: acme.clock,
        log: () => undefined,
        ...(algorithm && { algorithm }),
      })
    await assert.rejects(again('p256'), { code: 'ERR_AUTHORITY_ALGORITHM', message: /made with keys of ml-dsa-44/ })
    for (const fitting of ['ml-dsa-44', undefined] as const) await (await again(fitting)).close()
  })
})
