// OpenPGP of the legacy profile, Sequoia by the interface of stateless OpenPGP, and we.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { entityWith, openedBy, PgpHouse, type PgpPerson, sealedBy } from '../tools/testing/pgp-people.ts'
import { needs } from './peer.ts'

const withSqop = needs('sqop', 'sqop')
const folder = mkdtempSync(join(tmpdir(), 'countersign-sqop-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const TEXT = 'Content-Type: text/plain\r\n\r\nMeet at nine.\r\n'

function sqop(args: readonly string[], input: Uint8Array): { readonly status: number | null; readonly octets: Buffer } {
  const { status, stdout } = spawnSync('sqop', args, { input })
  return { status, octets: stdout }
}

function right(args: readonly string[], input: Uint8Array = new Uint8Array()): Buffer {
  const { status, octets } = sqop(args, input)
  assert.equal(status, 0, args.join(' '))
  return octets
}

function file(name: string, contents: Uint8Array): string {
  const path = join(folder, name)
  writeFileSync(path, contents)
  return path
}

async function peerOf(house: PgpHouse, address: string): Promise<PgpPerson> {
  const privateKey = right(['generate-key', `Peer <${address}>`])
  return { ...(await house.certified(right(['extract-cert'], privateKey), address)), privateKey }
}

suite('sqop', withSqop, () => {
  test('reads what we sign and encrypt, and gives nothing of what was changed', async () => {
    const house = await PgpHouse.make('legacy')
    const alice = await house.person('alice@acme.example')
    const bob = await peerOf(house, 'bob@peer.example')
    const message = await sealedBy(house, alice, TEXT, 'legacy', [bob])
    const [armored = ''] = /-----BEGIN PGP MESSAGE[\s\S]*END PGP MESSAGE-----\r\n/.exec(message) ?? []
    const verifications = join(folder, 'verifications')
    const decrypt = [
      'decrypt',
      `--verify-out=${verifications}`,
      `--verify-with=${file('alice', alice.publicKey)}`,
      file('bob', bob.privateKey),
    ]
    assert.equal(`${right(decrypt, Buffer.from(armored))}`, TEXT)
    assert.match(readFileSync(verifications, 'utf8'), /^\S+Z [0-9A-F]{40} [0-9A-F]{40}/)
    rmSync(verifications)
    const at = armored.length - 200
    const changed = armored.slice(0, at) + (armored[at] === 'A' ? 'B' : 'A') + armored.slice(at + 1)
    const refused = sqop(decrypt, Buffer.from(changed))
    assert.notEqual(refused.status, 0)
  })

  test('we read what it signs and encrypts, and refuse each octet that was changed', async () => {
    const house = await PgpHouse.make('legacy')
    const alice = await peerOf(house, 'alice@peer.example')
    const bob = await house.person('bob@acme.example')
    const armored = right(
      ['encrypt', `--sign-with=${file('alice.key', alice.privateKey)}`, file('bob.cert', bob.publicKey)],
      Buffer.from(TEXT),
    )
    const { opened, text } = await openedBy(house, bob, entityWith(armored), [alice])
    assert.equal(text, TEXT)
    assert.ok(opened.within?.kind === 'signed')
    assert.deepEqual(opened.within.signatures[0]?.outcome, { ok: true })
    assert.deepEqual(opened.within.signatures[0]?.trust, { ok: true, anchor: 'Acme', status: 'good' })
    const octets = right(['dearmor'], armored)
    for (let at = 0; at < octets.length; at += 7) {
      const changed = Buffer.from(octets)
      changed[at] = (changed[at] ?? 0) ^ 0x04
      const { opened } = await openedBy(house, bob, entityWith(changed), [alice])
      assert.ok(opened.layer.kind === 'encrypted' && !opened.layer.outcome.ok, `octet ${at}`)
      assert.equal(opened.inside, undefined)
    }
  })

  test('each verifies what the other signs alone', async () => {
    const house = await PgpHouse.make('legacy')
    const alice = await house.person('alice@acme.example')
    const message = await sealedBy(house, alice, TEXT, 'legacy', [])
    const [signature = ''] = /-----BEGIN PGP SIGNATURE[\s\S]*END PGP SIGNATURE-----\r\n/.exec(message) ?? []
    const verify = ['verify', file('signature', Buffer.from(signature)), file('cert', alice.publicKey)]
    assert.match(`${right(verify, Buffer.from(TEXT))}`, /Z [0-9A-F]{40}/)
    assert.notEqual(sqop(verify, Buffer.from(TEXT.replace('nine', 'ten'))).status, 0)
    const carol = await peerOf(house, 'carol@peer.example')
    const theirs = right(['sign', file('carol.key', carol.privateKey)], Buffer.from(TEXT))
    for (const [text, code] of [
      [TEXT, undefined],
      [TEXT.replace('nine', 'ten'), 'ERR_MAIL_SIGNATURE'],
    ] as const) {
      const entity = `Content-Type: multipart/signed; protocol="application/pgp-signature"; boundary="b"\n\n--b\n${text.replaceAll('\r', '')}\n--b\nContent-Type: application/pgp-signature\n\n${theirs}\n--b--\n`
      const { opened } = await openedBy(house, carol, Buffer.from(entity.replaceAll('\n', '\r\n')), [carol])
      assert.ok(opened.layer.kind === 'signed')
      const outcome = opened.layer.signatures[0]?.outcome
      assert.equal(outcome?.ok === false ? outcome.code : undefined, code)
    }
  })
})
