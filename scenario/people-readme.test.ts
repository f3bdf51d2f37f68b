// What the README says of the bank, pasted, with Chromium and an app for codes: the default house, from the invitation to a lock.
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { launchChromium } from '../tools/testing/chromium.ts'
import { PEOPLE_NEED, setUp, signIn } from './support/people.ts'
import { runShell } from './support/run-command.ts'
import { startTextHouse } from './support/text-house.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const readme = await readFile(join(ROOT, 'README.md'), 'utf8')
const section = /^## A bank and its customers$(.*?)^## /ms.exec(readme)?.[1] ?? ''
const [first = [], second = []] = [...section.matchAll(/^```\n(.*?)^```$/gms)].map(([, lines = '']) =>
  lines.trimEnd().split('\n'),
)

suite('README.md, a bank and its customers', PEOPLE_NEED, () => {
  test('every line works as pasted, and the page of a customer who is locked says so', async () => {
    await using stack = new AsyncDisposableStack()
    const house = stack.use(await startTextHouse())
    await symlink(join(ROOT, 'node_modules'), join(house.directory, 'node_modules'), 'junction')
    const home = await mkdtemp(join(tmpdir(), 'countersign-readme-bank-'))
    stack.defer(() => rm(home, { recursive: true, force: true }))
    const paste = async (line = '', more = '') => {
      const ran = await runShell(line.replace(/ +#.*$/, more), { cwd: house.directory, env: { HOME: home } })
      assert.equal(ran.code, 0, `${line}: ${ran.stdout}${ran.stderr}`)
      return ran.stdout
    }
    const [install, invite, none] = first
    assert.equal(none, undefined)
    // Nobody sits here to say yes, and no other store than that of this test's browser is to be changed.
    await paste(install, ' --chromium --yes')
    const address = (await paste(invite)).trim()
    assert.match(address, /^https:\/\/bank\.localhost:\d+\/login\/set-up#/)

    const browser = await launchChromium({ home })
    stack.defer(() => browser.close())
    const page = await browser.newPage()
    page.setDefaultTimeout(15_000)
    const carol = await setUp({ invite: async () => address }, { page }, 'carol')
    const { origin } = new URL(address)
    assert.equal((await signIn({ origin }, { page }, carol)).phrase, `“${carol.phrase}”`)
    assert.match(await page.locator('main').innerText(), /€/)

    const [sessions, accounts, lock, unlock, nothing] = second
    assert.equal(nothing, undefined)
    assert.match(await paste(sessions), /carol/)
    assert.match(await paste(accounts), /carol/)
    await paste(lock)
    await page.reload()
    assert.match(await page.locator('body').innerText(), /locked out/)
    await paste(unlock)
    // The page that said so leads back to signing in.
    await page.reload()
    await page.waitForURL((url) => url.pathname === '/login/')
    await signIn({ origin }, { page }, carol)
    assert.match(await page.locator('main').innerText(), /€/)
  })
})
