// Passkeys: what the browser's own dialog makes and signs. @see WebAuthn 3 §5.1
import type { AnswerOf, BodyOf } from '../api.ts'

/** A credential as the server reads it. */
export type CredentialJson = BodyOf<'passkey'>['credential']

/** Whether this browser can. */
export const passkeysWork: boolean =
  'PublicKeyCredential' in globalThis && 'parseRequestOptionsFromJSON' in PublicKeyCredential

/** The browser keeps passkeys for another address than this page's: the page is not where it says. @see WebAuthn 3 §5.1.4.1 step 8 */
export class AddressError extends Error {
  override readonly name = 'AddressError'
}

/** Asks for a signature; undefined where the customer turned away. @throws {AddressError} */
export async function signByPasskey(options: AnswerOf<'passkey/options'>): Promise<CredentialJson | undefined> {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(
    options as unknown as PublicKeyCredentialRequestOptionsJSON,
  )
  return answered(() => navigator.credentials.get({ publicKey }))
}

/** Makes a passkey; undefined where the customer turned away. @throws {AddressError} */
export async function makePasskey(options: AnswerOf<'passkey/add/options'>): Promise<CredentialJson | undefined> {
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(
    options as unknown as PublicKeyCredentialCreationOptionsJSON,
  )
  return answered(() => navigator.credentials.create({ publicKey }))
}

async function answered(ask: () => Promise<Credential | null>): Promise<CredentialJson | undefined> {
  try {
    const credential = await ask()
    if (!(credential instanceof PublicKeyCredential)) return undefined
    // The library's type has no index; what is in it is for the server to read.
    return credential.toJSON() as unknown as CredentialJson
  } catch (error) {
    // NotAllowedError is a dialog that was closed or ran out of time, or no passkey that fits: the browser does not tell which.
    if (error instanceof DOMException && error.name === 'NotAllowedError') return undefined
    if (error instanceof DOMException && error.name === 'SecurityError') throw new AddressError(error.message)
    throw error
  }
}
