// A fresh proof on a page of its own, for an application that asks for it.
import { sessionDevice } from './device.ts'
import { busy, element, whereTo } from './dom.ts'
import { askFresh } from './fresh.ts'
import { hasPasskey, openAccount } from './open-account.ts'

await busy(element('starting', HTMLElement), async () => {
  const account = await openAccount(await sessionDevice())
  element('starting', HTMLElement).hidden = true
  element('fresh', HTMLElement).hidden = false
  if (await askFresh(hasPasskey(account))) location.replace(whereTo())
  else history.back()
})
