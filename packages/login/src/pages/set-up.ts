// `/login/set-up`: an account from an invitation, step by step.
import { alarm, codeField, type Page, passwordField, type Writing } from './document.ts'
import { html } from './html.ts'
import { pictureFields } from './picture-fields.ts'

/** The fewest characters of a password: beside a second factor, of NIST SP 800-63B-4 §3.1.1.2 and ASVS 5.0 6.2.1. */
export const MIN_PASSWORD_LENGTH = 10

/** The page of setting up. Its sections are shown one after the other by `browser/set-up.ts`. */
export function setUpPage(writing: Writing): Page {
  const { say } = writing
  const progress = (['begin', 'password', 'picture', 'code', 'recovery'] as const).map(
    (step) => html`<li id="at-${step}">${say(`set-up.${step}`)}</li>`,
  )
  const main = html`<div class="card">
<h1>${say('set-up.title')}</h1>
<ol class="progress" aria-label="${say('set-up.progress')}">
${progress}
</ol>
${alarm()}
<p id="starting" class="faint">${say('page.moment')}</p>
<form id="begin-form" method="post" novalidate hidden>
<p id="invited"></p>
${writing.hasMail && html`<p id="email" class="faint" hidden></p>`}
<div class="field"><label for="name">${say('set-up.name')}</label>
<input type="text" id="name" name="name" autocomplete="name" required maxlength="60" aria-describedby="name-fault">
<p class="fault" id="name-fault" hidden></p></div>
<div class="buttons"><button class="main" type="submit">${say('page.go-on')}</button></div>
</form>
<form id="password-form" method="post" novalidate data-least="${MIN_PASSWORD_LENGTH}" hidden>
<input type="text" id="account" name="username" autocomplete="username" readonly hidden>
${passwordField(writing, { id: 'password', label: say('set-up.password'), hint: say('set-up.password-hint', { least: MIN_PASSWORD_LENGTH, bank: writing.bank }), kind: 'new' })}
<div class="buttons"><button class="main" type="submit">${say('page.go-on')}</button></div>
</form>
<form id="picture-form" method="post" novalidate hidden>
<p id="picture-why" tabindex="-1">${say('set-up.picture-why', { bank: writing.bank })}</p>
${pictureFields(writing)}
<div class="buttons"><button class="main" type="submit">${say('page.go-on')}</button></div>
<p class="faint" id="sealing" hidden>${say('set-up.sealing')}</p>
</form>
<form id="code-form" method="post" novalidate hidden>
<p>${say('set-up.app')}</p>
<canvas class="qr" id="qr" role="img" aria-label="${say('set-up.qr-label')}"></canvas>
<p>${say('set-up.key')}: <code id="secret"></code></p>
<p><a id="open-app">${say('set-up.open-app')}</a></p>
${codeField(writing, { id: 'code', label: say('set-up.first-code') })}
<div class="buttons"><button class="main" type="submit">${say('page.go-on')}</button></div>
</form>
<form id="recovery-form" method="post" novalidate hidden>
<p>${say('set-up.keep')}</p>
<ul class="codes" id="codes"></ul>
<div class="buttons"><button type="button" id="print">${say('set-up.print')}</button><button type="button" id="copy">${say('set-up.copy')}</button></div>
<div class="field"><label class="check"><input type="checkbox" id="kept" aria-describedby="kept-fault"><span>${say('set-up.kept')}</span></label>
<p class="fault" id="kept-fault" hidden></p></div>
<div class="buttons"><button class="main" type="submit">${say('set-up.finish')}</button></div>
</form>
<section id="done" aria-labelledby="done-title" hidden>
<h2 id="done-title" tabindex="-1">${say('set-up.done-title')}</h2>
<p>${say('set-up.done')}</p>
<p><a class="button main" href="/login/?to=/login/account">${say('set-up.sign-in')}</a></p>
</section>
<p class="claim faint">${say('page.claim')}</p>
</div>`
  return { title: say('set-up.title'), layout: 'one', main }
}
