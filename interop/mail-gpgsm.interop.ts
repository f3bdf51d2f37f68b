// Mail of the legacy profile, GnuPG's gpgsm and we: each reads what the other seals. It reads neither GCM nor OAEP.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { writePem } from '@countersign/x509'
import {
  encryptedLayer,
  type Holder,
  house,
  type Kind,
  opened,
  sealed,
  TEXT,
  verdict,
} from '../tools/testing/mail-people.ts'
import { file, folder, openssl } from './openssl.ts'
import { needs } from './peer.ts'

const withGpgsm = { ...needs('gpgsm', 'gpgsm'), ...needs('gpg-agent', 'gpg-agent'), ...needs('gpgconf', 'gpgconf') }
const home = join(folder, 'gnupg')
const env = { ...process.env, GNUPGHOME: home }

interface Ran {
  readonly status: number | null
  readonly said: string
}

/** @param time As if it were then: certificates of tests are of one year. */
function gpgsm(...args: string[]): Ran {
  const options = ['--batch', '--no-tty', '--yes', '--disable-crl-checks', '--disable-dirmngr', '--status-fd', '1']
  const fixed = ['--faked-system-time', '20260601T120000', '--pinentry-mode', 'loopback', '--passphrase-fd', '0']
  const { status, stdout, stderr } = spawnSync('gpgsm', [...options, ...fixed, ...args], {
    env,
    input: 'secret\n',
    encoding: 'utf8',
  })
  return { status, said: `${stdout}${stderr}` }
}

function right(ran: Ran): string {
  assert.equal(ran.status, 0, ran.said)
  return ran.said
}

function start(): void {
  mkdirSync(home, { mode: 0o700 })
  const root = createHash('sha1').update(house.certificate.der).digest('hex').toUpperCase()
  writeFileSync(join(home, 'trustlist.txt'), `${root} S relax\n`)
  writeFileSync(join(home, 'gpg-agent.conf'), 'allow-loopback-pinentry\n')
  right(gpgsm('--import', file('anchor.der', house.certificate.der)))
}

/** Has gpgsm know the holder's certificate and, for its own, the key. */
function known(holder: Holder, hasKey: boolean): Holder {
  const certificate = file(`${holder.address}.der`, holder.certificate.der)
  if (!hasKey) {
    right(gpgsm('--import', certificate))
    return holder
  }
  const pem = file(`${holder.address}.pem`, writePem('CERTIFICATE', holder.certificate.der))
  const key = file(`${holder.address}.key`, holder.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString())
  const old = ['-keypbe', 'PBE-SHA1-3DES', '-certpbe', 'PBE-SHA1-3DES', '-macalg', 'sha1', '-passout', 'pass:secret']
  // gpgsm 2.2.40 cannot read one in some 36 of what OpenSSL writes, by its salt, of the same key; the next it reads.
  for (let times = 5; times > 0; times--) {
    openssl('pkcs12', '-export', '-in', pem, '-inkey', key, '-out', file('holder.p12'), ...old)
    const { status, said } = gpgsm('--import', file('holder.p12'))
    if (status === 0) return holder
    assert.match(said, /error parsing or decrypting the PKCS#12 file/)
  }
  assert.fail('gpgsm reads no PKCS #12 of OpenSSL')
}

/** The two parts of a multipart/signed: what is signed, and the signature. */
function signedParts(entity: string): [signed: string, signature: Uint8Array] {
  const boundary = /boundary="([^"]+)"/.exec(entity)?.[1] ?? assert.fail(entity)
  const [, signed = '', control = ''] = entity.split(`--${boundary}`)
  return [signed.slice(2, -2), bodyOf(control)]
}

function bodyOf(entity: string): Uint8Array {
  return Buffer.from(entity.slice(entity.indexOf('\r\n\r\n')), 'base64')
}

function verified(entity: string): { readonly ran: Ran; readonly content: string } {
  const [content, signature] = signedParts(entity)
  const ran = gpgsm('--verify', file('signature', signature), file('content', Buffer.from(content, 'latin1')))
  return { ran, content }
}

