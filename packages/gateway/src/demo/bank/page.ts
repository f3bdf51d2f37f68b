// The frame of every page: who is signed in and by what, where one can go, and what went wrong.
import { type Content, html, type Markup } from './html.ts'
import type { Statement } from './statement.ts'
import { STYLE } from './style.ts'

/** A page that is to be sent. */
export interface Page {
  readonly status: number
  readonly title: string
  /** Which part of the bank it belongs to. */
  readonly part?: string
  readonly content: Markup
}

/** What is wrong with a field, by its name. */
export type Faults = Readonly<Record<string, string>>

const PARTS = [
  ['/', 'Accounts'],
  ['/transfer', 'Transfer'],
  ['/payees', 'Payees'],
] as const

const PROOFS: Readonly<Record<string, string>> = {
  password: 'password',
  totp: 'one-time code',
  passkey: 'passkey',
  certificate: 'certificate',
  sms: 'code by SMS (restricted)',
}

/** What people call a proof. */
export function wordOf(kind: string): string {
  return (Object.hasOwn(PROOFS, kind) ? PROOFS[kind] : undefined) ?? kind
}

/** Draws a whole page; without a statement, of nobody. */
export function drawPage({ title, part, content }: Page, statement?: Statement): Markup {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · The Small Bank</title>
<link rel="icon" href="data:,">
<style>${STYLE}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
<header>
<div class="top">
<p class="brand">The Small Bank</p>
${statement && drawWho(statement)}
</div>
${statement && drawParts(part)}
</header>
<main id="main" tabindex="-1">
${content}
</main>
<footer>${statement && html`Meeting ${statement.reference}. `}A demonstration: no money is moved, and all is forgotten when it ends.</footer>
</body>
</html>
`
}

function drawWho({ customer, proofs }: Statement): Markup {
  const kinds = [...new Set(proofs.map(({ kind }) => wordOf(kind)))]
  const bound = proofs.some(({ binding }) => binding === 'device') ? ', on a device that is bound to it' : ''
  return html`<p class="who">Signed in as <strong>${customer}</strong> by ${kinds.join(' and ')}${bound}<br>
<a href="/login/account">Your account and devices</a> · <a href="/login/sign-out">Sign out</a></p>`
}

function drawParts(part: string | undefined): Markup {
  const items = PARTS.map(
    ([path, name]) => html`<li><a href="${path}"${part === path && html` aria-current="page"`}>${name}</a></li>`,
  )
  return html`<nav aria-label="The bank"><ul>${items}</ul></nav>`
}

/** What went wrong, with a link to each field; it has the focus when the page is there. */
export function drawFaults(faults: Faults): Markup | undefined {
  const items = Object.entries(faults).map(([field, fault]) => html`<li><a href="#${field}">${fault}</a></li>`)
  if (items.length === 0) return undefined
  return html`<div class="errors" role="alert" tabindex="-1" autofocus>
<h2>Something has to be put right</h2>
<ul>${items}</ul>
</div>`
}

/** A field of a form with its label, its hint and its fault. */
export function drawField(
  name: string,
  label: string,
  faults: Faults,
  { hint, control }: { readonly hint?: string; readonly control: (described: Markup) => Markup },
): Markup {
  const fault = Object.hasOwn(faults, name) ? faults[name] : undefined
  const described = [hint !== undefined && `${name}-hint`, fault !== undefined && `${name}-fault`].filter((id) => id)
  const attributes = html`id="${name}" name="${name}"${described.length > 0 && html` aria-describedby="${described.join(' ')}"`}${fault !== undefined && html` aria-invalid="true"`}`
  return html`<div class="field">
<label for="${name}">${label}</label>
${hint !== undefined && html`<span class="hint" id="${name}-hint">${hint}</span>`}
${fault !== undefined && html`<span class="fault" id="${name}-fault">${fault}</span>`}
${control(attributes)}
</div>`
}

/** Lines of label and value, as they were confirmed. */
export function drawLines(lines: readonly (readonly [string, Content])[]): Markup {
  return html`<dl>${lines.map(([label, value]) => html`<dt>${label}</dt><dd>${value}</dd>`)}</dl>`
}
