// Mail with somebody whom no authority of ours knows, and who uses GnuPG: their key is accepted by hand, and a changed one refused.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { needs } from '../interop/peer.ts'
import { type RunningHouse, startHouse } from './support/house.ts'
import { encryptedByPgp } from './support/letters.ts'

const PARTNER = 'erin@partner.example'
const withGpg = { ...needs('gpg', 'gpg'), ...needs('gpgconf', 'gpgconf') }

const letter = (from: string, to: string) =>
  [
    `From: ${from}`,
    `To: ${to}`,
    'Subject: The price',
    'Date: Fri, 27 Nov 2026 12:00:00 +0000',
    'Message-ID: <1@acme.example>',
    '',
    'We take it.',
    '',
  ].join('\n')

suite('a partner with GnuPG', withGpg, () => {
  let house: RunningHouse
  const home = mkdtempSync(join(tmpdir(), 'countersign-gpg-'))
  const env = { ...process.env, GNUPGHOME: home }
  const path = (name: string) => join(house.directory, name)
  const run = async (args: readonly string[], code = 0) => {
    const ran = await house.run([...args, '--identity', 'alice'])
    assert.equal(ran.code, code, `${args.join(' ')}\n${ran.stdout}${ran.stderr}`)
    return ran
  }
  const gpg = (args: readonly string[], input: string | Uint8Array = '') => {
    const fixed = [
      '--batch',
      '--no-tty',
      '--yes',
      '--status-fd',
      '2',
      '--pinentry-mode',
      'loopback',
      '--passphrase',
      '',
    ]
    const { status, stdout, stderr } = spawnSync('gpg', [...fixed, ...args], { env, input })
    assert.equal(status, 0, `${stderr}`)
    return { text: `${stdout}`, said: `${stderr}` }
  }
  /** A new key of the partner's, as a file; GnuPG signs with it from then on. */
  const newKey = async (file: string, address = PARTNER) => {
    gpg(['--quick-generate-key', '--', `Erin <${address}>`, 'ed25519', 'sign,cert', '1y'])
    const all = [
      ...gpg(['--with-colons', '--list-keys', address]).text.matchAll(/^pub:.*\n(?:.*\n)??fpr:+([0-9A-F]{40}):/gm),
    ]
    const fingerprint = all.at(-1)?.[1] ?? assert.fail()
    gpg(['--quick-add-key', fingerprint, 'cv25519', 'encrypt', '1y'])
    await writeFile(path(file), gpg(['--armor', '--export', fingerprint]).text)
    return fingerprint.toLowerCase()
  }
  const answer = async (file: string, by: string) => {
    const options = ['--armor', '--trust-model', 'always', '-u', by, '-r', 'alice@acme.example']
    const { text } = gpg([...options, '--sign', '--encrypt'], 'Content-Type: text/plain\r\n\r\nGood.\r\n')
    await writeFile(path(file), encryptedByPgp(PARTNER, text))
  }
  const open = async (file: string, code = 0) =>
    JSON.parse((await run(['mail', 'open', file, '--json'], code)).stdout) as { state: string; code?: string }
  let first = ''
  let second = ''

  before(async () => {
    house = await startHouse()
    const { stdout } = await house.run([
      'invite',
      'alice',
      '--profile',
      'person',
      '--san',
      'email:alice@acme.example',
      '--json',
    ])
    await house.run(['enroll', (JSON.parse(stdout) as { token: string }).token, '--out', 'alice'])
    await run(['mail', 'key', '--openpgp', '--legacy'])
    const folder = join(house.directory, 'alice', 'mail')
    const own = (await readdir(folder)).find((name) => /^[0-9a-f]{40}\.asc$/.test(name))
    gpg(['--import', join(folder, own ?? '')])
    first = await newKey('erin.asc')
  })
  after(async () => {
    spawnSync('gpgconf', ['--kill', 'all'], { env })
    rmSync(home, { recursive: true, force: true })
    await house[Symbol.asyncDispose]()
  })

  test('is not written to before their key is accepted, nor believed', async () => {
    await writeFile(path('letter'), letter('alice@acme.example', PARTNER))
    assert.match((await run(['mail', 'seal', 'letter', '--out', 'sealed'], 1)).stderr, /ERR_MAIL_RECIPIENT_KEY/)
    await answer('early', first)
    assert.equal((await open('early', 1)).code, 'ERR_MAIL_SIGNER')
  })

  test('has a key that is accepted by its fingerprint, compared, and by no other', async () => {
    const told = await run(['mail', 'keys', 'accept', PARTNER, 'erin.asc'], 1)
    assert.match(told.stderr, new RegExp(`its fingerprint is ${first}`))
    assert.match(told.stderr, /by another way/)
    const other = '0'.repeat(40)
    const wrong = await run(['mail', 'keys', 'accept', PARTNER, 'erin.asc', '--fingerprint', other], 1)
    assert.match(wrong.stderr, new RegExp(`${first}, and not ${other}`))
    const spelled = first.toUpperCase().replaceAll(/.{4}/g, '$& ')
    await run(['mail', 'keys', 'accept', PARTNER, 'erin.asc', '--fingerprint', spelled])
    const { stdout } = await run(['mail', 'keys', PARTNER])
    assert.match(stdout, new RegExp(`^\\+ ${first}  accepted by you`, 'm'))
  })

  test('reads what is sealed for them then, and what they answer is verified', async () => {
    const { stdout } = await run(['mail', 'seal', 'letter', '--out', 'sealed'])
    assert.match(stdout, /OpenPGP as GnuPG 2\.2 reads it/)
    const armored = /-----BEGIN PGP MESSAGE[\s\S]*-----END PGP MESSAGE-----/.exec(
      await readFile(path('sealed'), 'latin1'),
    )
    const read = gpg(['--decrypt'], armored?.[0])
    assert.match(read.text, /We take it/)
    assert.match(read.said, /GOODSIG.*<alice@acme\.example>/)
    await answer('answer', first)
    assert.equal((await open('answer')).state, 'verified')
  })

  test('with another key than the accepted one is not verified, until that is accepted in its place', async () => {
    second = await newKey('erin.new.asc')
    await answer('changed', second)
    assert.deepEqual(await open('changed', 1).then(({ state, code }) => [state, code]), [
      'not verified',
      'ERR_MAIL_SIGNER_CHANGED',
    ])
    const { stdout } = await run(['mail', 'open', 'changed'], 1)
    assert.match(stdout, /another key than the one that is known of this address/)
    const accepted = await run(['mail', 'keys', 'accept', PARTNER, 'erin.new.asc', '--fingerprint', second])
    assert.match(accepted.stdout, new RegExp(`in place of ${first}`))
    assert.equal((await open('changed')).state, 'verified')
    // What was accepted before is believed no more.
    assert.equal((await open('answer', 1)).code, 'ERR_MAIL_SIGNER_CHANGED')
  })

  test('with a key that is too large, of another address, ended or none, is refused, and the accepted one stays', async () => {
    const refused = async (file: string, code: string, fingerprint?: string) => {
      const more = fingerprint === undefined ? [] : ['--fingerprint', fingerprint]
      const ran = await house.run(['mail', 'keys', 'accept', PARTNER, file, ...more, '--identity', 'alice'])
      assert.equal(ran.code, 1, ran.stderr)
      assert.match(ran.stderr, new RegExp(code))
    }
    await refused('erin.other.asc', 'ERR_CALLEE_UNKNOWN_ISSUER', await newKey('erin.other.asc', 'erin@other.example'))
    await writeFile(path('none'), 'no key')
    await refused('none', 'ERR_MAIL_FORM')
    const key = Buffer.from(gpg(['--armor', '--export', first]).text)
    const binary = spawnSync('gpg', ['--batch', '--dearmor'], { env, input: key }).stdout
    // User ids, more than any key has; and packets that would be decompressed.
    const userId = Buffer.concat([Buffer.from([0xcd, 20]), Buffer.alloc(20, 'a')])
    await writeFile(path('many'), Buffer.concat([binary, ...Array<Buffer>(5_000).fill(userId)]))
    await refused('many', 'ERR_MAIL_BUDGET', first)
    await writeFile(path('packed'), Buffer.concat([binary, Buffer.from([0xc8, 3, 1, 3, 0])]))
    await refused('packed', 'ERR_MAIL_FORM', first)
    await writeFile(path('large'), Buffer.concat([binary, Buffer.alloc(600_000)]))
    await refused('large', 'ERR_MAIL_BUDGET', first)
    assert.equal((await open('changed')).state, 'verified')
  })

  test('is forgotten on wish', async () => {
    await run(['mail', 'keys', 'forget', PARTNER])
    assert.equal((await open('changed', 1)).code, 'ERR_MAIL_SIGNER')
    await run(['mail', 'keys', 'forget', PARTNER], 1)
  })
})
