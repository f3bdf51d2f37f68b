// The pages of a session that is open: renewing it, a fresh proof, confirming, and the account.
import { alarm, codeField, type Page, passwordField, type Writing } from './document.ts'
import { type Html, html } from './html.ts'
import { pictureFields } from './picture-fields.ts'
import { MIN_PASSWORD_LENGTH } from './set-up.ts'
import { smsOffer, smsSection } from './sms.ts'

/** `/login/renew`: proves, and goes back. */
export function renewPage({ say }: Writing): Page {
  const main = html`<div class="card">
<h1>${say('renew.title')}</h1>
${alarm()}
<p id="starting" class="faint">${say('renew.text')}</p>
</div>`
  return { title: say('renew.title'), layout: 'one', main }
}

/** `/login/sign-out`: ends the session. */
export function signOutPage({ say }: Writing): Page {
  const main = html`<div class="card">
<h1>${say('account.sign-out')}</h1>
${alarm()}
<p id="starting" class="faint">${say('page.moment')}</p>
<div class="buttons"><button type="button" class="main" id="sign-out">${say('account.sign-out')}</button></div>
</div>`
  return { title: say('account.sign-out'), layout: 'one', main }
}

/** `/login/step-up`: the proof that is asked for, and back; what cannot be shown here leads to where it can. */
export function stepUpPage(writing: Writing): Page {
  const { say } = writing
  const elsewhere = html`<p id="elsewhere" hidden></p>
<div class="buttons"><a class="button main" id="to-account" href="/login/account" hidden>${say('fresh.to-account')}</a><a class="button" id="to-sign-in" href="/login/" hidden>${say('fresh.sign-in')}</a></div>`
  const main = html`<div class="card">
${alarm()}
<p id="starting" class="faint">${say('page.moment')}</p>
<div id="fresh" hidden>
${freshForm(writing, html`<h1>${say('fresh.title')}</h1>`, elsewhere)}
</div>
<p class="claim faint">${say('page.claim')}</p>
</div>`
  return { title: say('fresh.title'), layout: 'one', main }
}

/** `/login/confirm`: what is confirmed stands here line by line, and nothing else is. */
export function confirmPage(writing: Writing): Page {
  const { say } = writing
  const main = html`<div class="card">
<h1>${say('confirm.title')}</h1>
${alarm()}
<p id="starting" class="faint">${say('page.moment')}</p>
<section id="matter" aria-labelledby="matter-title" hidden>
<p>${say('confirm.text')}</p>
<h2 id="matter-title"></h2>
<dl class="matter" id="lines"></dl>
<div class="buttons"><button type="button" class="main" id="by-passkey">${say('confirm.by-passkey')}</button><button type="button" id="send">${say('confirm.send')}</button></div>
<p id="sent" role="status"></p>
<form id="code-form" method="post" novalidate>
${codeField(writing, { id: 'code', label: say('fresh.code') })}
<div class="buttons"><button type="submit" id="by-code">${say('confirm.by-code')}</button><button type="button" id="cancel">${say('page.cancel')}</button></div>
${smsOffer(writing)}
</form>
</section>
<p class="claim faint">${say('page.claim')}</p>
</div>`
  return { title: say('confirm.title'), layout: 'one', main }
}

