// The server of OPAQUE: registration (RFC 9807 §5) and sign-in (§6), by the library. Each call is synchronous WebAssembly of
// about a millisecond on the one thread, so that a thousand a second are what a process can do, with nothing else.
import { client, ready, server } from '@serenity-kit/opaque'
import type { DoorSecret } from '../secret.ts'

/** A message is not of the protocol. What is wrong with it, is for whoever made it to know. */
export class OpaqueMessageError extends Error {
  override readonly name = 'OpaqueMessageError'
  readonly code = 'ERR_LOGIN_OPAQUE'
}

/** RegistrationRequest, KE1 and KE3, in octets: the library takes what is longer. @see RFC 9807 §5.1, §6.1 */
const MESSAGE_OCTETS = { request: 32, start: 96, finish: 64 } as const
/** The record of a registration: client_public_key, masking_key (64 octets), envelope. @see RFC 9807 §5 */
const RECORD_OCTETS = 192
const PUBLIC_KEY_OCTETS = 32
const ENVELOPE_OCTETS = 96

/** OPAQUE of one door. */
export interface OpaqueServer {
  /** The server's identity. The client's is its account, as it was typed. @see RFC 9807 §4 */
  readonly identity: string
  /** RegistrationRequest to RegistrationResponse. @throws {OpaqueMessageError} @see RFC 9807 §5.2.2 */
  register(account: string, request: string): string
  /** Whether it has the form of a record of this configuration. */
  isRecord(record: string): boolean
  /**
   * KE1 to KE2. The answer lets whoever asked test one password, and no more: this is the guess that counts.
   * @param record None: nobody has that name, and the answer is of a made-up record, always the same one.
   * @throws {OpaqueMessageError} @see RFC 9807 §6.2.2
   */
  start(
    account: string,
    record: string | undefined,
    start: string,
  ): { readonly response: string; readonly state: string }
  /** KE3: whether the password was right. @see RFC 9807 §6.2.4 */
  finish(account: string, state: string, finish: string): boolean
}

/** @param identity The host of the door. */
export async function createOpaqueServer(secret: DoorSecret, identity: string): Promise<OpaqueServer> {
  await ready
  const { serverSetup } = secret.opaque
  const identifiersOf = (account: string) => ({ client: account, server: identity })
  const { startLoginRequest: anyStart } = client.startLogin({ password: '' })
  return {
    identity,
    register: (account, registrationRequest) =>
      readingMessage(
        'request',
        registrationRequest,
        () =>
          server.createRegistrationResponse({ serverSetup, userIdentifier: account, registrationRequest })
            .registrationResponse,
      ),
    isRecord(record) {
      if (Buffer.from(record, 'base64url').length !== RECORD_OCTETS) return false
      // The library reads a record where it begins a sign-in, and nowhere else.
      const begun = { serverSetup, userIdentifier: '', registrationRecord: record, startLoginRequest: anyStart }
      return isDone(() => server.startLogin(begun), /at "(?:deserialize )?registrationRecord"/)
    },
    start(account, record, startLoginRequest) {
      // For whoever exists as well: the work is the same.
      const fake = fakeRecordOf(secret, account)
      const { loginResponse, serverLoginState } = readingMessage('start', startLoginRequest, () =>
        server.startLogin({
          serverSetup,
          userIdentifier: account,
          registrationRecord: record ?? fake,
          startLoginRequest,
          identifiers: identifiersOf(account),
        }),
      )
      return { response: loginResponse, state: serverLoginState }
    },
    finish: (account, serverLoginState, finishLoginRequest) =>
      readingMessage('finish', finishLoginRequest, () =>
        isDone(
          () => server.finishLogin({ serverLoginState, finishLoginRequest, identifiers: identifiersOf(account) }),
          /at "finish server login"/,
        ),
      ),
  }
}

/**
 * The record of a name that nobody has: the same for a name each time, and read by the library as a real one is, where a
 * record of its own making would be another at each try. The key of the client is that of a registration; the rest is as
 * the RFC says.
 * @see RFC 9807 §6.3.2.2, §10.9
 */
function fakeRecordOf(secret: DoorSecret, account: string): string {
  const publicKey = Buffer.from(secret.opaque.fakeRecord, 'base64url').subarray(0, PUBLIC_KEY_OCTETS)
  const maskingKey = [1, 2].map((half) => secret.mac('unknown name', account, `masking key ${half}`))
  return Buffer.concat([publicKey, ...maskingKey, Buffer.alloc(ENVELOPE_OCTETS)]).toString('base64url')
}

/** Runs one step of the library, which says by an Error that it cannot read a message. */
function readingMessage<Result>(kind: keyof typeof MESSAGE_OCTETS, message: string, step: () => Result): Result {
  if (Buffer.from(message, 'base64url').length !== MESSAGE_OCTETS[kind])
    throw new OpaqueMessageError('this is no message of OPAQUE')
  try {
    return step()
  } catch (cause) {
    throw isAbout(cause, UNREADABLE) ? new OpaqueMessageError('this is no message of OPAQUE', { cause }) : cause
  }
}

/** What of the library's errors is about what a page sent; the rest are about our own rows and files. */
const UNREADABLE = /at "(?:deserialize )?(?:registrationRequest|startLoginRequest|finishLoginRequest)"/

/** Whether the library does it; false where it fails by an Error that says `no`. */
function isDone(step: () => unknown, no: RegExp): boolean {
  try {
    step()
    return true
  } catch (cause) {
    if (isAbout(cause, no)) return false
    throw cause
  }
}

function isAbout(cause: unknown, what: RegExp): boolean {
  return cause instanceof Error && what.test(cause.message)
}
