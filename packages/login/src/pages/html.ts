// HTML as values: what is put into it is text unless it is HTML already.

/** HTML that was written here. */
export interface Html {
  readonly html: string
}

type Part = Html | string | number | undefined | false | readonly (Html | undefined | false)[]

/** Writes HTML: `` html`<p>${name}</p>` ``. Text is made safe in element content and in quoted attributes. */
export function html(texts: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return { html: texts.map((text, index) => text + write(parts[index])).join('') }
}

function write(part: Part): string {
  if (part === undefined || part === false) return ''
  if (typeof part === 'object') return 'html' in part ? part.html : part.map(write).join('\n')
  return String(part).replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? '')
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}
