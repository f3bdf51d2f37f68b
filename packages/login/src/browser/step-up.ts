// A fresh proof on a page of its own, for an application that asks for it.
import { whereTo } from './dom.ts'
import { askFresh } from './fresh.ts'

if (await askFresh()) location.replace(whereTo())
else history.back()
