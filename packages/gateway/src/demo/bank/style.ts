// How the bank looks: in light and dark, on a phone and at 200 %.
import { createHash } from 'node:crypto'

/** The one style sheet, within each page. */
export const STYLE: string = `
:root { color-scheme: light dark; --ink: #17212b; --paper: #fff; --ground: #f2f5f7; --faint: #55636f; --line: #d3dbe1; --field: #7b8893;
  --brand: #0b5a6f; --on-brand: #fff; --good: #17693a; --bad: #b3261e; --bad-ground: #fdf1f0 }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e9eef2; --paper: #1a2127; --ground: #11161a; --faint: #a3b0ba; --line: #36424b; --field: #8493a0;
    --brand: #7fd0e6; --on-brand: #0c1a20; --good: #6fcf97; --bad: #ff9a91; --bad-ground: #331b1a }
}
* { box-sizing: border-box }
body { margin: 0; background: var(--ground); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: break-word }
a { color: var(--brand); text-underline-offset: .15em }
:focus-visible { outline: 3px solid var(--brand); outline-offset: 2px; border-radius: .2rem }
.skip { position: absolute; left: -100vw }
.skip:focus { position: static; display: block; padding: .5rem 1.25rem }
header, main, footer { max-width: 60rem; margin: 0 auto; padding: 1rem 1.25rem }
.top { display: flex; flex-wrap: wrap; gap: .25rem 2rem; justify-content: space-between; align-items: baseline }
.brand { font-size: 1.15rem; font-weight: 700; margin: 0 }
.who { margin: 0; color: var(--faint); font-size: .9rem }
.who strong { color: var(--ink) }
nav ul { list-style: none; display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; margin: .75rem 0 0; padding: 0; border-bottom: 1px solid var(--line) }
nav a { display: inline-block; padding: .4rem 0; color: var(--ink); text-decoration: none; border-bottom: 3px solid transparent }
nav a:hover { border-color: var(--line) }
nav a[aria-current] { font-weight: 600; border-color: var(--brand) }
main { background: var(--paper); border: 1px solid var(--line); border-radius: .6rem; padding: 1.5rem 1.25rem; width: calc(100% - 1.5rem) }
main:focus { outline: none }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 1rem; text-wrap: balance }
h1.good { color: var(--good) }
h1.bad { color: var(--bad) }
p { margin: 0 0 1rem; max-width: 42rem }
table { border-collapse: collapse; width: 100%; margin: 0 0 1.5rem }
caption { text-align: left; color: var(--faint); padding: 0 0 .5rem }
th, td { text-align: left; vertical-align: top; padding: .6rem .75rem .6rem 0; border-top: 1px solid var(--line); font-weight: 400 }
thead th { border-top: 0; color: var(--faint); font-size: .875rem }
tfoot th, tfoot td { font-weight: 600; border-top: 2px solid var(--line) }
.amount { text-align: right; white-space: nowrap; padding-right: 0; font-variant-numeric: tabular-nums }
.in { color: var(--good) }
.small { display: block; color: var(--faint); font-size: .875rem }
time { white-space: nowrap }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .4rem 1.25rem; margin: 0 0 1.5rem; padding: 1rem; border: 1px solid var(--line); border-radius: .4rem }
dt { color: var(--faint) }
dd { margin: 0; font-weight: 600; min-width: 0; overflow-wrap: anywhere }
form { max-width: 32rem }
.field { margin: 0 0 1.25rem }
label { display: block; font-weight: 600 }
.hint { display: block; color: var(--faint); font-size: .9rem }
.fault { display: block; color: var(--bad); font-weight: 600 }
input, select { width: 100%; min-height: 2.75rem; margin-top: .3rem; padding: .5rem .6rem; font: inherit; color: inherit; background: var(--paper); border: 1px solid var(--field); border-radius: .3rem }
[aria-invalid=true] { border: 2px solid var(--bad) }
.money { text-align: right; max-width: 14rem; display: block }
button, .button { display: inline-block; min-height: 2.75rem; padding: .55rem 1.1rem; font: inherit; font-weight: 600; color: var(--on-brand); background: var(--brand); border: 1px solid transparent; border-radius: .3rem; text-decoration: none; cursor: pointer }
.quiet { color: var(--ink); background: transparent; border-color: var(--field) }
.row { display: flex; flex-wrap: wrap; gap: .5rem }
.errors { border: 2px solid var(--bad); border-radius: .4rem; background: var(--bad-ground); padding: 1rem 1.25rem; margin: 0 0 1.5rem; max-width: 42rem }
.errors h2 { font-size: 1.1rem; margin: 0 0 .5rem }
.errors ul { margin: 0; padding: 0 0 0 1.1rem }
.errors a { color: var(--bad) }
footer { color: var(--faint); font-size: .875rem }
@media (max-width: 32rem) {
  dl { grid-template-columns: 1fr; gap: 0 }
  dd { margin: 0 0 .6rem }
  select { padding: .5rem .2rem }
  .narrow thead { position: absolute; left: -100vw }
  .narrow tr { display: flex; flex-wrap: wrap; justify-content: space-between; border-top: 1px solid var(--line); padding: .6rem 0 }
  .narrow th, .narrow td { display: block; border: 0; padding: 0; max-width: 100% }
  .narrow .whole { flex-basis: 100% }
  .narrow th:not(.whole) { flex: 1; padding-right: .75rem; min-width: 0 }
  .narrow .row { padding-top: .4rem }
}
@media (forced-colors: active) { nav a[aria-current] { text-decoration: underline } button, .button { border-color: ButtonBorder } }
`.trim()

/** What a page may do: its own style, its own forms, and nothing else. @see CSP3 §6 */
export const PAGE_POLICY: string = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  'img-src data:',
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ')
