// Asks for a fresh proof of who is there: a passkey or a one-time password.
import { callWithin } from './call.ts'
import { sessionDevice } from './device.ts'
import { bank, busy, digitsIn, element, explain, explainCode, fault, isRefused, noFaults, say, show } from './dom.ts'
import { signByPasskey } from './passkey.ts'

/** What is offered; where neither is, nothing is left but to turn away. */
export interface FreshWays {
  readonly passkey: boolean
  readonly code: boolean
}

/** Resolves once somebody has proved themselves anew (true), or turned away (false). */
export async function askFresh(ways: FreshWays): Promise<boolean> {
  const device = await sessionDevice()
  const form = element('fresh-form', HTMLFormElement)
  const code = element('fresh-code', HTMLInputElement)
  const box = element('fresh-alarm', HTMLElement)
  const tell = (text: string) => {
    box.textContent = text
    box.hidden = false
  }
  code.value = ''
  box.hidden = true
  noFaults(form)
  show('fresh-passkey', ways.passkey)
  show('fresh-by-code', ways.code)
  show('fresh-go-on', ways.code)
  element('fresh-go-on', HTMLElement).classList.toggle('main', !ways.passkey)
  const over = new AbortController()
  const { signal } = over
  return new Promise<boolean>((resolve) => {
    const end = (proved: boolean) => {
      over.abort()
      resolve(proved)
    }
    const attempt = (work: () => Promise<boolean>) =>
      void busy(form, async () => {
        box.hidden = true
        noFaults(form)
        try {
          if (await work()) end(true)
        } catch (error) {
          if (isRefused(error, 'ERR_PERSON_CREDENTIALS')) fault('fresh-code', explainCode(error))
          else tell(explain(error))
        }
      })
    element('fresh-passkey', HTMLButtonElement).addEventListener(
      'click',
      () =>
        attempt(async () => {
          const credential = await signByPasskey(await callWithin(device, 'step-up/options', {}))
          if (credential === undefined) {
            tell(say('sign-in.no-passkey', { bank }))
            return false
          }
          await callWithin(device, 'step-up', { credential })
          return true
        }),
      { signal },
    )
    form.addEventListener(
      'submit',
      (event) => {
        event.preventDefault()
        attempt(async () => {
          const digits = digitsIn('fresh-code')
          if (digits === undefined) return false
          await callWithin(device, 'step-up', { code: digits })
          return true
        })
      },
      { signal },
    )
    element('fresh-cancel', HTMLButtonElement).addEventListener('click', () => end(false), { signal })
    document.getElementById('fresh')?.addEventListener('close', () => end(false), { signal })
  })
}

/** Does what may ask for a fresh proof; undefined where the customer turned away. @throws {RefusedError} */
export async function withFresh<Result>(
  withPasskey: () => boolean,
  work: () => Promise<Result>,
): Promise<Result | undefined> {
  try {
    return await work()
  } catch (error) {
    if (!isRefused(error, 'ERR_PERSON_FRESH')) throw error
  }
  const dialog = element('fresh', HTMLDialogElement)
  dialog.showModal()
  const proved = await askFresh({ passkey: withPasskey(), code: true })
  dialog.close()
  return proved ? work() : undefined
}
