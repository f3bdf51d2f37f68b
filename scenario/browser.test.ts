// A person's browser from the invitation on: Chromium offers what was enrolled, and reads why it is refused.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { needs } from '../interop/peer.ts'
import { launchChromium } from '../tools/testing/chromium.ts'
import { NEEDS_MOUNT, OWN_MOUNTS } from '../tools/testing/small-disk.ts'
import { type RunningHouse, startHouse } from './support/house.ts'

const NEEDS = {
  ...needs('chromium', 'chromium'),
  ...needs('certutil', 'libnss3-tools'),
  ...needs('pk12util', 'libnss3-tools'),
  ...needs('unshare', 'util-linux'),
  ...NEEDS_MOUNT,
}

suite('Chromium at a web door', NEEDS, () => {
  let house: RunningHouse
  let folder: string
  let program: string
  let url: string
  const browsers: Browser[] = []

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'countersign-browser-'))
    program = chromiumThatChooses(folder)
    const host = ['hello.localhost', '127.0.0.1']
    house = await startHouse({
      config: {
        authority: {
          name: 'authority.localhost',
          domain: 'house.localhost',
          organization: 'Test',
          listen: '127.0.0.1:0',
        },
        doors: [{ name: 'hello', kind: 'web', host, listen: '127.0.0.1:0', upstream: 'demo', allow: ['alice'] }],
      },
    })
    // Not by its address: the name is what the certificate proves.
    url = `https://hello.localhost:${new URL(house.ready.doors[0]?.url ?? '').port}/`
  })
  after(async () => {
    for (const browser of browsers) await browser.close()
    await house?.[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true, force: true })
  })

  const countersign = async (args: readonly string[], home: string) => {
    const { code, stdout, stderr } = await house.run(args, { env: { HOME: home } })
    assert.equal(code, 0, stdout + stderr)
    return stdout
  }
  const homeOf = (person: string) => {
    const home = join(folder, person)
    mkdirSync(home, { recursive: true })
    return home
  }
  /** The person's whole way by our commands: a token, an identity, and both of what the browser needs. */
  async function arrive(person: string): Promise<string> {
    const home = homeOf(person)
    const token = (await countersign(['invite', person], home)).trim()
    await countersign(['enroll', token, '--out', person], home)
    await countersign(['trust', 'install', '--chromium', '--identity', person, '--client', '--yes'], home)
    return home
  }
  /** Opens the door in the browser of whoever lives in `home`. Nothing that the browser would warn of is overlooked. */
  async function visit(home: string): Promise<{ readonly page: Page; readonly status: number | undefined }> {
    const browser = await launchChromium({ home, program })
    browsers.push(browser)
    const page = await browser.newPage({ viewport: { width: 1000, height: 800 } })
    const response = await page.goto(url)
    return { page, status: response?.status() }
  }
  /** What the page says of a refusal, held against what the door recorded under the reference on the page. */
  async function assertRefused(page: Page, code: string, heading: RegExp, title: string): Promise<void> {
    assert.match(await page.locator('h1').innerText(), heading)
    const [reference = '', shown] = await page.locator('dd > code').allInnerTexts()
    assert.equal(shown, code)
    assert.equal(await page.locator('h2').innerText(), title)
    assert.match(await page.locator('details[open] > summary').innerText(), /^Chrome/)
    const { meetings } = JSON.parse(await countersign(['why', reference, '--json'], folder))
    assert.deepEqual(
      meetings.map((each: { outcome: { refusal: { code: string } } }) => each.outcome.refusal.code),
      [code],
    )
    const why = await countersign(['why', reference], folder)
    assert.match(why, new RegExp(`reference ${reference} {3}next: `))
  }

  test('who brought a certificate comes in as that person; once revoked, reads why', async () => {
    // By hand, as someone would on another machine: a file, its password, and NSS’s own tool.
    const home = homeOf('alice')
    const token = (await countersign(['invite', 'alice'], home)).trim()
    await countersign(['enroll', token, '--out', 'alice'], home)
    const made = await countersign(['export', '--pkcs12', '--identity', 'alice', '--out', 'alice.p12'], home)
    const password = /shown this once: (\S+)/.exec(made)?.[1] ?? ''
    await countersign(['trust', 'install', '--chromium', '--identity', 'alice', '--yes'], home)
    const store = `sql:${join(home, '.pki/nssdb')}`
    execFileSync('pk12util', ['-i', join(house.directory, 'alice.p12'), '-d', store, '-W', password])

    const { page, status } = await visit(home)
    assert.equal(status, 200)
    assert.match(await page.locator('body').innerText(), /Hello alice\. The door and you have proved who you are\./)

    await countersign(['revoke', 'alice', '--reason', 'keyCompromise'], home)
    const response = await page.reload()
    assert.equal(response?.status(), 403)
    await assertRefused(
      page,
      'ERR_CALLER_REVOKED',
      /^Your certificate was revoked .*key compromise/,
      'How to use a new one',
    )
    await photograph(page, 'revoked')
  })

  test('who is known and not on the list reads so, and how to come as somebody else', async () => {
    const { page, status } = await visit(await arrive('bob'))
    assert.equal(status, 403)
    await assertRefused(page, 'ERR_CALLER_NOT_ALLOWED', /^You are who you say/, 'How to come as somebody else')
    await photograph(page, 'not-allowed')
  })

  test('who has none reads how to import one', async () => {
    const home = homeOf('nobody')
    await countersign(['trust', 'install', '--chromium', '--trust', house.ready.trust, '--yes'], home)
    const { page, status } = await visit(home)
    assert.equal(status, 403)
    await assertRefused(page, 'ERR_CALLER_NO_CERTIFICATE', /^No client certificate was presented$/, 'How to show one')
    await photograph(page, 'none')
  })

  test('a certificate of another authority is not even offered: the door named whose it takes', async () => {
    await using elsewhere = await startHouse()
    const home = homeOf('stranger')
    const invited = await elsewhere.run(['invite', 'alice'])
    const enrolled = await elsewhere.run(['enroll', invited.stdout.trim(), '--out', 'alice'])
    assert.equal(enrolled.code, 0, enrolled.stderr)
    const identity = join(elsewhere.directory, 'alice')
    await countersign(['trust', 'install', '--chromium', '--identity', identity, '--client', '--yes'], home)
    await countersign(['trust', 'install', '--chromium', '--trust', house.ready.trust, '--yes'], home)
    const { page, status } = await visit(home)
    assert.equal(status, 403)
    await assertRefused(page, 'ERR_CALLER_NO_CERTIFICATE', /^No client certificate was presented$/, 'How to show one')
  })

  test('without trust install the browser itself refuses the door, and after trust remove again', async () => {
    const home = homeOf('careful')
    const refused = async () => {
      await assert.rejects(visit(home), /ERR_CERT_AUTHORITY_INVALID/)
      await browsers.at(-1)?.close()
    }
    await refused()
    await countersign(['trust', 'install', '--chromium', '--trust', house.ready.trust, '--yes'], home)
    assert.equal((await visit(home)).status, 403)
    await countersign(['trust', 'remove', '--chromium', '--trust', house.ready.trust, '--yes'], home)
    await refused()
  })
})

