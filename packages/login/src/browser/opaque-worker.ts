// OPAQUE's client, apart from the page: Argon2 takes its time, and only here may WebAssembly be compiled. @see RFC 9807
import { client, ready } from '@serenity-kit/opaque'
import type { OpaqueAnswer, OpaqueQuestion } from './opaque.ts'

/** What the second message needs of the first: it stays here. */
let begun: { readonly password: string; readonly state: string } | undefined

const answers: { readonly [Kind in OpaqueQuestion['kind']]: (asked: OpaqueQuestion & { kind: Kind }) => OpaqueAnswer } =
  {
    startRegistration({ password }) {
      const { clientRegistrationState: state, registrationRequest: message } = client.startRegistration({ password })
      begun = { password, state }
      return { message }
    },
    finishRegistration({ response, identifiers }) {
      const { password, state } = taken()
      const { registrationRecord: message, exportKey } = client.finishRegistration({
        password,
        clientRegistrationState: state,
        registrationResponse: response,
        identifiers,
        keyStretching: STRETCHING,
      })
      return { message, exportKey }
    },
    startLogin({ password }) {
      const { clientLoginState: state, startLoginRequest: message } = client.startLogin({ password })
      begun = { password, state }
      return { message }
    },
    finishLogin({ response, identifiers }) {
      const { password, state } = taken()
      const finished = client.finishLogin({
        password,
        clientLoginState: state,
        loginResponse: response,
        identifiers,
        keyStretching: STRETCHING,
      })
      if (finished === undefined) return { wrong: true }
      return { message: finished.finishLoginRequest, exportKey: finished.exportKey }
    },
  }

/** Argon2id with t=3, m=64 MiB, p=4: the second of RFC 9106 §4, which telephones can do. @see RFC 9807 §7 */
const STRETCHING = 'memory-constrained'

function taken(): { readonly password: string; readonly state: string } {
  if (begun === undefined) throw new Error('nothing was begun')
  const { password, state } = begun
  begun = undefined
  return { password, state }
}

addEventListener('message', async ({ data }: MessageEvent<OpaqueQuestion>) => {
  try {
    await ready
    const answer = answers[data.kind] as (asked: OpaqueQuestion) => OpaqueAnswer
    postMessage(answer(data))
  } catch (error) {
    postMessage({ failed: String(error) } satisfies OpaqueAnswer)
  }
})
