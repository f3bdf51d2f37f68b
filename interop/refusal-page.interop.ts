// The page that a refused person sees, in a browser: Debian's Chromium, driven from outside.
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { launchChromium } from '../tools/testing/chromium.ts'
import type { Holder } from '../tools/testing/pki.ts'
import { CALLERS, clientOptions, openTestDoor, type TestDoor } from '../tools/testing/web-house.ts'
import { needs } from './peer.ts'

interface Seen {
  readonly page: Page
  readonly status: number | undefined
  /** What the browser asked for, and complained about, while it showed the page. */
  readonly requests: readonly string[]
  readonly complaints: readonly string[]
}

suite('the refusal page in Chromium', needs('chromium', 'chromium'), () => {
  let browser: Browser
  let door: TestDoor

  before(async () => {
    // No upstream is needed: nobody gets that far, and the meeting's own page is the door's.
    door = await openTestDoor({ url: 'http://127.0.0.1:9' })
    // Where a connection ends in an error, Playwright's stand-in for client certificates begins HTTP/2 on one that it still
    // pipes, and Node aborts this process.
    browser = await launchChromium({ args: ['--disable-http2'] })
  })
  after(async () => {
    await browser?.close()
    await door?.door.close()
  })

  async function open(caller: Holder | undefined, path = '/', options: BrowserContextOptions = {}): Promise<Seen> {
    const origin = `https://localhost:${door.port}`
    const { cert, key } = clientOptions(caller)
    const context = await browser.newContext({
      ignoreHTTPSErrors: true,
      ...(caller && { clientCertificates: [{ origin, cert: Buffer.from(`${cert}`), key: Buffer.from(`${key}`) }] }),
      ...options,
    })
    const page = await context.newPage()
    const requests: string[] = []
    const complaints: string[] = []
    page.on('request', (request) => requests.push(request.url()))
    page.on('console', (message) => complaints.push(message.text()))
    const response = await page.goto(`${origin}${path}`)
    return { page, status: response?.status(), requests, complaints }
  }

  test('says the cause, the next step and the reference, without JavaScript', async () => {
    const { page, status } = await open(CALLERS.late, '/', { javaScriptEnabled: false })
    assert.equal(status, 403)
    const told = await page.locator('h1').innerText()
    assert.match(told, /^Your certificate expired (1 day|2[0-9] hours) ago$/)
    assert.match(await page.locator('.next').innerText(), /^Next: renew it/)
    const reference = await page.locator('dd > code').first().innerText()
    const record = door.records.find((meeting) => meeting.reference === reference)
    assert.equal(record?.outcome.ok === false && record.outcome.refusal.code, 'ERR_CALLER_EXPIRED')
    assert.equal(await page.title(), `${told} · ${reference}`)
    await page.context().close()
  })

  test('shows six rows, of which the fifth is refused and the last not reached', async () => {
    const { page } = await open(CALLERS.bob)
    const rows = page.locator('ol > li')
    assert.equal(await rows.count(), 6)
    assert.equal(await rows.nth(4).getAttribute('class'), 'refused')
    assert.match(await rows.nth(4).innerText(), /not on the list of this door/)
    assert.equal(await rows.nth(5).getAttribute('class'), 'waiting')
    assert.equal(await page.locator('.sides').innerText(), 'bob\nhello.localhost')
    await page.context().close()
  })

  test('asks nobody for anything else, and breaks no rule of its own policy', async () => {
    const { page, requests, complaints } = await open(undefined)
    await page.waitForTimeout(200)
    assert.deepEqual(requests, [`https://localhost:${door.port}/`])
    // Chromium notes every 403; anything beside it is ours.
    assert.deepEqual(
      complaints.filter((text) => !text.includes('403')),
      [],
    )
    await page.context().close()
  })

  test('says how to choose again in every browser, the reader’s own first and open, by keyboard alone', async () => {
    for (const [userAgent, first] of [
      [undefined, 'Chrome, Chromium, Brave'],
      ['Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0', 'Firefox'],
    ] as const) {
      const { page } = await open(CALLERS.bob, '/', { javaScriptEnabled: false, ...(userAgent && { userAgent }) })
      assert.equal(await page.locator('h2').innerText(), 'How to come as somebody else')
      const names = await page.locator('summary').allInnerTexts()
      assert.equal(names[0], first)
      assert.deepEqual(names.toSorted(), ['Chrome, Chromium, Brave', 'Edge', 'Firefox', 'Safari'])
      const opened = () => page.locator('details[open] > summary').allInnerTexts()
      assert.deepEqual(await opened(), [first])
      for (const key of ['Tab', 'Tab', 'Enter']) await page.keyboard.press(key)
      assert.deepEqual(await opened(), names.slice(0, 2))
      await page.keyboard.press('Space')
      assert.deepEqual(await opened(), [first])
      await page.context().close()
    }
  })

  test('where another certificate changes nothing, it says nothing of choosing one', async () => {
    const { page } = await open(CALLERS.alice, '/')
    assert.equal(await page.locator('dd > code').nth(1).innerText(), 'ERR_DOOR_UPSTREAM')
    assert.equal(await page.locator('details').count(), 0)
    await page.context().close()
  })

  for (const colorScheme of ['light', 'dark'] as const)
    test(`is readable in the ${colorScheme}`, async () => {
      for (const caller of [undefined, CALLERS.late]) {
        const { page } = await open(caller, '/', { colorScheme })
        for (const part of [
          'h1',
          '.next',
          '.sides',
          'li.proved',
          'li.refused',
          'li.waiting .verb',
          'dt',
          'dd',
          'summary',
          'details dt',
        ])
          assert.ok((await contrast(page, part)) >= 4.5, `${part} in the ${colorScheme}`)
        await page.context().close()
      }
    })

  // WCAG 2.2, 1.4.4 and 1.4.10: twice the size, and 320 pixels wide, without scrolling sideways.
  for (const [name, width, deviceScaleFactor] of [
    ['at 200 % in a window of 1000 pixels', 500, 2],
    ['on a narrow telephone', 320, 2],
    ['in a wide window', 1600, 1],
  ] as const)
    test(`fits ${name}`, async () => {
      for (const caller of [undefined, CALLERS.foreign]) {
        const { page } = await open(caller, '/', { viewport: { width, height: 600 }, deviceScaleFactor })
        const [content, window] = await page.evaluate<[number, number]>(
          '[document.scrollingElement.scrollWidth, document.scrollingElement.clientWidth]',
        )
        assert.ok(content <= window, `${content} pixels in ${window}`)
        for (const text of await page.locator('.shown > span:not(.mark):not(.arrow)').all()) {
          const box = await text.boundingBox()
          assert.ok(box && box.x >= 0 && box.x + box.width <= width + 0.5, `${JSON.stringify(box)} in ${width}`)
        }
        await page.context().close()
      }
    })

  test('the meeting’s own page shows both proofs to who was met', async () => {
    const { page, status } = await open(CALLERS.alice, '/.well-known/countersign/meeting')
    assert.equal(status, 200)
    assert.equal(await page.locator('h1').innerText(), 'You have met')
    assert.equal(await page.locator('li.proved').count(), 6)
    await page.context().close()
  })
})

/** The contrast of a part's text with the page behind it. @see WCAG 2.2, relative luminance */
async function contrast(page: Page, selector: string): Promise<number> {
  const colors = await page.evaluate<string[]>(
    `[getComputedStyle(document.querySelector(${JSON.stringify(selector)})).color, getComputedStyle(document.body).backgroundColor]`,
  )
  const [brighter = 0, darker = 0] = colors.map(luminance).sort((a, b) => b - a)
  return (brighter + 0.05) / (darker + 0.05)
}

function luminance(color: string): number {
  const channels = [...color.matchAll(/[\d.]+/g)].slice(0, 3).map((match) => Number(match[0]) / 255)
  const [r = 0, g = 0, b = 0] = channels.map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}
