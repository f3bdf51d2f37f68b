// What is on the pages of the bank.
import { html, type Markup } from './html.ts'
import { formatIban } from './iban.ts'
import type { Account, Customer, Order, Payee } from './model.ts'
import { formatAmount } from './money.ts'
import { confirmationOf } from './orders.ts'
import { drawFaults, drawField, drawLines, type Faults, type Page, wordOf } from './page.ts'

/** What a customer typed, by field. */
export type Typed = Readonly<Record<string, string>>

const DAY = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' })

function drawTime(at: Temporal.Instant): Markup {
  return html`<time datetime="${at.toString({ smallestUnit: 'second' })}">${DAY.format(at.epochMilliseconds)}</time>`
}

/** All accounts of a customer. */
export function accountsPage({ accounts }: Customer): Page {
  const rows = accounts.map(
    ({ id, name, iban, cents }) => html`<tr><th scope="row"><a href="/accounts/${id}">${name}</a>
<span class="small">${formatIban(iban)}</span></th><td class="amount">${formatAmount(cents)}</td></tr>`,
  )
  const sum = accounts.reduce((total, { cents }) => total + cents, 0)
  return {
    status: 200,
    title: 'Your accounts',
    part: '/',
    content: html`<h1>Your accounts</h1>
<table>
${drawHead('Account', 'Balance')}
<tbody>${rows}</tbody>
<tfoot><tr><th scope="row">All together</th><td class="amount">${formatAmount(sum)}</td></tr></tfoot>
</table>
<p><a class="button" href="/transfer">Transfer money</a></p>`,
  }
}

/** One account, with what was booked. */
export function bookingsPage({ name, iban, cents, bookings }: Account): Page {
  const rows = bookings.map(
    (
      booking,
    ) => html`<tr role="row"><td role="cell" class="whole">${drawTime(booking.at)}</td><th role="rowheader" scope="row">${booking.with}
<span class="small">${booking.purpose}</span></th>
<td role="cell" class="amount${booking.cents > 0 && ' in'}">${booking.cents > 0 && '+'}${formatAmount(booking.cents)}</td></tr>`,
  )
  return {
    status: 200,
    title: name,
    part: '/',
    content: html`<h1>${name}</h1>
${drawLines([
  ['Balance', formatAmount(cents)],
  ['IBAN', formatIban(iban)],
])}
<table role="table" class="narrow">
<caption>Bookings, the newest first</caption>
${drawHead('Day', 'With', 'Amount')}
<tbody role="rowgroup">${rows}</tbody>
</table>
<p><a href="/">All accounts</a></p>`,
  }
}

/** The form of a transfer, as it was typed so far. */
export function transferPage({ accounts }: Customer, token: string, typed: Typed = {}, faults: Faults = {}): Page {
  const options = accounts.map(
    ({ id, name, cents }) =>
      html`<option value="${id}"${typed['from'] === id && html` selected`}>${name} (${formatAmount(cents)})</option>`,
  )
  return formPage(
    'Transfer money',
    '/transfer',
    faults,
    html`<form method="post" action="/transfer">
${drawToken(token)}
${drawField('from', 'From', faults, { control: (its) => html`<select ${its}>${options}</select>` })}
${drawField('to', 'To', faults, {
  hint: 'The name of whoever gets it',
  control: (its) => html`<input ${its} value="${typed['to'] ?? ''}" required maxlength="70" autocomplete="off">`,
})}
${drawIban(typed, faults)}
${drawField('amount', 'Amount in euros', faults, {
  hint: 'As in 1234.50',
  control: (its) =>
    html`<input ${its} class="money" value="${typed['amount'] ?? ''}" required inputmode="decimal" maxlength="12" autocomplete="off">`,
})}
${drawField('purpose', 'Purpose (may be empty)', faults, {
  control: (its) => html`<input ${its} value="${typed['purpose'] ?? ''}" maxlength="140" autocomplete="off">`,
})}
<p>On the next page you confirm exactly this. Before that, nothing is done.</p>
<button>Go on to confirm</button>
</form>`,
  )
}

/** Everybody whom the customer pays. */
export function payeesPage({ payees }: Customer, token: string): Page {
  const rows = payees.map(
    ({ id, name, iban }) => html`<tr role="row"><th role="rowheader" scope="row" class="whole">${name}</th>
<td role="cell" class="whole">${formatIban(iban)}</td><td role="cell" class="whole"><form class="row" method="post" action="/payees/${id}/remove">${drawToken(token)}
<a class="button quiet" href="/transfer?payee=${id}" aria-label="Pay ${name}">Pay</a>
<a class="button quiet" href="/payees/${id}" aria-label="Change ${name}">Change</a>
<button class="quiet" aria-label="Remove ${name}">Remove</button></form></td></tr>`,
  )
  return {
    status: 200,
    title: 'Payees',
    part: '/payees',
    content: html`<h1>Payees</h1>
<table role="table" class="narrow">
<caption>Whom you pay. Who is added or changed is confirmed by you first</caption>
${drawHead('Name', 'IBAN', 'What to do')}
<tbody role="rowgroup">${rows}</tbody>
</table>
<p><a class="button" href="/payees/new">Add a payee</a></p>`,
  }
}

