// The account of the session that is open; where none is, the customer signs in and comes back to this very page.
import type { AnswerOf } from '../api.ts'
import { callWithin } from './call.ts'
import { isRefused } from './dom.ts'
import { passkeysWork } from './passkey.ts'
import type { StoredDevice } from './store.ts'

/** Reads it. @throws {RefusedError} */
export async function openAccount(device: StoredDevice): Promise<AnswerOf<'account'>> {
  try {
    return await callWithin(device, 'account', {})
  } catch (error) {
    if (!isRefused(error, 'ERR_PERSON_NOT_SIGNED_IN')) throw error
    const { pathname, search, hash } = location
    location.replace(`/login/?to=${encodeURIComponent(pathname + search + hash)}`)
    // The page is about to go.
    return new Promise(() => undefined)
  }
}

/** Whether a passkey may be asked for: this browser can, and the account has one. */
export function hasPasskey({ passkeys }: AnswerOf<'account'>): boolean {
  return passkeysWork && passkeys.length > 0
}
