// Another password: the one of now is proved, then the new record goes, with picture and phrase under its export key.
import { callWithin } from './call.ts'
import { alarm, bank, element, fault, isRefused, say } from './dom.ts'
import { withFresh } from './fresh.ts'
import { openOpaque } from './opaque.ts'
import { checkPassword } from './password.ts'
import { type ProvedPassword, provePassword } from './prove-password.ts'
import { SealError, sealToPassword } from './seal.ts'
import type { StoredDevice } from './store.ts'

/** Answers whether it was changed. */
export async function changePassword(
  device: StoredDevice,
  account: string,
  withPasskey: () => boolean,
): Promise<boolean> {
  const field = element('password', HTMLInputElement)
  const wrong = await checkPassword(field.value, [account, bank, location.hostname])
  if (wrong !== undefined) {
    fault('password', wrong)
    return false
  }
  return withPasswordOfNow(device, 'password-now', async ({ signIn, shown, identifiers }) => {
    const opaque = openOpaque()
    try {
      const request = await opaque.startRegistration(field.value)
      const answer = await withFresh(withPasskey, async () =>
        callWithin(device, 'password/change', { signIn, request }),
      )
      if (answer === undefined) return false
      const { message: record, exportKey } = await opaque.finishRegistration(answer.response, identifiers)
      const ofPassword = await sealToPassword(shown, exportKey)
      await callWithin(device, 'password/changed', { signIn, record, ofPassword })
      field.value = ''
      return true
    } finally {
      opaque.close()
    }
  })
}

/** Does what asks for the password of now, which the field `id` has. Answers false where it is another, and says so there. */
export async function withPasswordOfNow(
  device: StoredDevice,
  id: string,
  work: (proved: ProvedPassword) => Promise<boolean>,
): Promise<boolean> {
  const field = element(id, HTMLInputElement)
  if (field.value === '') {
    fault(id, say('fault.password'))
    return false
  }
  const opaque = openOpaque()
  try {
    const proved = await provePassword(device, opaque, field.value)
    if (proved === undefined) {
      fault(id, say('account.password-wrong'))
      return false
    }
    const done = await work(proved)
    if (done) field.value = ''
    return done
  } catch (error) {
    if (isRefused(error, 'ERR_PERSON_CREDENTIALS')) fault(id, say('account.password-wrong'))
    else if (error instanceof SealError) alarm(say('account.picture-differs', { bank }))
    else throw error
    return false
  } finally {
    opaque.close()
  }
}