/** The form of a payee; without one, of a new one. */
export function payeePage(payee: Payee | undefined, token: string, typed: Typed, faults: Faults = {}): Page {
  const title = payee === undefined ? 'Add a payee' : `Change ${payee.name}`
  return formPage(
    title,
    '/payees',
    faults,
    html`<form method="post" action="/payees/${payee?.id ?? 'new'}">
${drawToken(token)}
${drawField('name', 'Name', faults, {
  control: (its) => html`<input ${its} value="${typed['name'] ?? ''}" required maxlength="70" autocomplete="off">`,
})}
${drawIban(typed, faults)}
<p>On the next page you confirm exactly this. Before that, nothing is changed.</p>
<button>Go on to confirm</button>
</form>`,
  )
}

/** What became of an order. */
export function orderPage(order: Order, now: Temporal.Instant): Page {
  const { matter, ended, heldUntil } = order
  const lines = drawLines(matter.lines)
  const back = html`<p><a href="/">Your accounts</a></p>`
  if (ended?.failed !== undefined)
    return {
      status: 409,
      title: 'Not done',
      content: html`<h1 class="bad">Not done: ${ended.failed}</h1>${lines}${back}`,
    }
  if (ended !== undefined)
    return {
      status: 200,
      title: 'Done',
      content: html`<h1 class="good">Done: ${matter.title}</h1>
<p>You confirmed it by ${wordOf(ended.by)}, and it was done on ${drawTime(ended.at)}. A confirmation counts once.</p>${lines}${back}`,
    }
  if (Temporal.Instant.compare(now, heldUntil) >= 0)
    return {
      status: 410,
      title: 'Not confirmed in time',
      content: html`<h1 class="bad">Not confirmed in time</h1><p>Nothing was done. Begin anew if you still want it.</p>${lines}${back}`,
    }
  return {
    status: 403,
    title: 'Not confirmed',
    content: html`<h1 class="bad">Not confirmed</h1>
<p>Nothing was done. The door says of no confirmation that it is of exactly this:</p>
${lines}
<p><a class="button" href="${confirmationOf(order)}">Confirm it</a></p>${back}`,
  }
}

/** What is confirmed, and was not asked for by a page of this bank. */
export function confirmedPage({ id, matter }: Order): Page {
  return {
    status: 403,
    title: 'Not done yet',
    content: html`<h1 class="bad">Not done yet</h1>
<p>You have confirmed this, but no page of this bank has led you here. Do you want it done?</p>
${drawLines(matter.lines)}
<p><a class="button" href="/orders/${id}">Do it</a></p><p><a href="/">Your accounts</a></p>`,
  }
}

/** What is said in place of what was asked for. */
export function plainPage(status: number, title: string, ...words: readonly string[]): Page {
  return { status, title, content: html`<h1 class="bad">${title}</h1>${words.map((each) => html`<p>${each}</p>`)}` }
}

function formPage(title: string, part: string, faults: Faults, form: Markup): Page {
  const isWrong = Object.keys(faults).length > 0
  return {
    status: isWrong ? 422 : 200,
    title: isWrong ? `Error: ${title}` : title,
    part,
    content: html`<h1>${title}</h1>
${drawFaults(faults)}
${form}`,
  }
}

/** The roles are said as well: without them, a table that is laid out in another way is none to a screen reader. */
function drawHead(...columns: readonly string[]): Markup {
  const heads = columns.map((column) => {
    const isAmount = column === 'Amount' || column === 'Balance'
    return html`<th role="columnheader" scope="col"${isAmount && html` class="amount"`}>${column}</th>`
  })
  return html`<thead role="rowgroup"><tr role="row">${heads}</tr></thead>`
}

function drawToken(token: string): Markup {
  return html`<input type="hidden" name="token" value="${token}">`
}

function drawIban(typed: Typed, faults: Faults): Markup {
  return drawField('iban', 'IBAN', faults, {
    hint: 'As on the invoice; spaces do not matter',
    control: (its) =>
      html`<input ${its} value="${typed['iban'] ?? ''}" required maxlength="50" autocomplete="off" autocapitalize="characters" spellcheck="false">`,
  })
}
