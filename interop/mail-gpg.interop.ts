// OpenPGP of the legacy profile, GnuPG 2.2 and we: each reads what the other seals, believes whom the other certifies, and
// refuses what was changed.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { certifyUserId, judgeOctets, profileOf, readTrust, wkdAddresses, wkdAnswer } from '@countersign/openpgp'
import { boundaryOf, entityWith, openedBy, PgpHouse, sealedBy } from '../tools/testing/pgp-people.ts'
import { needs, programPath } from './peer.ts'

const withGpg = {
  ...needs('gpg', 'gpg'),
  ...needs('gpg-agent', 'gpg-agent'),
  ...needs('gpgconf', 'gpgconf'),
  ...needs('gpg-wks-client', 'gpg-wks-client'),
}
const home = mkdtempSync(join(tmpdir(), 'countersign-gpg-'))
const env = { ...process.env, GNUPGHOME: home }
after(() => {
  if (withGpg.skip === undefined) spawnSync('gpgconf', ['--kill', 'all'], { env })
  rmSync(home, { recursive: true, force: true })
})

const TEXT = 'Content-Type: text/plain\r\n\r\nMeet at nine.\r\n'

interface Ran {
  readonly status: number | null
  readonly octets: Buffer
  readonly said: string
}

function gpg(args: readonly string[], input?: Uint8Array): Ran {
  const fixed = ['--batch', '--no-tty', '--yes', '--status-fd', '2', '--pinentry-mode', 'loopback', '--passphrase', '']
  const { status, stdout, stderr } = spawnSync('gpg', [...fixed, ...args], { env, input: input ?? '' })
  return { status, octets: stdout, said: `${stderr}` }
}

function right(ran: Ran): Buffer {
  assert.equal(ran.status, 0, ran.said)
  return ran.octets
}

function file(name: string, contents: string | Uint8Array): string {
  const path = join(home, name)
  writeFileSync(path, contents)
  return path
}

/** A key that GnuPG makes, with a subkey to encrypt to. */
function gpgKey(address: string, algorithms: readonly [string, string], expires = '1y'): Uint8Array {
  right(gpg(['--quick-generate-key', `Peer <${address}>`, algorithms[0], 'sign,cert', expires]))
  const [fingerprint] =
    /^fpr:+([0-9A-F]{40}):/m.exec(`${right(gpg(['--with-colons', '--list-keys', address]))}`)?.slice(1) ?? []
  right(gpg(['--quick-add-key', fingerprint ?? '', algorithms[1], 'encrypt', expires]))
  return right(gpg(['--export', address]))
}

const CURVES = ['ed25519', 'cv25519'] as const

