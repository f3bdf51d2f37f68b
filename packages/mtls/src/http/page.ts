// The one picture as a page: no script, no foreign origin, readable in the dark, at 200 % and by a screen reader.
import { createHash } from 'node:crypto'
import type { Explanation, ExplanationRow, RefusalCode, RefusalEntry } from '@countersign/protocol'
import type { Advice, BrowserSteps } from './choose-again.ts'

const STYLE = `
:root { color-scheme: light dark; --ink: #1a1a1a; --paper: #fff; --faint: #666; --line: #d5d5d5; --proved: #17693a; --refused: #b3261e }
@media (prefers-color-scheme: dark) {
  :root { --ink: #ececec; --paper: #161616; --faint: #a0a0a0; --line: #3a3a3a; --proved: #6fcf97; --refused: #ff8a80 }
}
* { box-sizing: border-box }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif }
main { max-width: 48rem; margin: 0 auto; padding: 3rem 1.25rem }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .75rem; text-wrap: balance }
h1.refused { color: var(--refused) }
h1.proved { color: var(--proved) }
.next { font-size: 1.1rem; margin: 0 0 2rem }
.sides { display: flex; flex-wrap: wrap; gap: .25rem 1rem; justify-content: space-between; font-weight: 600; padding: 0 0 .5rem; overflow-wrap: anywhere }
.sides :last-child { margin-left: auto }
ol { list-style: none; margin: 0; padding: 0; border-top: 1px solid var(--line) }
li { display: grid; grid-template-columns: 1.25rem max-content 1fr; gap: .25rem .75rem; padding: .55rem 0; border-bottom: 1px solid var(--line) }
.number { color: var(--faint) }
.verb { min-width: 4.5rem }
.shown { display: flex; gap: .6rem; align-items: baseline; overflow-wrap: anywhere }
.shown.left { justify-content: flex-end }
.arrow { display: flex; flex: 1 1 2rem; min-width: 2rem; align-items: center; align-self: center; color: var(--proved) }
.arrow::before, .arrow::after { font-size: .7rem; line-height: 1 }
.right .arrow::after { content: "▶" }
.left .arrow::before { content: "◀" }
.arrow i { flex: 1; border-top: 1px solid currentColor }
.proved .mark { color: var(--proved) }
li.refused { color: var(--refused); font-weight: 600 }
li.refused .number { color: inherit }
li.waiting { color: var(--faint) }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem; margin: 2rem 0 0; color: var(--faint); overflow-wrap: anywhere }
dd { margin: 0; color: var(--ink) }
code { font: 1rem ui-monospace, monospace }
a { color: inherit }
h2 { font-size: 1.2rem; line-height: 1.3; margin: 2.5rem 0 .5rem }
.again > p { margin: 0 0 1rem }
details { border: 1px solid var(--line); border-bottom-width: 0 }
details:first-of-type { border-radius: .4rem .4rem 0 0 }
details:last-of-type { border-bottom-width: 1px; border-radius: 0 0 .4rem .4rem }
summary { padding: .55rem .75rem; cursor: pointer; font-weight: 600 }
summary:focus-visible { outline: 2px solid currentColor; outline-offset: -3px }
details dl { margin: 0; padding: 0 .75rem .75rem }
@media (max-width: 30rem) { details dl { grid-template-columns: 1fr } }
@media (max-width: 30rem) { li { grid-template-columns: 1.25rem 1fr } .shown { grid-column: 1 / -1 } }
`.trim()

/** The page's own style and nothing else. @see CSP3 §6 */
export const PAGE_POLICY: string = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  // An empty icon in the page itself: to fetch one, a browser would call, and be refused, once more.
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const CLASSES = { proved: 'proved', refused: 'refused', 'not reached': 'waiting' } as const
const MARKS = { proved: '✔', refused: '✘', 'not reached': '–' } as const

/**
 * Draws a meeting for people.
 * @param refusal What to say where it is not the meeting's own (an upstream that does not answer).
 * @param advice How to come again with another certificate.
 */
export function drawPage(
  explanation: Explanation,
  refusal: (RefusalEntry & { readonly code: RefusalCode; readonly why: string }) | undefined = explanation.refusal,
  advice?: Advice,
): string {
  const { caller, callee, reference, rows } = explanation
  const title = refusal === undefined ? 'You have met' : sentence(refusal.why)
  const head =
    refusal === undefined
      ? `<h1 class="proved">You have met</h1>\n<p class="next">Both sides have proved who they are.</p>`
      : `<h1 class="refused">${text(title)}</h1>\n<p class="next">Next: ${linked(text(refusal.next))}.</p>`
  const more =
    refusal === undefined
      ? ''
      : `<dt>Code</dt><dd><code>${refusal.code}</code></dd><dt>Rule</dt><dd>${text(refusal.clause)}</dd>`
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${text(title)} · ${reference}</title>
<link rel="icon" href="data:,">
<style>${STYLE}</style>
</head>
<body>
<main>
${head}
<div class="sides"><span>${text(caller)}</span><span>${text(callee)}</span></div>
<ol role="list" aria-label="The six steps of this meeting">
${rows.map(drawRow).join('\n')}
</ol>
${advice === undefined ? '' : drawAdvice(advice, callee)}<dl><dt>Reference</dt><dd><code>${reference}</code></dd>${more}<dt>Time</dt><dd>${explanation.at.toString({ smallestUnit: 'second' })}</dd></dl>
</main>
</body>
</html>
`
}

function drawRow(row: ExplanationRow): string {
  const state = CLASSES[row.outcome]
  return `<li class="${state}"><span class="number">${row.number}</span><span class="verb">${row.verb}</span>${drawShown(row)}</li>`
}

/** What a side sent stands beside an arrow to the other side; what was judged, or did not come, beside a mark. */
function drawShown({ outcome, direction, text: words }: ExplanationRow): string {
  const shown = words === '' ? '' : `<span>${text(words)}</span>`
  if (outcome !== 'proved' || direction === 'none')
    return `<span class="shown"><span class="mark" role="img" aria-label="${outcome}">${MARKS[outcome]}</span>${shown}</span>`
  const arrow = `<span class="arrow" role="img" aria-label="${direction === 'right' ? 'sent by the caller' : 'sent to the caller'}"><i></i></span>`
  return `<span class="shown ${direction}">${direction === 'right' ? shown + arrow : arrow + shown}</span>`
}

/** The reader's own browser stands open; the others are a press of a key away, without a script. */
function drawAdvice({ title, text: words, browsers }: Advice, host: string): string {
  const drawSteps = ({ name, again, import: bring }: BrowserSteps, index: number) =>
    `<details${index === 0 ? ' open' : ''}><summary>${text(name)}</summary><dl>` +
    `<dt>Ask again</dt><dd>${text(again.replaceAll('{host}', () => host))}</dd>` +
    `<dt>Import</dt><dd>${text(bring)}</dd></dl></details>`
  return `<section class="again"><h2>${text(title)}</h2>
<p>${text(words)}</p>
${browsers.map(drawSteps).join('\n')}
</section>
`
}

/** What is next may be a page of this very door. */
function linked(html: string): string {
  return html.replaceAll(/(?<=^|\s)\/login\/[a-z-]*/g, (path) => `<a href="${path}">${path}</a>`)
}

function sentence(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1)
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Makes text safe in HTML; names in it are the peer's. */
function text(value: string): string {
  return value.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? '')
}
