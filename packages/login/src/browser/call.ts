// Asks the server, by the table that both rest on.
import type { AnswerOf, BodyOf, CallName } from '../api.ts'

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

/** Asks, with the proof that belongs to it. @throws {RefusedError} */
export async function call<Name extends CallName>(
  name: Name,
  body: BodyOf<Name>,
  proof?: string,
): Promise<AnswerOf<Name>> {
  const answer = await fetch(`/login/api/${name}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...(proof !== undefined && { DPoP: proof }) },
    body: JSON.stringify(body),
  })
  const read: unknown = await answer.json()
  if (!answer.ok) throw new RefusedError(read as Problem)
  return read as AnswerOf<Name>
}
