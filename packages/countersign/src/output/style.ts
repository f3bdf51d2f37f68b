// Emphasis on a terminal; plain text everywhere else.
import { styleText } from 'node:util'

/** The accents of the house: proved, refused, what matters less, what to look at. */
export interface Style {
  readonly proved: (text: string) => string
  readonly refused: (text: string) => string
  readonly quiet: (text: string) => string
  readonly strong: (text: string) => string
}

/** Accents that write escape sequences only where `color` is true. */
export function styleOf(color: boolean): Style {
  const accent = (format: 'green' | 'red' | 'gray' | 'bold') => (text: string) =>
    color ? styleText(format, text, { validateStream: false }) : text
  return { proved: accent('green'), refused: accent('red'), quiet: accent('gray'), strong: accent('bold') }
}
