// The proof that is asked for, on a page of its own: the door says which the rule lacks, an application may ask for either.
import type { AnswerOf } from '../api.ts'
import { sessionDevice } from './device.ts'
import { busy, element, say, show, whereTo, write } from './dom.ts'
import { askFresh } from './fresh.ts'
import { hasPasskey, openAccount } from './open-account.ts'
import { passkeysWork } from './passkey.ts'

const asked = new URLSearchParams(location.search).get('proof')?.split(',') ?? ['passkey', 'totp']

await busy(element('starting', HTMLElement), async () => {
  const account = await openAccount(await sessionDevice())
  element('starting', HTMLElement).hidden = true
  element('fresh', HTMLElement).hidden = false
  const ways = { passkey: asked.includes('passkey') && hasPasskey(account), code: asked.includes('totp') }
  write('fresh-text', textOf(ways))
  if (asked.includes('passkey') && !ways.passkey && !ways.code) lead(account)
  link('to-sign-in', '/login/', asked.includes('password'))
  const fresh = askFresh(ways)
  if (ways.code && !ways.passkey) element('fresh-code', HTMLInputElement).focus()
  if (await fresh) location.replace(whereTo())
  else history.back()
})

function textOf({ passkey, code }: { readonly passkey: boolean; readonly code: boolean }): string {
  if (code) return say(passkey ? 'fresh.text' : 'fresh.text-totp')
  return say(asked.includes('passkey') ? 'fresh.text-passkey' : 'fresh.text-password')
}

/** Where a passkey is asked for, and nothing else would do, and none can be shown. */
function lead({ passkeys }: AnswerOf<'account'>): void {
  const canAdd = passkeysWork && passkeys.length === 0
  write('elsewhere', say(canAdd ? 'fresh.no-passkey' : 'fresh.no-passkeys-here'))
  show('elsewhere')
  link('to-account', '/login/account', canAdd)
}

/** From there the customer comes back to where this page leads. */
function link(id: string, page: string, shown: boolean): void {
  element(id, HTMLAnchorElement).href = `${page}?to=${encodeURIComponent(whereTo())}`
  show(id, shown)
}
