// A letter between two people of a house, by the command line: who wrote to whom, what the carrier sees, and what tampering shows.
import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { readSignedData, type SignerInfo, writeSignedData } from '@countersign/x509'
import { type RunningHouse, startHouse } from './support/house.ts'

const LETTER = [
  'From: Alice <alice@acme.example>',
  'To: bob@acme.example',
  'Bcc: carol@acme.example',
  'Subject: The price is 4,200',
  'Date: Fri, 27 Nov 2026 12:00:00 +0000',
  'Message-ID: <1@acme.example>',
  'Content-Type: text/plain; charset=utf-8',
  '',
  'We take it.',
  '',
].join('\n')

suite('a letter', () => {
  let house: RunningHouse
  const path = (name: string) => join(house.directory, name)
  const run = async (args: readonly string[], code = 0) => {
    const ran = await house.run(args)
    assert.equal(ran.code, code, `${args.join(' ')}\n${ran.stdout}${ran.stderr}`)
    return ran
  }
  const enroll = async (party: string) => {
    const { stdout } = await run([
      'invite',
      party,
      '--profile',
      'person',
      '--san',
      `email:${party}@acme.example`,
      '--json',
    ])
    await run(['enroll', (JSON.parse(stdout) as { token: string }).token, '--out', party])
  }
  const seal = async (letter: string, out: string, ...more: readonly string[]) => {
    await writeFile(path(`${out}.letter`), letter)
    return run(['mail', 'seal', `${out}.letter`, '--identity', 'alice', '--out', out, ...more])
  }
  interface Opened {
    state: string
    code?: string
    from?: string
    encrypted: boolean
    cipher?: string
    remarks: readonly string[]
    meeting: { reference: string; steps: readonly { outcome: string }[]; caller: { name: string } }
  }
  const open = async (file: string, who: string, code: number, ...more: readonly string[]) =>
    JSON.parse((await run(['mail', 'open', file, '--identity', who, '--json', ...more], code)).stdout) as Opened
  const change = async (from: string, to: string, edit: (text: string) => string) => {
    const before = await readFile(path(from), 'latin1')
    const text = edit(before)
    assert.notEqual(text, before)
    await writeFile(path(to), text, 'latin1')
  }

  before(async () => {
    house = await startHouse()
    for (const party of ['alice', 'bob', 'carol', 'mallory']) {
      await enroll(party)
      await run(['mail', 'key', '--identity', party])
    }
    await seal(LETTER, 'sealed')
  })
  after(() => house[Symbol.asyncDispose]())

  test('shows its carrier neither subject nor text, nor who is in Bcc', async () => {
    for (const file of ['sealed', 'sealed.1']) {
      const carried = await readFile(path(file), 'latin1')
      assert.doesNotMatch(carried, /4,200|We take it|carol/)
      assert.match(carried, /^Subject: \[\.\.\.\]\r$/m)
    }
  })

  test('is opened by who it is for: verified, with both sides in the picture', async () => {
    const opened = await open('sealed', 'bob', 0, '--out', 'clear')
    assert.deepEqual(
      [opened.state, opened.from, opened.encrypted, opened.cipher],
      ['verified', 'alice@acme.example', true, 'AES-256-GCM'],
    )
    assert.deepEqual(
      opened.meeting.steps.map(({ outcome }) => outcome),
      Array(6).fill('proved'),
    )
    const clear = await readFile(path('clear'), 'utf8')
    assert.match(clear, /^Subject: The price is 4,200\r$/m)
    assert.match(clear, /\r\n\r\nWe take it\.\r\n$/)
    assert.doesNotMatch(clear, /carol/)
    const { stdout } = await run(['mail', 'open', 'sealed', '--identity', 'bob'])
    assert.match(stdout, /4 present {3}alice, issued by/)
    assert.match(stdout, /6 channel {3}✔ S\/MIME · AES-256-GCM · ECDH P-256/)
    assert.match(stdout, /^verified: from alice@acme\.example$/m)
  })

  test('its sender reads it too; whoever is in Bcc reads their own copy, and is told that they are not addressed', async () => {
    assert.equal((await open('sealed', 'alice', 0)).state, 'verified')
    const { state, remarks } = await open('sealed.1', 'carol', 0)
    assert.deepEqual([state, remarks], ['verified', ['not-addressed']])
    assert.equal((await open('sealed.1', 'bob', 1)).code, 'ERR_MAIL_NO_KEY')
  })

  test('is for nobody else, and nothing is written', async () => {
    const opened = await open('sealed', 'mallory', 1, '--out', 'mallorys')
    assert.deepEqual([opened.state, opened.code], ['not opened', 'ERR_MAIL_NO_KEY'])
    await assert.rejects(readFile(path('mallorys')), { code: 'ENOENT' })
  })

  test('changed on its way it is not opened; From changed outside it is not verified', async () => {
    const lines = (await readFile(path('sealed'), 'latin1')).split('\r\n')
    const at = lines.length - 5
    lines[at] = (lines[at] ?? '').replace(/.(.{3})$/, (end) =>
      end.startsWith('A') ? `B${end.slice(1)}` : `A${end.slice(1)}`,
    )
    await writeFile(path('edited'), lines.join('\r\n'), 'latin1')
    const edited = await open('edited', 'bob', 1, '--out', 'edited.clear')
    assert.deepEqual([edited.state, edited.code], ['not opened', 'ERR_MAIL_DECRYPT'])
    await assert.rejects(readFile(path('edited.clear')), { code: 'ENOENT' })
    await change('sealed', 'renamed', (text) => text.replace('<alice@acme.example>', '<mallory@acme.example>'))
    const renamed = await open('renamed', 'bob', 1)
    assert.deepEqual([renamed.state, renamed.code], ['not verified', 'ERR_MAIL_HEADER_DIFFERS'])
  })

  test('in the legacy profile is signed inside and outside; without its outer signature it is still whole, edited it is not shown', async () => {
    await seal(LETTER.replace(/^Bcc.*\n/m, ''), 'legacy', '--legacy')
    const opened = await open('legacy', 'bob', 0)
    assert.deepEqual([opened.state, opened.cipher], ['verified', 'AES-256-CBC'])
    const lines = (await readFile(path('legacy'), 'latin1')).split('\r\n')
    const at = lines.findIndex((line) => /^[A-Za-z0-9+/]{76}$/.test(line)) + 8
    lines[at] = (lines[at] ?? '').replace(/^./, (first) => (first === 'A' ? 'B' : 'A'))
    await writeFile(path('legacy.edited'), lines.join('\r\n'), 'latin1')
    const edited = await open('legacy.edited', 'bob', 1, '--out', 'legacy.clear')
    assert.equal(edited.state, 'not opened')
    await assert.rejects(readFile(path('legacy.clear')), { code: 'ENOENT' })
  })

  test('signed alone is readable by anybody, and says so', async () => {
    await seal(LETTER.replace(/^Bcc.*\n/m, ''), 'signed', '--sign-only')
    assert.match(await readFile(path('signed'), 'latin1'), /We take it/)
    const opened = await open('signed', 'mallory', 0)
    assert.deepEqual([opened.state, opened.encrypted, opened.remarks], ['verified', false, ['not-addressed']])
    await change('signed', 'signed.edited', (text) => text.replace('We take it', 'We leave it'))
    assert.equal((await open('signed.edited', 'bob', 1)).code, 'ERR_MAIL_SIGNATURE')
  })

  test('is not sealed for who has no key, as another, or for nobody', async () => {
    const refused = async (letter: string, code: string, exit = 1) => {
      await writeFile(path('bad.letter'), letter)
      const { stderr } = await run(['mail', 'seal', 'bad.letter', '--identity', 'alice', '--out', 'bad'], exit)
      assert.equal(stderr.split(code).length, 2, stderr)
      await assert.rejects(readFile(path('bad')), { code: 'ENOENT' })
    }
    await refused(LETTER.replace('bob@', 'dave@'), 'ERR_MAIL_RECIPIENT_KEY')
    await refused(LETTER.replace('<alice@', '<mallory@'), 'ERR_MAIL_FROM_DIFFERS')
    await refused(LETTER.replace(/^(?:To|Bcc).*\n/gm, ''), 'ERR_MAIL_FORM')
    await refused(LETTER.replace('Subject:', 'Subject :'), 'ERR_MAIL_FORM', 3)
  })

  test('of a sender who was revoked is verified where the authority saw it before, and else not verified, since when', async () => {
    await seal(LETTER.replace(/^Bcc.*\n/m, ''), 'old', '--sign-only')
    const [, token] = await changeSignature('old', 'unstamped', ({ unsignedAttrs: _, ...signer }) => signer)
    assert.deepEqual((await open('unstamped', 'bob', 0)).remarks, [])
    // A time stamp means the end of its second, and a list says the second in which the revocation was.
    await delay(2100)
    await run(['revoke', 'alice', '--reason', 'keyCompromise'])

    const { stdout: stamped } = await run(['mail', 'open', 'sealed', '--identity', 'bob'])
    assert.match(stamped, /^verified: from alice@acme\.example$/m)
    assert.match(stamped, /^note: authority saw it before the key of its signer was revoked$/m)
    assert.deepEqual((await open('old', 'bob', 0)).remarks, ['older-than-revocation'])
    const { stdout: later } = await run(['mail', 'open', 'unstamped', '--identity', 'bob'], 1)
    assert.match(later, /not verified: from alice@acme\.example, not believed since/)
    assert.match(later, /alice was revoked/)

    // Who has the key now gets no time stamp, and that of an older letter is of that letter.
    const { stderr } = await seal(LETTER.replace(/^Bcc.*\n/m, '').replace('4,200', '1'), 'forged', '--sign-only')
    assert.match(stderr, /signed without a time stamp/)
    const forged = await open('forged', 'bob', 1)
    assert.deepEqual([forged.state, forged.code, forged.remarks], ['not verified', 'ERR_CALLER_REVOKED', []])
    await changeSignature('forged', 'moved', (signer) => ({ ...signer, unsignedAttrs: token ?? [] }))
    const moved = await open('moved', 'bob', 1)
    assert.deepEqual([moved.code, moved.remarks], ['ERR_CALLER_REVOKED', ['time-stamp']])

    // The authority away: what is known decides, and that it was not asked is said.
    await house.stop()
    const away = await run(['mail', 'open', 'unstamped', '--identity', 'bob'], 1)
    assert.match(away.stderr, /the authority was not met/)
    assert.match(away.stdout, /^not verified/m)
  })

  /** Rewrites the signature of a letter that is signed alone; answers its unsigned attributes, as they were. */
  const changeSignature = async (from: string, to: string, edit: (signer: SignerInfo) => SignerInfo) => {
    const text = await readFile(path(from), 'latin1')
    const [whole, base64 = ''] = /\r\n\r\n([A-Za-z0-9+/=\r\n]+)--signed-[0-9a-f]+--\r\n$/.exec(text) ?? []
    assert.ok(whole)
    const data = readSignedData(Buffer.from(base64, 'base64'))
    const [signer] = data.signerInfos
    assert.ok(signer)
    const edited = Buffer.from(writeSignedData({ ...data, signerInfos: [edit(signer)] })).toString('base64')
    await writeFile(path(to), text.replace(base64, `${edited.replace(/.{76}/g, '$&\r\n')}\r\n`), 'latin1')
    return [data, signer.unsignedAttrs] as const
  }
})
