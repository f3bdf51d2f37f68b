// Shows recovery codes, to be kept elsewhere.
import { element } from './dom.ts'

/** Lists them. */
export function listCodes(codes: readonly string[]): void {
  element('codes', HTMLElement).replaceChildren(
    ...codes.map((code) => {
      const row = document.createElement('li')
      row.textContent = code
      return row
    }),
  )
}
