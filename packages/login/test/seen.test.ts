// What strangers write, and others read.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { API, matter } from '../src/api.ts'
import { isSeen } from '../src/browser/seen.ts'
import { HOST, newBrowser } from './support/browser.ts'
import { atNewDevice, signedIn, TRANSFER } from './support/within.ts'

/** Each with its name in Unicode's table of characters. */
const UNSEEN = {
  NULL: '\u0000',
  'ESCAPE, by which terminals are moved': '\u001b[2J',
  'LINE FEED': '\n',
  DELETE: '\u007f',
  'CONTROL SEQUENCE INTRODUCER': '\u009b2J',
  'SOFT HYPHEN': '\u00ad',
  'COMBINING GRAPHEME JOINER': '\u034f',
  'ARABIC LETTER MARK': '\u061c',
  'HANGUL FILLER': '\u3164',
  'ZERO WIDTH SPACE': '\u200b',
  'RIGHT-TO-LEFT MARK': '\u200f',
  'LINE SEPARATOR': '\u2028',
  'PARAGRAPH SEPARATOR': '\u2029',
  'RIGHT-TO-LEFT OVERRIDE': '\u202e',
  'WORD JOINER': '\u2060',
  'FIRST STRONG ISOLATE': '\u2068',
  'ZERO WIDTH NO-BREAK SPACE': '\ufeff',
  'INTERLINEAR ANNOTATION ANCHOR': '\ufff9',
  'TAG LATIN SMALL LETTER A': '\u{e0061}',
  'half of a character': '\ud83d',
}
const SEEN = [
  'Chrome on Linux',
  'Gerät der Großmutter',
  '母のiPhone',
  'הטלפון של אמא',
  'می\u200cخواهم',
  '👩\u200d🔬 lab',
  '❤\ufe0f',
  'e\u0301',
]

suite('text of strangers', () => {
  test('has nothing that cannot be seen, or turns round what can', () => {
    for (const [name, text] of Object.entries(UNSEEN)) assert.equal(isSeen(`a${text}b`), false, name)
    for (const text of SEEN) assert.ok(isSeen(text), text)
  })

  test('as the name of a device, a passkey, a customer or an account: refused, before anything of it is kept', async (t) => {
    const at = await signedIn(t)
    const { browser } = at
    const other = await newBrowser(at.door)
    const { signIn } = await other.ask('begin', { device: other.device.keys })
    const start = Buffer.alloc(96).toString('base64url')
    const credential = { id: 'AAAA', rawId: 'AAAA', type: 'public-key' }
    const { keys } = other.device
    for (const [name, text] of Object.entries(UNSEEN)) {
      const bad = `Your own${text} telephone`
      const asked = [
        await other.send('begin', { device: { ...keys, name: bad } }),
        await other.send('password', { signIn, account: bad, start }),
        await browser.send('passkey/add', { credential, name: bad }),
        await browser.send('set-up/begin', { invitation: start.slice(0, 43), device: { ...keys, name: bad } }),
      ]
      assert.deepEqual(
        asked.map((answer) => answer.json<{ code: string }>().code),
        asked.map(() => 'ERR_PERSON_REQUEST'),
        name,
      )
      const record = { setUp: signIn, name: bad, record: 'AAAA', ofPassword: 'a.a.a.a.a', ofDevice: 'a.a.a.a.a' }
      assert.equal(API['set-up/record'].body.safeParse(record).success, false, name)
      assert.ok(API['set-up/record'].body.safeParse({ ...record, name: 'Carol' }).success)
      assert.equal(matter.safeParse({ ...TRANSFER, title: bad }).success, false, name)
    }
    assert.equal(at.door.records.filter(({ outcome }) => !outcome.ok).length, 0)
    for (const name of SEEN) {
      const { other: fine } = await atNewDevice(at, { name })
      assert.equal(fine.device.keys.name, name)
    }
    const { waiting } = await browser.ask('account', {})
    assert.deepEqual(new Set(waiting.map(({ text }) => text[0]?.[1])), new Set(SEEN))
    assert.equal(HOST, at.door.ground.host)
  })
})
