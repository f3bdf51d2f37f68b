// OPAQUE's client where a password comes in clear, apart from the one thread: it stretches passwords, a fifth of a second each.
import { parentPort } from 'node:worker_threads'
import { client, ready } from '@serenity-kit/opaque'

/** A password and who both sides are; then KE2. */
export type StretchQuestion =
  | { readonly kind: 'start'; readonly password: string }
  | {
      readonly kind: 'finish'
      readonly password: string
      readonly state: string
      readonly response: string
      readonly identifiers: { readonly client: string; readonly server: string }
    }

/** KE1 with what stays here; KE3, or none where KE2 does not open. Secret. */
export type StretchAnswer =
  | { readonly kind: 'started'; readonly start: string; readonly state: string }
  | { readonly kind: 'finished'; readonly finish: string | undefined }

/** As pages do: `browser/opaque-worker.ts`. @see RFC 9807 §7 */
const STRETCHING = 'memory-constrained'

parentPort?.on('message', async (asked: StretchQuestion) => {
  await ready
  parentPort?.postMessage(answerOf(asked))
})

function answerOf(asked: StretchQuestion): StretchAnswer {
  if (asked.kind === 'start') {
    const { clientLoginState: state, startLoginRequest: start } = client.startLogin({ password: asked.password })
    return { kind: 'started', start, state }
  }
  const { password, state, response, identifiers } = asked
  const finished = client.finishLogin({
    ...{ password, identifiers },
    ...{ clientLoginState: state, loginResponse: response, keyStretching: STRETCHING },
  })
  return { kind: 'finished', finish: finished?.finishLoginRequest }
}
