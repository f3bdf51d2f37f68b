// The key of an app for codes, as a QR code and as text to type.
import type { AnswerOf } from '../api.ts'
import { element, write } from './dom.ts'

/** Around the code, in modules. @see ISO/IEC 18004 §9.1 */
const QUIET_ZONE = 4
const SCALE = 4

/** Shows it where the page has its place. */
export function showKey({ qr, secret }: AnswerOf<'totp/new'>['totp']): void {
  drawQr(qr, 'qr')
  write('secret', secret.replaceAll(/(.{4})(?=.)/g, '$1 '))
}

/** Draws rows of `0` and `1`, dark on white in every colour scheme, as readers expect it. */
export function drawQr(rows: string, canvas: string): void {
  const lines = rows.split('\n')
  const target = element(canvas, HTMLCanvasElement)
  const side = (lines.length + 2 * QUIET_ZONE) * SCALE
  target.width = side
  target.height = side
  const context = target.getContext('2d')
  if (context === null) return
  context.fillStyle = '#fff'
  context.fillRect(0, 0, side, side)
  context.fillStyle = '#000'
  for (const [y, line] of lines.entries()) {
    for (const [x, module] of [...line].entries()) {
      if (module === '1') context.fillRect((x + QUIET_ZONE) * SCALE, (y + QUIET_ZONE) * SCALE, SCALE, SCALE)
    }
  }
}
