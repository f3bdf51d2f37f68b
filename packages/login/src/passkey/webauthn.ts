// What reads and makes the messages of WebAuthn: loaded with the first passkey, since it costs a start more than all the rest of login.

/** The functions of `@simplewebauthn/server`. */
export function webAuthn(): Promise<typeof import('@simplewebauthn/server')> {
  return import('@simplewebauthn/server')
}
