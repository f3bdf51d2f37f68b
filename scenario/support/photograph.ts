// Pictures of pages, for whoever wants to look at them.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import type { Page } from 'playwright-core'

/**
 * Keeps a picture of the upper part of the page in the folder that COUNTERSIGN_PHOTOS names, as small as those in
 * `docs/doors/pictures`; it has something on it in any case.
 */
export async function photograph(page: Page, name: string): Promise<void> {
  const photos = process.env['COUNTERSIGN_PHOTOS']
  const before = page.viewportSize()
  if (photos !== undefined) await page.setViewportSize({ width: 900, height: 620 })
  const png = await page.screenshot(photos === undefined ? {} : { path: join(photos, `${name}.png`) })
  if (photos !== undefined && before !== null) await page.setViewportSize(before)
  assert.ok(png.length > 5_000, 'a page with something on it')
}
