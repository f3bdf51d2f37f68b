// A code that is shown on a telephone: the page says beside which number.
import { alarm, element, isRefused, label, say, write } from './dom.ts'
import type { Word } from './words.ts'

/** Has a code shown, and says where to look; where no device of the account shows codes, that. @throws {RefusedError} */
export async function showSent(word: Word, send: () => Promise<{ readonly number: string }>): Promise<void> {
  write('sent', '')
  try {
    const { number } = await send()
    write('sent', say(word, { number }))
    label('code', 'sign-in.phone-code')
    element('code', HTMLInputElement).focus()
  } catch (error) {
    // All else of the request is the page's own.
    if (!isRefused(error, 'ERR_PERSON_REQUEST')) throw error
    alarm(say('sign-in.no-phone'))
  }
}
