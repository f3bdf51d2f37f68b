// Signs out: at once where a page of this origin led here, and by a button where a page elsewhere did.
import { callWithin } from './call.ts'
import { currentDevice } from './device.ts'
import { busy, element, isRefused, onClick, show } from './dom.ts'

onClick('sign-out', signOut)
show('starting', false)
if (URL.parse(document.referrer)?.origin === location.origin) await busy(element('sign-out', HTMLElement), signOut)

async function signOut(): Promise<void> {
  try {
    await callWithin(await currentDevice(), 'sign-out', {})
  } catch (error) {
    // It has ended already.
    if (!isRefused(error, 'ERR_PERSON_NOT_SIGNED_IN')) throw error
  }
  location.replace('/login/')
}
