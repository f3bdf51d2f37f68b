// `/login/`: the bank proves itself first, by what only it keeps and only this device opens.
import { alarm, codeField, meeting, type Page, passwordField, type Writing } from './document.ts'
import { html } from './html.ts'
import { smsOffer } from './sms.ts'

/** The page of signing in. Its sections are shown one after the other by `browser/sign-in.ts`. */
export function signInPage(writing: Writing): Page {
  const { say, bank, recoveryHours: hours, hasMail } = writing
  const told = say(hasMail ? 'sign-in.told-and-mail' : 'sign-in.told')
  const main = html`<div class="card">
<h1>${say('sign-in.title')}</h1>
${alarm()}
<p id="ran-out" role="status" hidden>${say('sign-in.ran-out')}</p>
<p id="starting" class="faint">${say('sign-in.starting', { bank })}</p>
<section id="who" aria-labelledby="who-title" hidden>
<h2 id="who-title">${say('sign-in.who')}</h2>
<div class="buttons" id="who-buttons"></div>
</section>
<section id="picture" aria-labelledby="picture-title" hidden>
<h2 id="picture-title" tabindex="-1">${say('sign-in.your-picture')}</h2>
<figure class="shown"><canvas id="canvas" width="320" height="240" role="img" aria-label="${say('sign-in.picture-label')}"></canvas><figcaption id="phrase"></figcaption></figure>
<p id="look">${say('sign-in.look', { bank })} <button type="button" class="link danger" id="not-mine">${say('sign-in.not-mine')}</button></p>
</section>
<section id="no-picture" aria-labelledby="no-picture-title" hidden>
<h2 id="no-picture-title">${say('sign-in.no-picture-title')}</h2>
<p>${say('sign-in.no-picture', { bank })}</p>
</section>
<section id="new-device" aria-labelledby="new-device-title" hidden>
<h2 id="new-device-title">${say('sign-in.new-title')}</h2>
<p>${say('sign-in.new', { bank })}</p>
<ul><li>${say('sign-in.way-passkey')}</li><li>${say('sign-in.way-confirm')}</li><li>${say('sign-in.way-recover', { hours, told })}</li></ul>
<p><button type="button" class="main" id="passkey-first">${say('sign-in.by-passkey')}</button></p>
<h2>${say('sign-in.by-password')}</h2>
</section>
<form id="password-form" method="post" novalidate hidden>
<div class="field"><label for="account">${say('sign-in.account')}</label>
<input type="text" id="account" name="username" autocomplete="username" required autocapitalize="none" spellcheck="false" maxlength="100" aria-describedby="account-fault">
<p class="fault" id="account-fault" hidden></p></div>
${passwordField(writing, { id: 'password', label: say('sign-in.password'), kind: 'current' })}
<div class="buttons"><button class="main" type="submit">${say('page.go-on')}</button><button type="button" id="by-passkey">${say('sign-in.by-passkey')}</button></div>
<p class="faint" id="checking" hidden>${say('sign-in.checking')}</p>
<p id="switch" hidden><button type="button" class="link" id="not-you"></button></p>
</form>
<section id="restore" aria-labelledby="restore-title" hidden>
<h2 id="restore-title" tabindex="-1">${say('sign-in.restore-title')}</h2>
<p>${say('sign-in.restore', { bank })}</p>
<div class="buttons"><button type="button" id="restore-code">${say('sign-in.restore-code')}</button><button type="button" id="restore-app">${say('sign-in.restore-app')}</button><button type="button" id="restore-passkey">${say('sign-in.restore-passkey')}</button></div>
<form id="restore-form" method="post" novalidate hidden>
<p>${say('set-up.app')}</p>
<canvas class="qr" id="qr" role="img" aria-label="${say('set-up.qr-label')}"></canvas>
<p>${say('set-up.key')}: <code id="secret"></code></p>
${codeField(writing, { id: 'app-code', label: say('set-up.first-code') })}
<div class="buttons"><button class="main" type="submit">${say('page.go-on')}</button></div>
</form>
</section>
<form id="code-form" method="post" novalidate aria-labelledby="code-title" hidden>
<h2 id="code-title" tabindex="-1">${say('sign-in.code-title')}</h2>
<figure class="shown small" id="again" hidden><canvas id="canvas-again" width="320" height="240" role="img" aria-label="${say('sign-in.picture-label')}"></canvas><figcaption><span id="phrase-again"></span><br><span class="faint">${say('sign-in.again-shown', { bank })}</span></figcaption></figure>
${codeField(writing, { id: 'code', label: say('sign-in.code') })}
<p id="sent" role="status"></p>
<div class="buttons"><button class="main" type="submit">${say('page.go-on')}</button><button type="button" id="send-code">${say('sign-in.send')}</button></div>
${smsOffer(writing)}
<details id="no-app"><summary>${say('sign-in.no-app')}</summary><p>${say('sign-in.no-app-text', { hours })}</p></details>
</form>
<section id="confirm" aria-labelledby="confirm-title" hidden>
<h2 id="confirm-title" tabindex="-1">${say('sign-in.confirm-title')}</h2>
<p class="number" id="number"></p>
<p>${say('sign-in.confirm', { bank })}</p>
<p class="faint" role="status">${say('sign-in.confirm-waits')}</p>
<div class="buttons"><button type="button" id="passkey-instead">${say('sign-in.by-passkey')}</button></div>
<details><summary>${say('sign-in.recover-title')}</summary>
<form id="recover-form" method="post" novalidate>
<p>${say('sign-in.recover', { hours, told })}</p>
<div class="field"><label for="recovery">${say('sign-in.recovery-code')}</label>
<input class="recovery" type="text" id="recovery" name="recovery" autocomplete="off" autocapitalize="none" spellcheck="false" required maxlength="40" aria-describedby="recovery-fault">
<p class="fault" id="recovery-fault" hidden></p></div>
<button type="submit">${say('sign-in.begin-waiting')}</button>
</form></details>
</section>
<section id="waiting" aria-labelledby="waiting-title" hidden>
<h2 id="waiting-title" tabindex="-1">${say('sign-in.wait-title')}</h2>
<p id="waiting-until"></p>
</section>
<section id="done" aria-labelledby="done-title" hidden>
<h2 id="done-title" tabindex="-1">${say('sign-in.done-title')}</h2>
<p>${say('sign-in.done')}</p>
</section>
<p id="start-again" hidden><button type="button" id="again-button">${say('sign-in.again')}</button></p>
<p class="claim faint">${say('page.claim')}</p>
</div>
${meeting(writing)}`
  return { title: say('sign-in.title'), layout: 'two', main }
}
