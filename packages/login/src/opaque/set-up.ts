// What the server has of OPAQUE for all accounts: its own key, its OPRF seed, and a record for names that nobody has.
import { randomBytes } from 'node:crypto'
import { client, ready, server } from '@serenity-kit/opaque'

/** Secret, server only. */
export interface OpaqueSetUp {
  /** The OPRF seed, the key pair of the server, and the library's own for records that it makes up. Base64url. */
  readonly serverSetup: string
  /** A record of a password that nobody knows, made once. @see RFC 9807 §6.3.2.2 */
  readonly fakeRecord: string
}

/** Makes it, for the first start of a door; a password is stretched for it, which takes about 200 ms. */
export async function makeOpaqueSetUp(): Promise<OpaqueSetUp> {
  await ready
  const serverSetup = server.createSetup()
  const password = randomBytes(32).toString('base64url')
  const { clientRegistrationState, registrationRequest } = client.startRegistration({ password })
  const { registrationResponse } = server.createRegistrationResponse({
    serverSetup,
    userIdentifier: 'nobody',
    registrationRequest,
  })
  const { registrationRecord } = client.finishRegistration({
    password,
    clientRegistrationState,
    registrationResponse,
    // Nobody ever asks for this password again: how it is stretched is nobody's matter.
    keyStretching: { 'argon2id-custom': { iterations: 1, memory: 8, parallelism: 1 } },
  })
  return { serverSetup, fakeRecord: registrationRecord }
}
