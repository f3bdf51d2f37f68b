// A code by SMS, the weaker way: offered below the others where the operator has a gateway and the account has a number.
import { element, label, onClick, say, write } from './dom.ts'

/** Absent where there is no gateway. */
const offer = document.getElementById('sms')

/** Offers it, or takes it back. No line ends between the dots and the digits (Unicode UAX #14, WJ). @param number The end of the number */
export function offerSms(number: string | undefined): void {
  if (offer === null) return
  offer.hidden = number === undefined
  if (number !== undefined) write('send-sms', say('sms.send', { number: number.replace('…', '…\u2060') }))
}

/** What is done when it is asked for; what goes wrong is told, and every other way stays. */
export function onSmsAsked(send: () => Promise<{ readonly number: string } | undefined>): void {
  if (offer === null) return
  onClick('send-sms', async () => {
    write('sent', '')
    const sent = await send()
    if (sent === undefined) return
    write('sent', say('sms.sent', { number: sent.number }))
    label('code', 'sms.first-code')
    element('code', HTMLInputElement).focus()
  })
}
