// What the authority says when it says no (RFC 9457), as a failure of the command.
import { EXIT, Failure } from '../command.ts'

/** Bad requests come from arguments that only the authority can judge; everything else is a verdict. */
const EXITS: Readonly<Record<string, Failure['exit']>> = {
  ERR_ADMIN_REQUEST: EXIT.input,
  ERR_ADMIN_RELOAD: EXIT.input,
}

/** The failure that a problem document tells. */
export function problemFailure(problem: unknown, status: number): Failure {
  const fields = typeof problem === 'object' && problem !== null ? { ...problem } : {}
  const part = (name: string) => {
    const value: unknown = Reflect.get(fields, name)
    return typeof value === 'string' ? value : undefined
  }
  const code = part('code')
  const title = part('title') ?? `the authority answered with status ${status}`
  const detail = part('detail')
  return new Failure(
    (code === undefined ? undefined : EXITS[code]) ?? EXIT.refused,
    detail === undefined || detail === title ? title : `${title}: ${detail}`,
    { code, next: part('next'), fields },
  )
}