/** `/login/account`: devices, passkeys, codes, and what waits; a telephone shows its codes here. */
export function accountPage(writing: Writing): Page {
  const { say, bank } = writing
  const main = html`<div class="card">
<h1 id="greeting">${say('page.account')}</h1>
${alarm()}
<div class="notice" id="notice" role="status" tabindex="-1" hidden></div>
<p id="starting" class="faint">${say('page.moment')}</p>
<div id="open" hidden>
<p class="faint" id="signed-in"></p>
<section aria-labelledby="waits-title">
<h2 id="waits-title">${say('account.waits')}</h2>
<div id="waits"></div>
<p class="faint" id="nothing-waits">${say('account.nothing-waits')}</p>
</section>
<section aria-labelledby="devices-title">
<h2 id="devices-title">${say('account.devices')}</h2>
<ul class="list" role="list" id="devices"></ul>
<label class="check"><input type="checkbox" id="phone" aria-describedby="phone-hint"><span>${say('account.phone-label')}<br><span class="faint" id="phone-hint">${say('account.phone-hint')}</span></span></label>
</section>
<section aria-labelledby="sessions-title">
<h2 id="sessions-title">${say('account.sessions')}</h2>
<ul class="list" role="list" id="sessions"></ul>
<button type="button" id="end-others">${say('account.end-others')}</button>
</section>
<section aria-labelledby="passkeys-title">
<h2 id="passkeys-title">${say('account.passkeys')}</h2>
<ul class="list" role="list" id="passkeys"></ul>
<p id="no-passkeys" hidden>${say('account.no-passkeys')}</p>
<button type="button" id="add-passkey">${say('account.add-passkey')}</button>
</section>
<section aria-labelledby="recovery-title">
<h2 id="recovery-title">${say('account.recovery')}</h2>
<p id="recovery-left"></p>
<div id="recovery-shown" hidden><p>${say('set-up.keep')} ${say('account.recovery-replaced')}</p><ul class="codes" id="codes"></ul></div>
<button type="button" id="recovery-new">${say('account.recovery-new')}</button>
</section>
<section aria-labelledby="password-title">
<h2 id="password-title">${say('set-up.password')}</h2>
<details><summary>${say('account.change-password')}</summary>
<form id="password-form" method="post" novalidate data-least="${MIN_PASSWORD_LENGTH}">
<input type="text" id="account" name="username" autocomplete="username" readonly hidden>
${passwordField(writing, { id: 'password-now', label: say('account.password-now'), kind: 'current' })}
${passwordField(writing, { id: 'password', label: say('account.new-password'), hint: say('set-up.password-hint', { least: MIN_PASSWORD_LENGTH, bank }), kind: 'new' })}
<div class="buttons"><button class="main" type="submit">${say('account.change-password')}</button></div>
</form></details>
</section>
<section aria-labelledby="picture-title">
<h2 id="picture-title">${say('set-up.picture')}</h2>
<details><summary>${say('account.change-picture')}</summary>
<form id="picture-form" method="post" novalidate>
${passwordField(writing, { id: 'picture-password', label: say('account.password-now'), kind: 'current' })}
${pictureFields(writing)}
<div class="buttons"><button class="main" type="submit">${say('account.change-picture')}</button></div>
</form></details>
</section>
<section aria-labelledby="app-title">
<h2 id="app-title">${say('set-up.code')}</h2>
<button type="button" id="app-new">${say('account.change-app')}</button>
<form id="app-form" method="post" novalidate hidden>
<p>${say('set-up.app')}</p>
<canvas class="qr" id="qr" role="img" aria-label="${say('set-up.qr-label')}"></canvas>
<p>${say('set-up.key')}: <code id="secret"></code></p>
${codeField(writing, { id: 'app-code', label: say('set-up.first-code') })}
<div class="buttons"><button class="main" type="submit">${say('account.change-app')}</button></div>
</form>
</section>
${smsSection(writing)}
<div class="buttons"><a class="button" id="on" href="/">${say('account.on', { bank })}</a><button type="button" id="sign-out">${say('account.sign-out')}</button></div>
</div>
<p class="claim faint">${say('page.claim')}</p>
</div>
<dialog id="fresh" aria-labelledby="fresh-title">
${freshForm(writing, html`<h2 id="fresh-title">${say('fresh.title')}</h2>`)}
</dialog>`
  return { title: say('page.account'), layout: 'one', main }
}

/** Asks for a fresh proof: on a page of its own, with ways that lead `elsewhere`, or in a dialog above another. */
function freshForm(writing: Writing, heading: Html, elsewhere: Html | false = false): Html {
  const { say } = writing
  return html`${heading}
<p id="fresh-text">${say('fresh.text')}</p>
<div class="alarm" id="fresh-alarm" role="alert" hidden><p></p></div>
<div class="buttons"><button type="button" class="main" id="fresh-passkey">${say('fresh.by-passkey')}</button></div>
${elsewhere}
<form id="fresh-form" method="post" novalidate>
<div id="fresh-by-code">${codeField(writing, { id: 'fresh-code', label: say('sign-in.code') })}</div>
<div class="buttons"><button type="submit" id="fresh-go-on">${say('page.go-on')}</button><button type="button" id="fresh-cancel">${say('page.cancel')}</button></div>
</form>`
}