suite('gpg', withGpg, () => {
  test('reads what we seal, believes whom we certify, and refuses what was changed', async () => {
    const house = await PgpHouse.make('legacy')
    const alice = await house.person('alice@acme.example')
    const peer = await house.certified(gpgKey('bob@peer.example', CURVES), 'bob@peer.example')
    right(gpg(['--import'], house.authorityPublic))
    right(gpg(['--import-ownertrust'], Buffer.from(`${house.fingerprint.toUpperCase()}:6:\n`)))
    right(gpg(['--import'], alice.publicKey))
    assert.equal(await profileOf(peer.publicKey, house.now), 'legacy')
    const message = await sealedBy(house, alice, TEXT, 'legacy', [peer])
    const armored = message.slice(
      message.indexOf('-----BEGIN PGP MESSAGE'),
      message.indexOf('\r\n--=_', message.indexOf('-----BEGIN PGP')),
    )
    const ran = gpg(['--decrypt'], Buffer.from(armored))
    assert.equal(`${right(ran)}`, TEXT)
    assert.match(ran.said, /GOODSIG.*<alice@acme.example>[\s\S]*TRUST_FULLY/)
    assert.match(ran.said, /GOODMDC/)
    const at = armored.length - 200
    const changed = armored.slice(0, at) + (armored[at] === 'A' ? 'B' : 'A') + armored.slice(at + 1)
    const refused = gpg(['--decrypt'], Buffer.from(changed))
    assert.notEqual(refused.status, 0)
    assert.doesNotMatch(refused.said, /GOODMDC|GOODSIG/)
  })

  test('reads what we seal at each length that base64 can have', async () => {
    const house = await PgpHouse.make('legacy')
    const alice = await house.person('alice3@acme.example')
    const peer = await house.certified(gpgKey('dan@peer.example', CURVES), 'dan@peer.example')
    right(gpg(['--import'], alice.publicKey))
    const tails = new Set<string>()
    for (let more = 0; more < 6; more++) {
      const text = TEXT.replace('.', '.'.repeat(1 + more))
      const [armored = ''] =
        /-----BEGIN PGP MESSAGE[\s\S]*?-----END.*/.exec(await sealedBy(house, alice, text, 'legacy', [peer])) ?? []
      tails.add(/=*\r\n=/.exec(armored)?.[0] ?? '')
      const ran = gpg(['--decrypt'], Buffer.from(armored))
      assert.equal(`${right(ran)}`, text)
      assert.match(ran.said, /GOODMDC/)
      assert.doesNotMatch(ran.said, /radix64/)
    }
    assert.equal(tails.size, 3)
  })

  test('reads what we sign alone, and refuses what was changed', async () => {
    const house = await PgpHouse.make('legacy')
    const alice = await house.person('alice2@acme.example')
    right(gpg(['--import'], alice.publicKey))
    const message = await sealedBy(house, alice, TEXT, 'legacy', [])
    const [, signed = '', control = ''] = message.split(`--${boundaryOf(message)}\r\n`)
    const signature = file('signature.asc', control.slice(control.indexOf('-----BEGIN')))
    assert.match(
      gpg(['--verify', signature, file('signed', signed.slice(0, -2))]).said,
      /GOODSIG.*<alice2@acme.example>/,
    )
    assert.match(
      gpg(['--verify', signature, file('signed', signed.slice(0, -2).replace('nine', 'ten'))]).said,
      /BADSIG/,
    )
  })

  for (const [kind, algorithms] of [
    ['curves', CURVES],
    ['RSA', ['rsa3072', 'rsa3072']],
    ['NIST curves', ['nistp256', 'nistp384']],
  ] as const)
    test(`${kind}: we read what it signs and encrypts, however it packs it`, async () => {
      const house = await PgpHouse.make('legacy')
      const address = `carol-${algorithms[0]}@peer.example`
      const peer = await house.certified(gpgKey(address, algorithms), address)
      const bob = await house.person(`bob-${algorithms[0]}@acme.example`)
      right(gpg(['--import'], bob.publicKey))
      const seal = (...options: string[]) =>
        right(gpg(['--trust-model', 'always', '--armor', '-u', address, ...options], Buffer.from(TEXT)))
      for (const options of [
        ['--sign', '--encrypt', '-r', bob.address],
        ['--sign', '--encrypt', '-R', bob.address],
        ['--sign', '--encrypt', '-r', bob.address, '-r', address, '--compress-algo', 'zlib'],
        ['--sign', '--encrypt', '-r', bob.address, '--compress-algo', 'zip'],
        ['--sign', '--encrypt', '-r', bob.address, '--compress-algo', 'none', '--textmode'],
        ['--sign', '--encrypt', '-r', bob.address, '--cipher-algo', 'AES128', '--digest-algo', 'SHA256'],
      ]) {
        const { text, opened } = await openedBy(house, bob, entityWith(seal(...options)), [peer])
        assert.equal(text, TEXT, options.join(' '))
        assert.ok(opened.layer.kind === 'encrypted' && opened.layer.isAuthenticated)
        assert.equal(opened.layer.recipients, options.filter((each) => each.toLowerCase() === '-r').length)
        assert.ok(opened.within?.kind === 'signed')
        const [fact] = opened.within.signatures
        assert.deepEqual(fact?.outcome, { ok: true }, options.join(' '))
        assert.deepEqual(fact.trust, { ok: true, anchor: 'Acme', status: 'good' })
        assert.deepEqual(fact.signer?.addresses, [address])
      }
      const weak = await openedBy(
        house,
        bob,
        entityWith(seal('--sign', '--encrypt', '-r', bob.address, '--cipher-algo', '3DES')),
        [peer],
      )
      assert.ok(weak.opened.layer.kind === 'encrypted' && !weak.opened.layer.outcome.ok)
      assert.equal(weak.opened.layer.outcome.code, 'ERR_MAIL_ALGORITHM')
      const other = await house.person('other@acme.example')
      const foreign = await openedBy(house, other, entityWith(seal('--encrypt', '-r', bob.address)), [peer])
      assert.ok(foreign.opened.layer.kind === 'encrypted' && !foreign.opened.layer.outcome.ok)
      assert.equal(foreign.opened.layer.outcome.code, 'ERR_MAIL_NO_KEY')
    })

  test('we open what is encrypted to a key that it made, RSA too, and refuse each change of it', async () => {
    const house = await PgpHouse.make('legacy')
    for (const [address, algorithms] of [
      ['dave@peer.example', CURVES],
      ['dave-rsa@peer.example', ['rsa2048', 'rsa2048']],
    ] as const) {
      const publicKey = gpgKey(address, algorithms)
      const peer = {
        ...(await house.certified(publicKey, address)),
        privateKey: right(gpg(['--export-secret-keys', address])),
      }
      const sealed = right(
        gpg(['--trust-model', 'always', '--encrypt', '-r', address, '--compress-algo', 'none'], Buffer.from(TEXT)),
      )
      const good = await openedBy(house, peer, entityWith(sealed), [])
      assert.equal(good.text, TEXT, JSON.stringify(good.opened.layer))
      for (let at = sealed.length - 60; at < sealed.length; at++) {
        const changed = Buffer.from(sealed)
        changed[at] = (changed[at] ?? 0) ^ 0x10
        const { opened } = await openedBy(house, peer, entityWith(changed), [])
        assert.ok(opened.layer.kind === 'encrypted' && !opened.layer.outcome.ok && !opened.inside)
        assert.equal(opened.layer.outcome.code, 'ERR_MAIL_DECRYPT')
      }
    }
  })

  test('we read what it signs alone, and not what was changed or is with SHA-1', async () => {
    const house = await PgpHouse.make('legacy')
    const address = 'erin@peer.example'
    const peer = await house.certified(gpgKey(address, ['rsa2048', 'rsa2048']), address)
    const signedWith = (text: string, ...options: string[]) => {
      const signature = right(gpg(['--armor', '-u', address, '--detach-sign', ...options], Buffer.from(TEXT)))
      return Buffer.from(
        `Content-Type: multipart/signed; protocol="application/pgp-signature"; micalg=pgp-sha512; boundary="b"\r\n\r\n--b\r\n${text}\r\n--b\r\nContent-Type: application/pgp-signature\r\n\r\n${signature}\r\n--b--\r\n`.replaceAll(
          /\r?\n/g,
          '\r\n',
        ),
      )
    }
    for (const [text, options, code] of [
      [TEXT, [], undefined],
      [TEXT, ['--textmode'], undefined],
      [TEXT, ['--digest-algo', 'SHA1'], 'ERR_MAIL_ALGORITHM'],
      [TEXT.replace('nine', 'ten'), [], 'ERR_MAIL_SIGNATURE'],
      [TEXT.replace('nine', 'ten'), ['--textmode'], 'ERR_MAIL_SIGNATURE'],
    ] as const) {
      const { opened } = await openedBy(house, peer, signedWith(text, ...options), [peer])
      assert.ok(opened.layer.kind === 'signed')
      const outcome = opened.layer.signatures[0]?.outcome
      assert.equal(outcome?.ok === false ? outcome.code : undefined, code, options.join(' '))
    }
  })

  test('a key that it revokes is revoked here, and one that it certifies is believed', async () => {
    const house = await PgpHouse.make('legacy')
    const publicKey = gpgKey('frank@peer.example', CURVES)
    gpgKey('root@peer.example', CURVES)
    const [fingerprint = ''] =
      /^fpr:+([0-9A-F]{40}):/m
        .exec(`${right(gpg(['--with-colons', '--list-keys', 'frank@peer.example']))}`)
        ?.slice(1) ?? []
    right(gpg(['-u', 'root@peer.example', '--quick-sign-key', fingerprint]))
    const certified = right(gpg(['--export', 'frank@peer.example']))
    const trust = await readTrust([{ name: 'root of gpg', key: right(gpg(['--export', 'root@peer.example'])) }])
    const judged = (key: Uint8Array, by = trust) =>
      judgeOctets(key, { side: 'caller', trust: by, now: Temporal.Now.instant() })
    assert.deepEqual((await judged(certified)).trust, { ok: true, anchor: 'root of gpg', status: 'good' })
    const unknown = await judged(certified, house.trust)
    assert.ok(!unknown.trust.ok && unknown.trust.refusal.code === 'ERR_CALLER_UNKNOWN_ISSUER')
    assert.ok(!(await judged(publicKey)).trust.ok)
    const [revocation = ''] = readdirSync(join(home, 'openpgp-revocs.d')).filter((name) => name.startsWith(fingerprint))
    const text = readFileSync(join(home, 'openpgp-revocs.d', revocation), 'utf8').replace(':-----BEGIN', '-----BEGIN')
    right(gpg(['--import'], Buffer.from(text)))
    const revoked = await judged(right(gpg(['--export', 'frank@peer.example'])))
    assert.ok(!revoked.trust.ok && revoked.trust.refusal.code === 'ERR_CALLER_REVOKED')
    // It says no reason, so that the key may be somebody else's since whenever.
    assert.equal(revoked.trust.since, undefined)
  })

  test('it lists our certification with its end, and the revocation of it', async () => {
    const house = await PgpHouse.make('legacy')
    right(gpg(['--import'], house.authorityPublic))
    const grace = await house.person('grace@acme.example')
    right(gpg(['--import'], grace.publicKey))
    const listed = () => `${right(gpg(['--with-colons', '--check-sigs', grace.address]))}`
    assert.match(listed(), new RegExp(`^sig:!::22:${house.keyId.toUpperCase()}:\\d+:\\d+:`, 'm'))
    right(gpg(['--import'], await house.revoked(grace)))
    assert.match(listed(), new RegExp(`^rev:!::22:${house.keyId.toUpperCase()}:`, 'm'))
  })

  test('its directory has keys where ours has them, and it reads what ours answers', async () => {
    const house = await PgpHouse.make('legacy')
    for (const address of ['Joe.Doe@example.org', 'mary@example.net', 'j\u00fcrgen@example.org']) {
      const { stdout } = spawnSync(programPath('gpg-wks-client'), ['--print-wkd-url', address], {
        env,
        encoding: 'utf8',
      })
      const { advanced, hash, domain } = wkdAddresses(address)
      assert.equal(advanced.replace(/\?.*/, ''), stdout.trim().replace(/\?.*/, ''))
      const hashed = spawnSync(programPath('gpg-wks-client'), ['--print-wkd-hash', address], { env, encoding: 'utf8' })
      assert.equal(hashed.stdout.split(' ')[0]?.trim(), `${hash}`)
      assert.ok(advanced.includes(domain))
    }
    const heidi = await house.person('heidi@acme.example')
    const two = await certifyUserId({
      key: heidi.publicKey,
      address: heidi.address,
      authority: house.authority,
      now: house.now,
      until: house.now.add({ hours: 24 }),
    })
    assert.match(
      `${right(gpg(['--show-keys', '--with-colons'], await wkdAnswer(two, heidi.address)))}`,
      /^uid:.*<heidi@acme.example>/m,
    )
  })
})
