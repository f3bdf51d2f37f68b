// Pictures of pages, for whoever wants to look at them.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import type { Page } from 'playwright-core'

/** Keeps a picture of the page in the folder that COUNTERSIGN_PHOTOS names; it has something on it in any case. */
export async function photograph(page: Page, name: string): Promise<void> {
  const photos = process.env['COUNTERSIGN_PHOTOS']
  const path = photos === undefined ? undefined : join(photos, `${name}.png`)
  const png = await page.screenshot({ fullPage: true, ...(path !== undefined && { path }) })
  assert.ok(png.length > 5_000, 'a page with something on it')
}
