// Proves the password of now within the session: OPAQUE's sign-in as far as KE3, on the device that the session is of.
import { callFrom } from './call.ts'
import { publicDevice } from './device.ts'
import { type Octets, same } from './octets.ts'
import { finishLogin, NO_KE3, type Opaque } from './opaque.ts'
import { openOfDevice, openOfPassword, SealError } from './seal.ts'
import type { StoredDevice } from './store.ts'

/** What was proved, and what it opened. */
export interface ProvedPassword {
  /** For the calls that ask for the password of now. */
  readonly signIn: string
  /** Secret, of OPAQUE. */
  readonly exportKey: string
  /** Picture and phrase, with their padding. */
  readonly shown: Octets
  /** The names of both, in OPAQUE's own terms. */
  readonly identifiers: { readonly client: string; readonly server: string }
}

/**
 * Answers undefined where it is not the password.
 * @throws {RefusedError}
 * @throws {SealError} where what comes is not what this device has, or opens to nothing.
 */
export async function provePassword(
  device: StoredDevice,
  opaque: Opaque,
  password: string,
): Promise<ProvedPassword | undefined> {
  const begun = await callFrom(device, 'begin', { device: await publicDevice(device) })
  const { signIn, account: client, ofDevice } = begun
  if (client === undefined) throw new SealError('this device is of no account')
  const own = { account: client, device: device.id }
  const first = ofDevice === undefined ? undefined : await openOfDevice(ofDevice, device.agreement, own)
  const identifiers = { client, server: begun.opaque.server }
  const start = await opaque.startLogin(password)
  const { response } = await callFrom(device, 'password', { signIn, account: client, start })
  const finished = await finishLogin(opaque, response, identifiers)
  if (finished === undefined) {
    // The server learns that it was wrong from this alone, and records it.
    await callFrom(device, 'finish', { signIn, finish: NO_KE3 })
    return undefined
  }
  const { message: finish, exportKey } = finished
  const { ofPassword } = await callFrom(device, 'finish', { signIn, finish })
  const shown = await openOfPassword(ofPassword ?? '', exportKey)
  if (first !== undefined && !same(first, shown)) throw new SealError('another picture')
  return { signIn, exportKey, shown, identifiers }
}
