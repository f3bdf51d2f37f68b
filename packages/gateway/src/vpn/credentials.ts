// What a caller gives beside its certificate: a name, a password, and the answer to the static challenge.
// @see OpenVPN doc/management-notes.txt, "Challenge/Response Protocol"

/** What was given. `code` is absent where the client was not asked for one. Secret. */
export interface Credentials {
  readonly account: string
  readonly password: string
  readonly code?: string
}

/** Longer than anybody types; what proves a password hashes it. */
const MAX_LENGTH = 1_024
const STATIC = /^SCRV1:([A-Za-z0-9+/]*={0,2}):([A-Za-z0-9+/]*={0,2})$/

/** Reads it; undefined where it is malformed, and `none` where nothing was given. */
export function readCredentials(variables: ReadonlyMap<string, string>): Credentials | 'none' | undefined {
  const account = variables.get('username') ?? ''
  const given = variables.get('password') ?? ''
  if (account === '' && given === '') return 'none'
  if (account === '' || given === '' || account.length > MAX_LENGTH) return undefined
  if (!given.startsWith('SCRV1:')) return given.length > MAX_LENGTH ? undefined : { account, password: given }
  const [, password, code] = (STATIC.exec(given) ?? []).map((part) => textOf(part))
  if (password === undefined || code === undefined || password === '' || password.length > MAX_LENGTH) return undefined
  return { account, password, code: code.slice(0, MAX_LENGTH) }
}

/** Undefined where it is not UTF-8, or not the one way to write it in base64. */
function textOf(base64: string): string | undefined {
  const octets = Buffer.from(base64, 'base64')
  if (octets.toString('base64') !== base64) return undefined
  const text = octets.toString('utf8')
  return text.includes('\uFFFD') ? undefined : text
}
