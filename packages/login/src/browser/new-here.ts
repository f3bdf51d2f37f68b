// The first that runs where somebody signs in, while the rest of the page is on its way: where nobody has signed in at this
// browser, the bank cannot have a picture for it, and a name may be typed meanwhile.
import { keptNothing, readDevices, readState, type StoredDevice } from './store.ts'

/** What waits for the rest of the page. */
const WAITING = '#passkey-first, #password-form button[type=submit]'

/** The devices of this browser that are of an account. Rejects where it keeps no keys, which is for whoever waits to tell. */
export const knownHere: Promise<readonly StoredDevice[]> = look()
knownHere.catch(() => undefined)

async function look(): Promise<readonly StoredDevice[]> {
  if (!(await keptNothing())) {
    const [devices, waiting] = await Promise.all([readDevices(), readState('waiting')])
    const known = devices.filter(({ account }) => account !== undefined)
    // A recovery that was begun here goes on, whoever has signed in.
    if (known.length > 0 || waiting !== undefined) return known
  }
  // It may be here before the end of the page.
  if (document.readyState === 'loading') {
    await new Promise((resolve) => document.addEventListener('readystatechange', resolve, { once: true }))
  }
  showName()
  return []
}

function showName(): void {
  for (const id of ['starting', 'by-passkey']) set(id, true)
  for (const button of document.querySelectorAll<HTMLButtonElement>(WAITING)) button.disabled = true
  for (const input of document.querySelectorAll<HTMLInputElement>('#password')) input.disabled = true
  for (const id of ['new-device', 'password-form']) set(id, false)
}

/** What was waited for is there. */
export function stopWaiting(): void {
  for (const button of document.querySelectorAll<HTMLButtonElement>(WAITING)) button.disabled = false
}

function set(id: string, hidden: boolean): void {
  document.getElementById(id)?.toggleAttribute('hidden', hidden)
}
