// A store from a backup: what was under way when it was made may have been ended since, and nobody can say so any more.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { suite, test } from 'node:test'
import { LOGIN_PART, VERSION_1 } from '../src/store/schema.ts'
import { newBrowser, refusedBy } from './support/browser.ts'
import { codeOf, invited, signIn as signInAgain } from './support/customer.ts'
import { rowsOfVersion1 } from './support/earlier.ts'
import { SQLITE_WORDS } from './support/store.ts'
import { atNewDevice, load, noticesOf, type SignedIn, signedIn } from './support/within.ts'

/** As `countersign restore` does it. */
const restore = ({ door }: Pick<SignedIn, 'door'>) =>
  door.store.database.exec(`BEGIN; ${LOGIN_PART.restored(LOGIN_PART.version)}; COMMIT`)
const count = ({ door }: Pick<SignedIn, 'door'>, query: string) =>
  Number(door.store.database.prepare(`SELECT count(*) AS n FROM ${query}`).get()!['n'])

suite('a restored store', () => {
  test('has no session of before: who was signed out since stays so, and signs in again', async (t) => {
    const at = await signedIn(t)
    assert.equal((await load(at.door, at.browser)).kind, 'person')
    restore(at)
    assert.equal((await load(at.door, at.browser)).kind, 'nobody')
    assert.equal((await refusedBy(at.browser.ask('account', {}))).code, 'ERR_PERSON_NOT_SIGNED_IN')
    await signInAgain(at.door, at.carol)
    assert.equal((await load(at.door, at.browser)).kind, 'person')
  })

  test('lets in by no recovery that was begun before: a known device may have said no to it', async (t) => {
    const at = await signedIn(t)
    const { door, carol } = at
    const { other, id: signIn } = await atNewDevice(at)
    await other.ask('recover', { signIn, code: carol.recovery[0]! })
    restore(at)
    door.time.pass({ hours: 24 })
    assert.equal((await refusedBy(other.ask('wait', { signIn }))).code, 'ERR_PERSON_STEP')
    assert.equal(count(at, "login_waiting WHERE state = 'open'"), 0)
    assert.ok(!noticesOf(door).includes('new device'))
  })

  test('goes on with no sign-in that was confirmed, and no code that a telephone showed', async (t) => {
    const at = await signedIn(t)
    const { door, browser, carol } = at
    const { other, id: signIn } = await atNewDevice(at)
    const { waiting } = await browser.ask('account', {})
    await browser.ask('waiting/answer', { waiting: waiting[0]!.waiting, yes: true })
    await browser.ask('device/phone', { isPhone: true })
    await other.ask('code/send', { signIn })
    restore(at)
    const code = codeOf(carol.totpSecret, door.time.now())
    assert.equal((await refusedBy(other.ask('code', { signIn, code }))).code, 'ERR_PERSON_STEP')
    assert.equal(count(at, 'login_waiting WHERE code IS NOT NULL'), 0)
  })

  test('opens nothing by an invitation of before, which was perhaps used or refused; a new one is good', async (t) => {
    const at = await signedIn(t)
    const { door } = at
    const again = await door.login.accounts.invite({ account: 'carol', ttlSeconds: 3600, isAgain: true })
    assert.ok(again.ok)
    const tokens = [await invited(door, 'dave'), again.path.slice(again.path.indexOf('#') + 1)]
    const begun = await newBrowser(door)
    const { setUp } = await begun.ask('set-up/begin', { invitation: tokens[0]!, device: begun.device.keys })
    restore(at)
    for (const invitation of tokens) {
      const browser = await newBrowser(door)
      const refused = await refusedBy(browser.ask('set-up/begin', { invitation, device: browser.device.keys }))
      assert.equal(refused.code, 'ERR_PERSON_INVITATION')
    }
    const late = await refusedBy(
      begun.ask('set-up/password', { setUp, request: Buffer.alloc(32, 1).toString('base64url') }),
    )
    assert.equal(late.code, 'ERR_PERSON_STEP')
    const browser = await newBrowser(door)
    const invitation = await invited(door, 'dave')
    assert.equal((await browser.ask('set-up/begin', { invitation, device: browser.device.keys })).account, 'dave')
  })

  test('of any earlier version is restored as well, and led on afterwards', (t) => {
    const database = new DatabaseSync(':memory:', { enableForeignKeyConstraints: true })
    t.after(() => database.close())
    database.exec(VERSION_1(SQLITE_WORDS) + rowsOfVersion1("x'00'"))
    for (let version = 1; version <= LOGIN_PART.version; version++) {
      database.exec(`UPDATE login_session SET ended_at = NULL, ended_by = NULL;
        INSERT INTO login_waiting VALUES ('w${version}', 'carol', 'matter', '', '[]', x'00', NULL, 'open', 1, 2, NULL)`)
      database.exec(`BEGIN IMMEDIATE; ${LOGIN_PART.restored(version)}; COMMIT`)
      const ended = database.prepare('SELECT ended_by FROM login_session').all()
      assert.deepEqual(
        ended.map(({ ended_by }) => ended_by),
        ['ERR_SESSION_OVER'],
      )
      const waiting = database.prepare('SELECT state, code FROM login_waiting WHERE id = ?').get(`w${version}`)
      assert.deepEqual({ ...waiting }, { state: 'denied', code: null })
      assert.equal(database.prepare('SELECT 1 FROM login_sign_in').get(), undefined)
      const upgrade = LOGIN_PART.upgrades[version]
      if (upgrade !== undefined) database.exec(`BEGIN IMMEDIATE; ${upgrade(SQLITE_WORDS)}; COMMIT`)
    }
  })

  test('is brought to the same in PostgreSQL by what the page for operators says', () => {
    const page = readFileSync(new URL('../../../docs/operations.md', import.meta.url), 'utf8')
    const [, said] = /after `pg_restore`[^\n]*\n\n```sql\n([^`]*)```/.exec(page) ?? []
    assert.equal(said, LOGIN_PART.restored(LOGIN_PART.version))
  })
})