/**
 * Chromium as a program whose administrator has said that a fitting certificate is shown without a question: without a
 * screen nobody could answer one. The policy lies in a mount namespace of its own, so that this machine stays as it is.
 */
function chromiumThatChooses(folder: string): string {
  const policy = join(folder, 'policy.json')
  const rule = JSON.stringify({ pattern: 'https://[*.]localhost', filter: {} })
  writeFileSync(policy, JSON.stringify({ AutoSelectCertificateForUrls: [rule] }))
  const program = join(folder, 'chromium')
  const inside = `mount -t tmpfs tmpfs /etc/chromium; mkdir -p /etc/chromium/policies/managed
    cp "$0" /etc/chromium/policies/managed/; exec chromium "$@"`
  writeFileSync(program, `#!/bin/sh\nexec unshare ${OWN_MOUNTS.join(' ')} sh -ec '${inside}' ${policy} "$@"\n`)
  chmodSync(program, 0o755)
  return program
}

/** Keeps a picture of the page where someone wants to look at it. */
async function photograph(page: Page, name: string): Promise<void> {
  const photos = process.env['COUNTERSIGN_PHOTOS']
  const png = await page.screenshot({
    fullPage: true,
    ...(photos !== undefined && { path: join(photos, `${name}.png`) }),
  })
  assert.ok(png.length > 10_000, 'a page with something on it')
}
