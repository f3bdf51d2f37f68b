// What every page has: head, name of the bank, and the row of the six steps.
import type { Language, Say } from '../browser/words.ts'
import { type Html, html } from './html.ts'

/** One page as it is written by its own file. */
export interface Page {
  readonly title: string
  /** With the six steps beside it where there is room. */
  readonly layout: 'two' | 'one'
  readonly main: Html
}

/** What a page is written with. */
export interface Writing {
  readonly say: Say
  readonly language: Language
  /** The bank's name, as its customers read it. */
  readonly bank: string
  /** For how long a recovery waits. */
  readonly recoveryHours: number
  /** Whether the operator has a gateway for SMS: without one, nothing of it is on any page. */
  readonly hasSms: boolean
  /** Whether notices go out by mail. */
  readonly hasMail: boolean
  /** The address of a file that is served. */
  readonly url: (name: string) => string
}

/** What is different each time. */
export interface Once {
  /** Of the Content-Security-Policy: only scripts and styles that carry it are taken. @see CSP3 §6.7.3.3 */
  readonly cspNonce: string
  /** For the first proof. @see RFC 9449 §8 */
  readonly dpopNonce: string
  /** The page's own modules: the last when the page is whole and has its style, the others as soon as they are there. */
  readonly scripts: readonly string[]
  /** All that they import. */
  readonly imported: readonly string[]
}

/** Writes a whole document. */
export function writeDocument({ title, layout, main }: Page, writing: Writing, once: Once): string {
  const { say, language, bank, recoveryHours, url } = writing
  const { cspNonce, dpopNonce, scripts, imported } = once
  const preload = imported.map((href) => html`<link rel="modulepreload" href="${href}" nonce="${cspNonce}">`)
  const run = scripts.map(
    (src, at) =>
      html`<script type="module" src="${src}" nonce="${cspNonce}"${at < scripts.length - 1 && html` async`}></script>`,
  )
  return html`<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · ${bank}</title>
<meta name="robots" content="noindex">
<meta name="nonce-dpop" content="${dpopNonce}">
<link rel="icon" href="${url('icon.svg')}">
<link rel="stylesheet" href="${url('style.css')}" nonce="${cspNonce}">
${run}
${preload}
</head>
<body class="${layout}" data-bank="${bank}" data-hours="${recoveryHours}">
<header class="bank"><b>${bank}</b></header>
<main class="${layout}">
<noscript><p class="alarm">${say('page.needs-script')}</p></noscript>
${main}
</main>
<p class="quiet" id="said" role="status" aria-live="polite"></p>
</body>
</html>
`.html
}

/** Where a page says what went wrong: read out at once, and focused where the customer has to see it. */
export function alarm(): Html {
  return html`<div class="alarm" id="alarm" role="alert" tabindex="-1" hidden><p id="alarm-text"></p></div>`
}

/** The six steps: the customer left, the bank right. Their state is filled in by the page's script. */
export function meeting({ say, bank }: Writing): Html {
  const rows = ([1, 2, 3, 4, 5, 6] as const).map(
    (number) =>
      html`<li id="step-${number}"><span>${number}</span><span>${say(`steps.${number}`)}</span><span class="row"><span class="mark" role="img" aria-label="${say('steps.waiting')}">–</span><span class="what"></span></span></li>`,
  )
  return html`<section class="card meeting" aria-labelledby="steps-title">
<h2 id="steps-title">${say('steps.title')}</h2>
<div class="sides"><span>${say('steps.you')}</span><span>${bank}</span></div>
<ol role="list">
${rows}
</ol>
</section>`
}

/** A field for a password, which can be shown, pasted, and filled in by a program that keeps passwords. */
export function passwordField(
  { say }: Writing,
  field: { readonly id: string; readonly label: string; readonly hint?: string; readonly kind: 'current' | 'new' },
): Html {
  const { id, label, hint, kind } = field
  return html`<div class="field">
<label for="${id}">${label}</label>
${hint !== undefined && html`<p class="hint" id="${id}-hint">${hint}</p>`}
<div class="with-toggle"><input type="password" id="${id}" name="password" autocomplete="${kind}-password" required autocapitalize="none" spellcheck="false" aria-describedby="${hint === undefined ? '' : `${id}-hint `}${id}-fault"><button type="button" data-shows="${id}" aria-controls="${id}" aria-pressed="false">${say('page.show')}</button></div>
<p class="fault" id="${id}-fault" hidden></p>
</div>`
}

/** A field for digits. */
export function codeField({ say: _ }: Writing, field: { readonly id: string; readonly label: string }): Html {
  const { id, label } = field
  return html`<div class="field">
<label for="${id}">${label}</label>
<input class="code" type="text" id="${id}" name="code" inputmode="numeric" autocomplete="one-time-code" required minlength="6" maxlength="9" aria-describedby="${id}-fault">
<p class="fault" id="${id}-fault" hidden></p>
</div>`
}
