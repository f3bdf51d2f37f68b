// The page's side of the worker that speaks OPAQUE. @see RFC 9807
import { toBase64url } from './octets.ts'
import { workerUrl } from './trusted.ts'

/** Who both are, in OPAQUE's own terms. @see RFC 9807 §4 */
export interface Identifiers {
  readonly client: string
  readonly server: string
}

/** To the worker. */
export type OpaqueQuestion =
  | { readonly kind: 'startRegistration' | 'startLogin'; readonly password: string }
  | {
      readonly kind: 'finishRegistration' | 'finishLogin'
      readonly response: string
      readonly identifiers: Identifiers
    }

/** From the worker. */
export type OpaqueAnswer =
  | { readonly message: string; readonly exportKey?: string }
  | { readonly wrong: true }
  | { readonly failed: string }

/** The second message, and the secret that only this password and the true record give. */
export interface Finished {
  readonly message: string
  /** Secret. */
  readonly exportKey: string
}

/** The server's answer does not fit: another password, or not the one that keeps this record. No one can tell which. */
export class OpaqueError extends Error {
  override readonly name = 'OpaqueError'
}

/** One worker, for one exchange at a time. */
export interface Opaque {
  startRegistration(password: string): Promise<string>
  /** @throws {OpaqueError} when the server's answer is none */
  finishRegistration(response: string, identifiers: Identifiers): Promise<Finished>
  startLogin(password: string): Promise<string>
  /** @throws {OpaqueError} when the server's KE2 does not prove itself */
  finishLogin(response: string, identifiers: Identifiers): Promise<Finished>
  /** Ends the worker, and what it remembers. */
  close(): void
}

/** Starts the worker, which begins to load at once. */
export function openOpaque(): Opaque {
  const worker = new Worker(workerUrl('/login/opaque-worker.js'), { type: 'module' })
  const ask = (question: OpaqueQuestion) =>
    new Promise<OpaqueAnswer>((resolve, reject) => {
      worker.onmessage = ({ data }: MessageEvent<OpaqueAnswer>) => resolve(data)
      worker.onerror = () => reject(new Error('the worker for OPAQUE did not start'))
      worker.postMessage(question)
    })
  const start = async (question: OpaqueQuestion) => messageOf(await ask(question)).message
  const finish = async (question: OpaqueQuestion) => {
    const { message, exportKey } = messageOf(await ask(question))
    if (exportKey === undefined) throw new OpaqueError('no export key')
    return { message, exportKey }
  }
  return {
    startRegistration: (password) => start({ kind: 'startRegistration', password }),
    finishRegistration: (response, identifiers) => finish({ kind: 'finishRegistration', response, identifiers }),
    startLogin: (password) => start({ kind: 'startLogin', password }),
    finishLogin: (response, identifiers) => finish({ kind: 'finishLogin', response, identifiers }),
    close: () => worker.terminate(),
  }
}

/** So long is KE3 (RFC 9807 §6.1); this is none, by which the server learns that the password was wrong. */
export const NO_KE3: string = toBase64url(new Uint8Array(64).fill(1))

/** The end of a sign-in, whatever comes of it. Undefined where the password, or the server, is another. */
export async function finishLogin(
  opaque: Opaque,
  response: string,
  identifiers: Identifiers,
): Promise<Finished | undefined> {
  try {
    return await opaque.finishLogin(response, identifiers)
  } catch (error) {
    if (error instanceof OpaqueError) return undefined
    throw error
  }
}

function messageOf(answer: OpaqueAnswer): { readonly message: string; readonly exportKey?: string } {
  if ('message' in answer) return answer
  throw new OpaqueError('failed' in answer ? answer.failed : 'the password or the server is another')
}
