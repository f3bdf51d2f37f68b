// The one style sheet of these pages: system fonts, two accents, light and dark by the system's setting.

/** Drawn by us: two arcs that meet. */
export const ICON: string =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><path d="M18 6a10 10 0 1 0 0 20" fill="none" stroke="#17693a" stroke-width="5" stroke-linecap="round"/><path d="M14 11a5 5 0 1 1 0 10" fill="none" stroke="#8a9a90" stroke-width="5" stroke-linecap="round"/></svg>'

/** Served as `style.css`. */
export const STYLE: string = `
:root { color-scheme: light dark; --ink: #1a1a1a; --paper: #fff; --ground: #f4f5f3; --faint: #5c5c5c; --line: #d5d5d5; --edge: #767676; --proved: #17693a; --refused: #b3261e; --button: #17693a; --on-button: #fff; --soft: #eaf3ed; --alarm: #fdecea }
@media (prefers-color-scheme: dark) {
  :root { --ink: #ececec; --paper: #1b1d1c; --ground: #121312; --faint: #a8a8a8; --line: #3a3d3b; --edge: #8a8a8a; --proved: #6fcf97; --refused: #ff8a80; --button: #6fcf97; --on-button: #0c1f14; --soft: #1d2b23; --alarm: #3a1d1b }
}
* { box-sizing: border-box }
[hidden] { display: none !important }
html { scroll-padding: 1rem }
body { margin: 0; background: var(--ground); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere }
header.bank { max-width: 62rem; margin: 0 auto; padding: 1.25rem 1.25rem 0; display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: baseline; justify-content: space-between }
header.bank a, header.bank b { color: inherit; font-size: 1.15rem; font-weight: 650; text-decoration: none }
header.bank span { color: var(--faint); font-size: .9rem }
main { max-width: 62rem; margin: 0 auto; padding: 1.25rem; display: grid; gap: 1.25rem; align-items: start }
@media (min-width: 58rem) { main.two { grid-template-columns: minmax(0, 7fr) minmax(0, 6fr) } }
main.one, .one header.bank { max-width: 44rem }
.card { background: var(--paper); border: 1px solid var(--line); border-radius: .75rem; padding: 1.5rem; min-width: 0 }
@media (max-width: 30rem) { main, header.bank { padding-inline: .75rem } .card { padding: 1.1rem .9rem } }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .75rem; text-wrap: balance }
h2 { font-size: 1.2rem; line-height: 1.3; margin: 0 0 .5rem; text-wrap: balance }
h3 { font-size: 1rem; margin: 1.25rem 0 .25rem }
p { margin: 0 0 1rem }
section + section, section + form, form + section, form + form { margin-top: 1.75rem }
.faint { color: var(--faint); font-size: .92rem }
.claim { border-top: 1px solid var(--line); margin: 1.5rem 0 0; padding-top: 1rem }
a { color: var(--proved) }
label, legend { display: block; font-weight: 600; margin: 0 0 .3rem; padding: 0 }
.hint { color: var(--faint); font-size: .92rem; margin: 0 0 .35rem }
.field { margin: 0 0 1.1rem }
input:not([type]), input[type=text], input[type=password], input[type=email], input[type=tel] { width: 100%; min-width: 0; font: inherit; font-size: 1.05rem; color: inherit; background: var(--paper); border: 1px solid var(--edge); border-radius: .45rem; padding: .6rem .7rem }
input[type=file] { font: inherit; max-width: 100% }
input[readonly] { background: var(--ground) }
input:disabled { opacity: .6 }
input[aria-invalid=true] { border-color: var(--refused); border-width: 2px }
input.code { font: 1.4rem ui-monospace, monospace; letter-spacing: .2em; max-width: 18rem }
input.recovery { font-family: ui-monospace, monospace }
.with-toggle { display: flex; gap: .5rem }
.with-toggle button { flex: none }
button, .button { font: inherit; font-weight: 600; color: var(--ink); background: transparent; border: 1px solid var(--edge); border-radius: .45rem; padding: .6rem 1.1rem; min-height: 2.75rem; cursor: pointer; text-decoration: none; display: inline-block }
button.main, a.main { background: var(--button); border-color: var(--button); color: var(--on-button) }
button.danger { color: var(--refused); border-color: var(--refused) }
button.link { border: 0; padding: 0; min-height: 1.6rem; color: var(--proved); text-decoration: underline; font-weight: 400; text-align: start }
button.link.danger { color: var(--refused) }
button:disabled { opacity: .55; cursor: default }
.buttons + :not(.buttons), button + form, #start-again { margin-top: 1.1rem }
.buttons { display: flex; flex-wrap: wrap; gap: .6rem; margin: 1.1rem 0 0 }
:focus-visible { outline: 3px solid var(--proved); outline-offset: 2px }
/* Where the focus is led to be read from there, and nothing can be done with it. */
[tabindex="-1"]:focus { outline: 0 }
.fault { color: var(--refused); font-weight: 600; margin: .35rem 0 0 }
.notice, .alarm { border-radius: .5rem; padding: .85rem 1rem; margin: 0 0 1.25rem; background: var(--soft); border-inline-start: 4px solid var(--proved) }
.alarm { background: var(--alarm); border-color: var(--refused) }
.alarm h2 { color: var(--refused) }
.notice > :last-child, .alarm > :last-child { margin-bottom: 0 }
.quiet { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap }
.shown { margin: 0 0 1.25rem; border: 1px solid var(--line); border-radius: .6rem; overflow: hidden; background: var(--soft) }
.shown canvas { display: block; width: 100%; max-width: 20rem; height: auto; aspect-ratio: 4 / 3; margin: 0 auto; background: #fff }
.shown figcaption { padding: .7rem 1rem; text-align: center; font-size: 1.15rem; font-weight: 600 }
.shown.small { display: grid; grid-template-columns: 7rem 1fr; align-items: center }
.shown.small figcaption { text-align: start; font-size: 1rem }
.shown figcaption .faint { font-weight: 400 }
.number { font: 700 3rem/1.2 ui-monospace, monospace; letter-spacing: .1em; margin: 0 0 .5rem }
.number.shown-code { font-size: 2.2rem }
.pictures { display: grid; grid-template-columns: repeat(auto-fill, minmax(6.2rem, 1fr)); gap: .6rem; border: 0; margin: 0 0 1rem; padding: 0 }
.pictures legend { grid-column: 1 / -1 }
.pictures label { font-weight: 400; font-size: .88rem; text-align: center; margin: 0; cursor: pointer; position: relative }
.pictures img { display: block; margin-bottom: .35rem; width: 100%; height: auto; aspect-ratio: 4 / 3; border-radius: .45rem; border: 3px solid transparent }
.pictures input { position: absolute; opacity: 0; inset: 0; margin: 0 }
.pictures input:checked + img { border-color: var(--proved); outline: 2px solid var(--proved) }
.pictures input:checked ~ span { font-weight: 700; color: var(--proved) }
.pictures input:focus-visible + img { outline: 3px solid var(--proved); outline-offset: 2px }
.qr { display: block; width: 13rem; max-width: 100%; height: auto; image-rendering: pixelated; background: #fff; border-radius: .45rem; margin: 0 0 1rem }
.codes { list-style: none; padding: 0; margin: 0 0 1rem; display: grid; grid-template-columns: repeat(auto-fill, minmax(13rem, 1fr)); gap: .3rem 1rem; font: 1.05rem ui-monospace, monospace }
code { font: .95em ui-monospace, monospace }
.check { display: flex; gap: .6rem; align-items: start; font-weight: 400; margin: 0 0 1rem }
.check input { width: 1.2rem; height: 1.2rem; margin: .15rem 0 0; flex: none; accent-color: var(--button) }
.progress { list-style: none; display: flex; flex-wrap: wrap; gap: .3rem .9rem; padding: 0; margin: 0 0 1.25rem; color: var(--faint); font-size: .92rem }
.progress { counter-reset: part }
.progress li::before { counter-increment: part; content: counter(part) " " }
.progress [aria-current] { color: var(--proved); font-weight: 700 }
.list { list-style: none; margin: 0 0 1rem; padding: 0; border-top: 1px solid var(--line) }
.list li { display: flex; flex-wrap: wrap; gap: .25rem 1rem; justify-content: space-between; align-items: center; padding: .7rem 0; border-bottom: 1px solid var(--line) }
.list li > div:first-child { flex: 1 1 14rem; min-width: 0 }
.matter { display: grid; grid-template-columns: minmax(6rem, max-content) 1fr; margin: 0 0 1.25rem; border-top: 1px solid var(--line) }
.matter dt, .matter dd { padding: .6rem 0; border-bottom: 1px solid var(--line); margin: 0 }
.matter dt { color: var(--faint); padding-inline-end: 1.25rem }
.matter dd { font-weight: 600; font-size: 1.08rem }
.waits { border: 2px solid var(--proved); border-radius: .6rem; padding: 1rem; margin: 0 0 1rem }
.waits.alarming { border-color: var(--refused) }
.waits h3 { margin-top: 0 }
.waits > :last-child { margin: .75rem 0 0 }
.waits .number { margin: 0 0 .25rem }
details { border: 1px solid var(--line); border-radius: .5rem; margin: 1rem 0 0; padding: 0 1rem }
summary { padding: .65rem 0; cursor: pointer; font-weight: 600 }
details[open] { padding-bottom: 1rem }
dialog { color: inherit; background: var(--paper); border: 1px solid var(--line); border-radius: .75rem; padding: 1.5rem; width: min(32rem, calc(100vw - 1.5rem)) }
dialog::backdrop { background: rgb(0 0 0 / .5) }
#new-device h2 { margin-top: 1.75rem }
#new-device h2:first-child { margin-top: 0 }
#new-device:not([hidden]) ~ #password-form { margin-top: .5rem }
.meeting .sides { display: flex; flex-wrap: wrap; gap: .25rem 1rem; justify-content: space-between; font-weight: 600; padding: 0 0 .5rem }
.meeting .sides :last-child { margin-left: auto }
.meeting ol { list-style: none; margin: 0; padding: 0; border-top: 1px solid var(--line) }
.meeting li { display: grid; grid-template-columns: 1.25rem 4.6rem 1fr; gap: .2rem .6rem; padding: .55rem 0; border-bottom: 1px solid var(--line); color: var(--faint) }
.meeting li.now { color: var(--ink); font-weight: 600 }
.meeting li.proved { color: var(--ink); font-weight: 400 }
.meeting li.refused { color: var(--refused); font-weight: 600 }
.meeting .row { display: flex; gap: .5rem; align-items: baseline }
.meeting .right .row { flex-direction: row-reverse; text-align: end }
.meeting .mark { flex: none }
.meeting .proved .mark { color: var(--proved) }
#switch { margin-top: 1rem }
.weaker .faint { display: block; margin-top: .2rem }
@media (max-width: 26rem) { .shown.small { grid-template-columns: 1fr } .shown.small figcaption { text-align: center } .meeting .row:not(:has(.what:empty)) { grid-column: 1 / -1 } .matter { grid-template-columns: 1fr } .matter dt { border: 0; padding-bottom: 0 } .matter dd { padding-top: 0 } }
@media (prefers-reduced-motion: no-preference) { button, .pictures img { transition: border-color .12s, background-color .12s } }
@media (forced-colors: active) { .pictures input:checked + img { outline: 4px solid Highlight } .notice, .alarm { border: 1px solid } }
@media print { header.bank, .buttons, .progress, .check, .meeting { display: none } body { background: none } .card { border: 0 } }
`.trimStart()
