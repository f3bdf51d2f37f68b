// Asks the server, by the table that both rest on.
import type { AnswerOf, API, BodyOf, CallName } from '../api.ts'
import { prove } from './dpop.ts'
import { readState, type StoredDevice, writeState } from './store.ts'

/** What a refusal says. @see RFC 9457 */
export interface Problem {
  readonly code: string
  readonly title: string
  readonly detail?: string
  readonly reference?: string
}

/** Why there is no answer. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError'
  readonly problem: Problem

  constructor(problem: Problem) {
    super(problem.title)
    this.problem = problem
  }
}

/** There was no answer, or one of something in between. */
export class UnreachableError extends Error {
  override readonly name = 'UnreachableError'
}

/** The calls that ride on the session's cookie. */
export type SessionCall = {
  [Name in CallName]: (typeof API)[Name]['proof'] extends 'session' ? Name : never
}[CallName]

/** Asks as a device that has no session, or is about to get one. @throws {RefusedError} */
export function callFrom<Name extends Exclude<CallName, SessionCall>>(
  device: StoredDevice,
  name: Name,
  body: BodyOf<Name>,
): Promise<AnswerOf<Name>> {
  return call(name, body, device, false)
}

/** Asks within the session. @throws {RefusedError} */
export function callWithin<Name extends SessionCall>(
  device: StoredDevice,
  name: Name,
  body: BodyOf<Name>,
): Promise<AnswerOf<Name>> {
  return call(name, body, device, true)
}

/** The newest nonce of the server, and when it came: from the page, then from each answer. */
let newest = ofPage()

/** The server's are good for two minutes; a service worker, and a page that stood open, are there for longer. */
const NONCE_MILLISECONDS = 90_000

/** A nonce of the server's, asked for where none is at hand. */
export async function takeNonce(): Promise<string> {
  if (newest === undefined || performance.now() - newest.at > NONCE_MILLISECONDS) {
    newest = undefined
    await post('nonce', {}, '')
  }
  const { nonce } = newest ?? {}
  if (nonce === undefined) throw new RefusedError({ code: 'ERR_PERSON_PROOF', title: 'the server gave no nonce' })
  return nonce
}

function ofPage(): { readonly nonce: string; readonly at: number } | undefined {
  const said = globalThis.document?.querySelector<HTMLMetaElement>('meta[name="nonce-dpop"]')?.content
  return said === undefined ? undefined : { nonce: said, at: 0 }
}

/** Reads what an answer says beside its body: the next nonce, and the hash of its session. */
export async function noteFields({ headers }: Response, device: string): Promise<void> {
  const nonce = headers.get('dpop-nonce')
  if (nonce !== null) newest = { nonce, at: performance.now() }
  const ath = headers.get('countersign-ath')
  if (ath !== null) await writeState('session', { ath, device, renewedAt: Date.now() })
}

async function call<Name extends CallName>(
  name: Name,
  body: BodyOf<Name>,
  device: StoredDevice,
  within: boolean,
): Promise<AnswerOf<Name>> {
  for (let tried = 1; ; tried++) {
    const before = await takeNonce()
    const ath = within ? (await readState('session'))?.ath : undefined
    const url = `${location.origin}/login/api/${name}`
    const proof = await prove(device, { method: 'POST', url, nonce: before, ...(ath && { ath }) })
    const answer = await post(name, body, device.id, proof)
    const read = await readJson(answer)
    if (answer.ok) return read as AnswerOf<Name>
    const problem = read as Problem
    // The nonce had grown old while the page stood open, or another tab has changed the cookie: the answer brought the next.
    if (tried === 1 && problem.code === 'ERR_PERSON_PROOF') continue
    throw new RefusedError(problem)
  }
}

async function post(name: CallName, body: object, device: string, proof?: string): Promise<Response> {
  const request = new Request(`/login/api/${name}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...(proof !== undefined && { DPoP: proof }) },
    body: JSON.stringify(body),
  })
  let answer: Response
  try {
    answer = await fetch(request)
  } catch (cause) {
    throw new UnreachableError(name, { cause })
  }
  await noteFields(answer, device)
  return answer
}

async function readJson(answer: Response): Promise<unknown> {
  try {
    return await answer.json()
  } catch (cause) {
    throw new UnreachableError(`HTTP ${answer.status}`, { cause })
  }
}
