import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeHouse, recipient } from './support/house.ts'
import { contextAt, entityOf, NOW, streamOf, textOf, writtenOf } from './support/mail.ts'

const ENTITY = 'Content-Type: text/plain; charset=utf-8\r\n\r\nMeet at nine.\r\n'

for (const profile of ['modern', 'legacy'] as const)
  test(`${profile}: what is signed and encrypted opens as two layers, with who signed it`, async () => {
    const house = await makeHouse(profile)
    const alice = await house.person('alice@acme.example')
    const bob = await house.person('bob@acme.example')
    const sealer = await house.sealer(alice)
    const sealed = await sealer.seal(streamOf(ENTITY), { profile, recipients: [recipient(bob)], now: NOW })
    const { entity, source } = entityOf(await writtenOf(sealed))
    const counts = { made: 0, disposed: 0, written: 0 }
    const opened = await (await house.opener(bob, alice)).open(entity, source, contextAt(NOW, counts))
    assert.ok(opened?.inside)
    assert.equal(await textOf(opened.inside.source), ENTITY)
    const { layer, within } = opened
    assert.ok(layer.kind === 'encrypted' && within?.kind === 'signed')
    assert.deepEqual(layer, {
      kind: 'encrypted',
      format: 'openpgp',
      isAuthenticated: true,
      recipients: 1,
      cipher: profile === 'modern' ? 'AES-256-GCM' : 'AES-256-CFB with MDC',
      transport: profile === 'modern' ? 'X25519' : 'ECDH Curve25519',
      openedBy: { name: 'Somebody', addresses: ['bob@acme.example'], fingerprint: bob.fingerprint },
      outcome: { ok: true },
    })
    assert.deepEqual(within.signatures, [
      {
        outcome: { ok: true },
        signer: { name: 'Somebody', addresses: ['alice@acme.example'], fingerprint: alice.fingerprint },
        trust: { ok: true, anchor: 'Acme', status: 'good' },
        claimedAt: NOW,
        algorithm: profile === 'modern' ? 'Ed25519 with SHA-512' : 'EdDSA Ed25519 with SHA-512',
      },
    ])
    assert.deepEqual({ made: counts.made, disposed: counts.disposed }, { made: 2, disposed: 1 })
  })

for (const profile of ['modern', 'legacy'] as const)
  test(`${profile}: what is signed alone opens as one layer, and what is inside is what was signed`, async () => {
    const house = await makeHouse(profile)
    const alice = await house.person('alice@acme.example')
    const bob = await house.person('bob@acme.example')
    const sealed = await (await house.sealer(alice)).seal(streamOf(ENTITY), { profile, recipients: [], now: NOW })
    assert.match(sealed.fields.join(''), /micalg=pgp-sha512;/)
    const { entity, source } = entityOf(await writtenOf(sealed))
    const opened = await (await house.opener(bob, alice)).open(entity, source, contextAt())
    assert.ok(opened?.inside && opened.layer.kind === 'signed')
    const { inside } = opened
    assert.equal(await textOf(inside.source, inside.start, inside.end), ENTITY)
    assert.deepEqual(
      opened.layer.signatures.map(({ outcome, trust }) => [outcome.ok, trust?.ok]),
      [[true, true]],
    )
  })
