// Markup in which whatever is put is text, unless it was markup already.

/** Markup that is safe to send: only {@link html} makes it. */
class Markup {
  readonly #text: string
  constructor(text: string) {
    this.#text = text
  }
  toString(): string {
    return this.#text
  }
}

export type { Markup }

/** What can stand in markup; `false` and undefined are nothing. */
export type Content = string | number | false | undefined | Markup | readonly Markup[]

/** Writes markup: `` html`<p>${name}</p>` ``. Values are text, also within attributes, which must be quoted. */
export function html(parts: TemplateStringsArray, ...values: readonly Content[]): Markup {
  return new Markup(parts.map((part, i) => part + written(values[i])).join(''))
}

function written(value: Content): string {
  if (value === undefined || value === false) return ''
  if (value instanceof Markup) return value.toString()
  if (typeof value === 'object') return value.join('')
  return String(value).replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
