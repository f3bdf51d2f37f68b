// Another picture and phrase: the password of now gives the key of one copy, and this device that of the other.
import { callWithin } from './call.ts'
import { withPasswordOfNow } from './change-password.ts'
import { choosePicture } from './choose-picture.ts'
import { publicJwk } from './device.ts'
import { element } from './dom.ts'
import { withFresh } from './fresh.ts'
import { sealToDevice, sealToPassword } from './seal.ts'
import type { StoredDevice } from './store.ts'

const chosen = choosePicture()

/** Answers whether it was changed. */
export async function changePicture(device: StoredDevice, withPasskey: () => boolean): Promise<boolean> {
  const shown = chosen(element('picture-password', HTMLInputElement).value)
  if (shown === undefined) return false
  return withPasswordOfNow(device, 'picture-password', async ({ signIn, exportKey, identifiers }) => {
    const to = await publicJwk(device.agreement)
    const ofDevice = await sealToDevice(shown, to, { account: identifiers.client, device: device.id })
    const ofPassword = await sealToPassword(shown, exportKey)
    const change = async () => callWithin(device, 'picture/change', { signIn, ofPassword, ofDevice })
    return (await withFresh(withPasskey, change)) !== undefined
  })
}