function entityOf(cms: Uint8Array, type: string): string {
  const lines = Buffer.from(cms).toString('base64').replaceAll(/.{76}/g, '$&\r\n')
  return `Content-Type: ${type}\r\nContent-Transfer-Encoding: base64\r\n\r\n${lines}\r\n`
}

suite('gpgsm', withGpgsm, () => {
  if (withGpgsm.skip === undefined) start()
  after(() => spawnSync('gpgconf', ['--kill', 'all'], { env }))
  const holderOf = (name: string, kind: Kind, hasKey: boolean) => {
    const holder = house.holder(`${name}-${kind}@acme.example`.toLowerCase(), { kind })
    return withGpgsm.skip === undefined ? known(holder, hasKey) : holder
  }

  // Of keys on curves it reads signatures alone: 2.2.40 falls over when it is given a private one.
  for (const kind of ['RSA', 'P-256', 'P-384'] as const)
    test(`reads what we sign with ${kind}, and refuses what was changed`, async () => {
      const message = (await sealed(holderOf('carol', kind, false), [])).toString('latin1')
      const { ran, content } = verified(message)
      assert.match(right(ran), /GOODSIG.*[\s\S]*TRUST_FULLY/)
      assert.equal(content, TEXT)
      assert.match(verified(message.replace('Both have', 'Both had ')).ran.said, /BADSIG/)
    })

  suite('RSA', () => {
    const [alice, bob] = [holderOf('alice', 'RSA', false), holderOf('bob', 'RSA', true)]

    test('reads what we seal, and refuses what was changed', async () => {
      const message = (await sealed(alice, [bob], { profile: 'legacy' })).toString('latin1')
      const outer = verified(message)
      right(outer.ran)
      const cms = file('sealed', bodyOf(outer.content))
      right(gpgsm('--output', file('inner'), '--decrypt', cms))
      const inner = verified(readFileSync(file('inner'), 'latin1'))
      right(inner.ran)
      assert.equal(inner.content, TEXT)
      const at = message.indexOf('MIAG') + 600
      const changed = `${message.slice(0, at)}${message[at] === 'A' ? 'B' : 'A'}${message.slice(at + 1)}`
      assert.match(verified(changed).ran.said, /BADSIG/)
      const result = await opened(Buffer.from(changed, 'latin1'), [bob])
      assert.equal(verdict(result, alice.address).state, 'not opened')
    })

    test('is read by us: signed, encrypted, and changed', async () => {
      const text = file('text', TEXT)
      right(gpgsm('--local-user', bob.address, '--output', file('signature'), '--detach-sign', text))
      const boundary = 'b1'
      const control = entityOf(readFileSync(file('signature')), 'application/pkcs7-signature')
      const signed = `Content-Type: multipart/signed; protocol="application/pkcs7-signature"; micalg=sha-256; boundary=${boundary}\r\n\r\n--${boundary}\r\n${TEXT}\r\n--${boundary}\r\n${control}\r\n--${boundary}--\r\n`
      const result = await opened(Buffer.from(signed), [])
      assert.deepEqual([verdict(result, bob.address).state, result.text], ['verified', TEXT])
      const changed = await opened(Buffer.from(signed.replace('Both have', 'Both had ')), [])
      assert.equal(verdict(changed, bob.address).refusal?.code, 'ERR_MAIL_SIGNATURE')
      right(gpgsm('--recipient', alice.address, '--output', file('sealed'), '--encrypt', file('signed', signed)))
      const message = entityOf(readFileSync(file('sealed')), 'application/pkcs7-mime; smime-type=enveloped-data')
      const sealedResult = await opened(Buffer.from(message), [alice])
      assert.match(encryptedLayer(sealedResult).cipher ?? '', /^AES-\d+-CBC$/)
      assert.deepEqual([verdict(sealedResult, bob.address).state, sealedResult.text], ['verified', TEXT])
      const at = message.length - 200
      const refused = await opened(
        Buffer.from(`${message.slice(0, at)}${message[at] === 'A' ? 'B' : 'A'}${message.slice(at + 1)}`),
        [alice],
      )
      assert.equal(verdict(refused, bob.address).state, 'not opened')
    })
  })
})
