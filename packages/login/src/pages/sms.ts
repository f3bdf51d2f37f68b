// Codes by SMS on pages: only where the operator has a gateway, said to be restricted, and below every other way.
import { codeField, type Writing } from './document.ts'
import { type Html, html } from './html.ts'

/** Below a code's field, hidden until the account is known to have a number. `browser/sms.ts` writes its end. */
export function smsOffer({ say, hasSms }: Writing): Html | false {
  return (
    hasSms &&
    html`<p class="weaker" id="sms" hidden><button type="button" class="link" id="send-sms" aria-describedby="sms-hint"></button>
<span class="faint" id="sms-hint">${say('sms.hint')}</span></p>`
  )
}

/** In the account: what such a code is worth, and the number. @see NIST SP 800-63B §5.2.10: customers are told of the risk */
export function smsSection(writing: Writing): Html | false {
  const { say, hasSms } = writing
  return (
    hasSms &&
    html`<section aria-labelledby="sms-title">
<h2 id="sms-title">${say('sms.title')}</h2>
<p>${say('sms.restricted')}</p>
<p id="sms-number"></p>
<div class="buttons" id="sms-enrolled" hidden><button type="button" class="danger" id="sms-remove">${say('sms.remove')}</button></div>
<details id="sms-details"><summary id="sms-summary">${say('sms.set')}</summary>
<form id="sms-form" method="post" novalidate>
<div class="field"><label for="sms-to">${say('sms.number')}</label>
<p class="hint" id="sms-to-hint">${say('sms.number-hint')}</p>
<input type="tel" id="sms-to" name="tel" autocomplete="tel" required maxlength="40" aria-describedby="sms-to-hint sms-to-fault">
<p class="fault" id="sms-to-fault" hidden></p></div>
<div class="buttons"><button type="submit">${say('sms.send-first')}</button></div>
</form>
<form id="sms-code-form" method="post" novalidate hidden>
<p id="sms-sent" role="status"></p>
${codeField(writing, { id: 'sms-code', label: say('sms.first-code') })}
<div class="buttons"><button class="main" type="submit">${say('sms.use')}</button></div>
</form></details>
</section>`
  )
}
