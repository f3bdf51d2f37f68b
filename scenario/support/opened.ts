// What a page of the bank decrypts: kept aside by the page itself, for us to look at.
import assert from 'node:assert/strict'
import type { BrowserContext, Page } from 'playwright-core'

/** Of every block, whatever is in it. */
const SHOWN_OCTETS = 24_576

/** In each page of a device, from now on. */
const KEEPING = `
  const { decrypt } = SubtleCrypto.prototype
  window.opened = []
  SubtleCrypto.prototype.decrypt = async function (...given) {
    const plain = await decrypt.apply(this, given)
    window.opened.push(new Uint8Array(plain).toBase64())
    return plain
  }`

/** What a customer chose, as it was opened. */
export interface Opened {
  readonly phrase: string
  readonly picture: Uint8Array
}

/** From now on the pages of a device keep what they decrypt. */
export async function keepOpened(context: BrowserContext): Promise<void> {
  await context.addInitScript({ content: KEEPING })
}

/** All that this page has decrypted so far. @see docs/protocols/login.md */
export async function openedOn(page: Page): Promise<readonly Opened[]> {
  const told = await page.evaluate<readonly string[]>('window.opened')
  return told.map((base64) => {
    const block = Buffer.from(base64, 'base64')
    assert.deepEqual([block.length, block[0]], [SHOWN_OCTETS, 1])
    const phraseEnd = 3 + block.readUInt16BE(1)
    const pictureEnd = phraseEnd + 2 + block.readUInt16BE(phraseEnd)
    assert.ok(block.subarray(pictureEnd).every((octet) => octet === 0))
    return { phrase: block.toString('utf8', 3, phraseEnd), picture: block.subarray(phraseEnd + 2, pictureEnd) }
  })
}
