// Signs out: at once where a page of this origin led here, and by a button where a page elsewhere did.
import { busy, element, onClick, show } from './dom.ts'
import { signOut } from './session.ts'

onClick('sign-out', leave)
show('starting', false)
if (document.referrer.startsWith(`${location.origin}/`)) await busy(element('sign-out', HTMLElement), leave)

async function leave(): Promise<void> {
  await signOut()
  location.replace('/login/')
}
