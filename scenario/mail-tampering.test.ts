// What somebody who carries mail can do to it, and what its reader is shown: each row of the table in docs/doors/mail.md, and the
// tricks by which readers of mail have been deceived.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readdir, readFile, stat } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, suite, test } from 'node:test'
import { needs } from '../interop/peer.ts'
import { Letters } from './support/letters.ts'
import { partyFiles, runProgram } from './support/peers.ts'

const HEADER = [
  'From: Alice <alice@acme.example>',
  'To: bob@acme.example',
  'Subject: The price is 4,200',
  'Date: Fri, 27 Nov 2026 12:00:00 +0000',
  'Message-ID: <1@acme.example>',
  'MIME-Version: 1.0',
]
const crlf = (...lines: readonly string[]) => lines.join('\r\n')
const letter = (...body: readonly string[]) => crlf(...HEADER, ...body, '')
const LETTER = letter('Content-Type: text/plain; charset=utf-8', '', 'We take it.')

suite('a letter on its way', needs('openssl', 'openssl'), () => {
  let letters: Letters
  /** Signed by alice for all to read; and sealed to bob, in both profiles. */
  let signed: string
  const fieldsOf = (message: string) => message.slice(0, message.indexOf('\r\n\r\n'))
  /** An entity: what of a message belongs to its body. */
  const entityOf = (message: string) => {
    const [head, body] = [fieldsOf(message), message.slice(message.indexOf('\r\n\r\n'))]
    const fields = head.replaceAll(/\r\n(?=[ \t])/g, '\0').split('\r\n')
    return `${fields
      .filter((field) => /^content-/i.test(field))
      .join('\r\n')
      .replaceAll('\0', '\r\n')}${body}`
  }
  const mixed = (type: string, ...parts: readonly string[]) =>
    letter(
      `Content-Type: multipart/${type}; boundary=evil`,
      '',
      ...parts.flatMap((part) => ['--evil', part]),
      '--evil--',
    )
  const text = (words: string, type = 'plain') => crlf(`Content-Type: text/${type}`, '', words)

  before(async () => {
    letters = await Letters.start(['alice', 'bob', 'carol', 'mallory'])
    await letters.seal('alice', LETTER, 'signed', '--sign-only')
    await letters.seal('alice', LETTER, 'sealed')
    await letters.seal('alice', LETTER, 'legacy', '--legacy')
    signed = await letters.read('signed')
  })
  after(() => letters[Symbol.asyncDispose]())

  /** What bob is shown of a message; that nothing of it is let out where it is not opened is seen too. */
  const shown = async (message: string, code: number) => {
    const name = `m-${randomBytes(4).toString('hex')}`
    await letters.write(name, message)
    const opened = await letters.open(name, 'bob', code, '--out', `${name}.out`)
    const isOut = await stat(letters.path(`${name}.out`)).then(
      () => true,
      () => false,
    )
    if (opened.state === 'not opened') assert.equal(isOut, false)
    return [opened.state, opened.code ?? opened.remarks.join()]
  }

  test('untouched is verified, in each form', async () => {
    assert.deepEqual(await shown(signed, 0), ['verified', ''])
    for (const name of ['sealed', 'legacy'])
      assert.deepEqual(await shown(await letters.read(name), 0), ['verified', ''])
  })

  const signedCases: Readonly<
    Record<string, readonly [edit: (message: string) => string, state: string, code: string]>
  > = {
    'another word': [(m) => m.replace('We take it', 'We leave it'), 'not verified', 'ERR_MAIL_SIGNATURE'],
    'another subject, in what is signed': [(m) => m.replaceAll('4,200', '9,900'), 'not verified', 'ERR_MAIL_SIGNATURE'],
    'its signature cut off': [
      (m) => entityOf(m).split(/--signed-[0-9a-f]+\r\n/)[1] ?? assert.fail(),
      'not verified',
      'ERR_MAIL_NOT_SIGNED',
    ],
    'text before it': [(m) => mixed('mixed', text('Pay mallory.'), entityOf(m)), 'not verified', 'ERR_MAIL_COVERAGE'],
    'text after it': [(m) => mixed('mixed', entityOf(m), text('Pay mallory.')), 'not verified', 'ERR_MAIL_COVERAGE'],
    // The tricks of "Johnny, you are fired": the good signature is there, and another part is what is shown.
    'a page that hides it': [
      (m) => mixed('related', text('<p>Pay mallory.</p><div style="display:none">', 'html'), entityOf(m)),
      'not verified',
      'ERR_MAIL_COVERAGE',
    ],
    'another choice beside it': [
      (m) => mixed('alternative', entityOf(m), text('<p>Pay mallory.</p>', 'html')),
      'not verified',
      'ERR_MAIL_COVERAGE',
    ],
    'it as an attachment': [
      (m) => mixed('mixed', text('Pay mallory.'), crlf('Content-Type: message/rfc822', '', m)),
      'not verified',
      'ERR_MAIL_NOT_SIGNED',
    ],
    'a third part in what is signed': [
      (m) => m.replace(/\r\n(--signed-[0-9a-f]+)--/, '\r\n$1\r\nContent-Type: text/plain\r\n\r\nPay mallory.\r\n$1--'),
      'not verified',
      'ERR_MAIL_FORM',
    ],
    'one more From outside': [
      (m) => m.replace('From: Alice <', 'From: mallory@acme.example, Alice <'),
      'not verified',
      'ERR_MAIL_HEADER_DIFFERS',
    ],
    'no From outside': [(m) => m.replace(/^From: .*\r\n/, ''), 'not verified', 'ERR_MAIL_HEADER_DIFFERS'],
    'another subject outside alone': [(m) => m.replace('4,200', '9,900'), 'verified', 'header-altered'],
    'another recipient outside alone': [(m) => m.replace('To: bob@', 'To: carol@'), 'verified', 'header-altered'],
    'From outside another': [(m) => m.replace('<alice@', '<mallory@'), 'not verified', 'ERR_MAIL_HEADER_DIFFERS'],
    'a second From': [(m) => `From: mallory@acme.example\r\n${m}`, 'not opened', 'ERR_MAIL_FORM'],
    'a bare line feed': [(m) => m.replace('\r\nTo:', '\nTo:'), 'not opened', 'ERR_MAIL_FORM'],
    'a bare carriage return': [(m) => m.replace('We take', 'We\rtake'), 'not opened', 'ERR_MAIL_FORM'],
    'a NUL': [(m) => m.replace('We take', 'We\0take'), 'not opened', 'ERR_MAIL_FORM'],
    'its last boundary cut off': [
      (m) => m.replace(/\r\n--signed-[0-9a-f]+--\r\n$/, '\r\n'),
      'not opened',
      'ERR_MAIL_FORM',
    ],
  }
  for (const [what, [edit, state, code]] of Object.entries(signedCases))
    test(`signed, with ${what}: ${code}`, async () => {
      const edited = edit(signed)
      assert.notEqual(edited, signed)
      assert.deepEqual(await shown(edited, state === 'verified' ? 0 : 1), [state, code])
    })

  test('signed, with a field that was added outside: nothing of it is shown', async () => {
    await letters.write('added', `Reply-To: mallory@acme.example\r\n${signed.replace('4,200', '9,900')}`)
    const { stdout } = await letters.run(['mail', 'open', 'added', '--identity', 'bob', '--out', 'added.out'])
    assert.match(stdout, /^Subject: The price is 4,200$/m)
    assert.match(stdout, /^note: outside it says something else than its sender wrote \(subject\)/m)
    assert.doesNotMatch(stdout + (await letters.read('added.out')), /mallory|9,900/)
  })

  /** As OpenSSL does it, with the keys of a party. */
  const cms = async (args: readonly string[], input: string) => {
    const [from, to] = ['cms.in', 'cms.out']
    await letters.write(from, input)
    const { code, stderr } = await runProgram('openssl', [
      ...['cms', ...args, '-in', letters.path(from), '-out', letters.path(to), '-crlfeol'],
    ])
    assert.equal(code, 0, stderr)
    return (await letters.read(to)).replaceAll(/\r?\n/g, '\r\n')
  }
  /** What leads from a party's certificate to the root goes along, as its own programs send it. */
  const signerOf = async (party: string) => {
    const { key, certificate } = partyFiles(letters.path(party))
    const [, ...issuers] = (await readFile(certificate, 'utf8')).split(/(?=-----BEGIN CERTIFICATE-----)/)
    await letters.write(`${party}.issuers`, issuers.join(''))
    return ['-signer', certificate, '-inkey', key, '-certfile', letters.path(`${party}.issuers`), '-nosmimecap']
  }
  const keyOfBob = async () => {
    const [name = assert.fail()] = (await readdir(letters.path('bob/mail'))).filter((each) => each.endsWith('.pem'))
    return letters.path(`bob/mail/${name}`)
  }
  const signedBy = async (party: string, entity: string) =>
    letter(entityOf(await cms(['-sign', ...(await signerOf(party))], entity)))

  test('signed once more by another is not by its From', async () => {
    assert.deepEqual(await shown(await signedBy('mallory', entityOf(signed)), 1), [
      'not verified',
      'ERR_MAIL_SIGNED_AGAIN',
    ])
  })

  test('signed by another, in the name of alice, is not by her; in their own it is by them', async () => {
    const theirs = await signedBy('mallory', text('Pay mallory.'))
    assert.deepEqual(await shown(theirs, 1), ['not verified', 'ERR_MAIL_FROM_DIFFERS'])
    const own = theirs.replace('Alice <alice@', '"alice@acme.example" <mallory@')
    assert.deepEqual(await shown(own, 0), ['verified', 'display-name,header-not-protected'])
  })

  test('signed by a program that protects no header: From counts, and of the others that they are as they were carried', async () => {
    const plain = await signedBy('alice', text('We take it.'))
    assert.deepEqual(await shown(plain.replace('4,200', '9,900'), 0), ['verified', 'header-not-protected'])
    for (const from of ['', 'From: alice@acme.example, mallory@acme.example\r\n'])
      assert.deepEqual(await shown(plain.replace(/^From: .*\r\n/, from), 1), ['not verified', 'ERR_MAIL_FROM'])
  })

  test('signed around something that another has signed is not verified', async () => {
    const theirs = entityOf(await signedBy('mallory', text('Pay mallory.')))
    const around = await signedBy('alice', entityOf(mixed('mixed', text('See below.'), theirs)))
    assert.deepEqual(await shown(around, 1), ['not verified', 'ERR_MAIL_NESTED'])
  })

  test('signed around the encryption alone is not verified: whoever signed need not know what is inside', async () => {
    const encrypted = await cms(['-encrypt', '-aes-256-gcm', '-recip', await keyOfBob()], text('A secret.'))
    assert.deepEqual(await shown(await signedBy('alice', entityOf(encrypted)), 1), [
      'not verified',
      'ERR_MAIL_SIGNED_OUTSIDE',
    ])
  })

  test('signed by alice around the encryption of another is not verified: she may not know what is inside', async () => {
    // Her own, once more: fine. What mallory encrypted, with her signature around: not.
    assert.equal((await shown(await signedBy('alice', entityOf(await letters.read('sealed'))), 0))[0], 'verified')
    await letters.seal('mallory', LETTER.replace('Alice <alice@', '<mallory@'), 'theirs')
    const around = await signedBy('alice', entityOf(await letters.read('theirs')))
    assert.deepEqual(await shown(around, 1), ['not verified', 'ERR_MAIL_HEADER_DIFFERS'])
  })

  test('sealed, within what a page sends elsewhere (EFAIL), is neither opened nor verified', async () => {
    for (const name of ['sealed', 'legacy']) {
      const split = mixed(
        'mixed',
        text('<img src="http://evil.example/', 'html'),
        entityOf(await letters.read(name)),
        text('">', 'html'),
      )
      const [state, code] = await shown(split, 1)
      assert.deepEqual([state, code], ['not verified', 'ERR_MAIL_COVERAGE'])
    }
  })

  test('encrypted by CBC without a signature is not opened, changed (EFAIL) or not', async () => {
    const sealed = await cms(['-encrypt', '-aes256', '-recip', await keyOfBob()], text('A secret.'))
    assert.deepEqual(await shown(letter(entityOf(sealed)), 1), ['not opened', 'ERR_MAIL_UNAUTHENTICATED'])
    const lines = sealed.split('\r\n')
    const at = lines.length - 5
    lines[at] = (lines[at] ?? '').replace(/^./, (first) => (first === 'A' ? 'B' : 'A'))
    assert.equal((await shown(letter(entityOf(lines.join('\r\n'))), 1))[0], 'not opened')
  })

  test('passed on to another is verified, and says that it was not to them', async () => {
    await letters.write('forwarded', signed)
    const { state, remarks } = await letters.open('forwarded', 'carol', 0)
    assert.deepEqual([state, remarks], ['verified', ['not-addressed']])
  })

  test('of a page with pictures elsewhere fetches nothing', async () => {
    let asked = 0
    const server = createServer((_request, response) => {
      asked++
      response.end()
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
    const page = crlf('Content-Type: text/html', '', `<img src="${url}">`)
    const elsewhere = crlf(`Content-Type: message/external-body; access-type=URL; URL="${url}"`, '', '')
    await letters.seal('alice', mixed('related', page, elsewhere), 'page')
    assert.equal((await letters.open('page', 'bob', 0, '--out', 'page.out')).state, 'verified')
    assert.equal(asked, 0)
    assert.ok((await letters.read('page.out')).includes(url), 'it is as its sender wrote it')
    server.close()
  })

  test('of 30 MB goes and comes whole', async () => {
    const body = randomBytes(22_500_000).toString('base64').replaceAll(/.{76}/g, '$&\r\n')
    const part = ['Content-Type: application/octet-stream', 'Content-Transfer-Encoding: base64', '', body]
    await letters.seal('alice', letter(...part), 'large')
    assert.equal((await letters.open('large', 'bob', 0, '--out', 'large.out')).state, 'verified')
    const out = await letters.read('large.out')
    assert.ok(out.endsWith(`\r\n\r\n${body}\r\n`))
  })

  test('beyond ASCII, in its header and in addresses, is read as it was written', async () => {
    const words = 'Grüße: 4.200 €'
    const utf8 = LETTER.replace('The price is 4,200', words).replace('To: bob@', 'To: Jörg <jörg@acme.example>, bob@')
    await letters.seal('alice', utf8, 'utf8', '--sign-only')
    const { stdout } = await letters.run(['mail', 'open', 'utf8', '--identity', 'bob', '--out', 'utf8.out'])
    assert.match(stdout, /^verified: from alice@acme\.example$/m)
    assert.match(stdout, new RegExp(`^Subject: ${words}$`, 'm'))
    assert.doesNotMatch(stdout, /you are not among those/)
    assert.match(
      await readFile(letters.path('utf8.out'), 'utf8'),
      /^To: Jörg <jörg@acme\.example>, bob@acme\.example\r$/m,
    )
  })
})
