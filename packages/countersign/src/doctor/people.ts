// The doors of the house here at which people sign in: whether each has its secret, without which its accounts are lost.
import { existsSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { AuthorityError, countRows } from '@countersign/authority'
import { IdentityError, privateFiles } from '@countersign/mtls'
import { fieldOf } from '@countersign/protocol'
import { openAdminOf } from '../admin/client.ts'
import { Failure } from '../command.ts'
import type { Config } from '../config/model.ts'
import { shellWord } from '../output/shell-word.ts'
import type { Check, Mend } from './model.ts'

/** The house on this machine, as `countersign up` would start it. */
export interface HouseHere {
  readonly config: Config
  /** Absolute. */
  readonly data: string
}

const SECRET = 'login.secret'

/** A line for each door with people; none where nobody signs in here. */
export async function examinePeople({ config, data }: HouseHere): Promise<readonly Check[]> {
  const checks: Check[] = []
  for (const door of config.doors) {
    if (door.kind !== 'web' || door.people === undefined) continue
    const path = door.people.secret ?? join(data, 'doors', door.name, SECRET)
    checks.push(await examineSecret({ door: door.name, path, isNamed: door.people.secret !== undefined }, config, data))
  }
  return checks
}

interface Secret {
  readonly door: string
  readonly path: string
  /** By the configuration. */
  readonly isNamed: boolean
}

async function examineSecret(secret: Secret, config: Config, data: string): Promise<Check> {
  const { door, path } = secret
  const bad = (text: string, mend: Mend, code = 'ERR_LOGIN_SECRET'): Check => ({
    area: 'people',
    outcome: 'bad',
    text,
    code,
    mend,
  })
  let text: string | undefined
  try {
    text = await privateFiles(dirname(path)).read(basename(path))
  } catch (error) {
    if (!(error instanceof IdentityError)) throw error
    const mend = { text: 'let it be a file of mode 600, of the user that runs the house', by: 'operator' } as const
    return bad(`the secret of ${door} cannot be read: ${error.message}`, mend, error.code)
  }
  if (text !== undefined) {
    const { isDoorSecret } = await import('@countersign/login')
    if (isDoorSecret(text)) return { area: 'people', outcome: 'good', text: `${door} has its secret (${path})` }
    return bad(`${path} is not as it was written`, mendOf(secret, data))
  }
  const accounts = await accountsAt(door, config, data)
  if (accounts === undefined)
    return {
      area: 'people',
      outcome: 'unknown',
      text: `${path} is not there, and whether ${door} has accounts cannot be seen`,
    }
  if (!accounts) return { area: 'people', outcome: 'good', text: `${door} has no accounts yet, and no secret` }
  return bad(
    `${path} is not there, and ${door} has accounts: nobody can sign in, and the house does not start`,
    mendOf(secret, data),
  )
}

/** Undefined where neither the store nor the house says so. */
async function accountsAt(door: string, config: Config, data: string): Promise<boolean | undefined> {
  const place = ('authority' in config && config.authority.store) || join(data, 'store.db')
  try {
    if (!place.startsWith('postgres') && !existsSync(place)) return false
    return ((await countRows(place, 'login_account', 'door')).get(door) ?? 0) > 0
  } catch (error) {
    if (!(error instanceof AuthorityError)) throw error
    return error.code === 'ERR_AUTHORITY_IN_USE' ? accountsOfRunning(door, data) : undefined
  }
}

async function accountsOfRunning(door: string, data: string): Promise<boolean | undefined> {
  try {
    const answer = await openAdminOf(data).get(`/v1/accounts?door=${encodeURIComponent(door)}&limit=1`)
    return fieldOf(answer).get('accounts').list(1).length > 0
  } catch (error) {
    if (error instanceof Failure) return undefined
    throw error
  }
}

function mendOf({ isNamed, path }: Secret, data: string): Mend {
  const then = isNamed ? `, and move it to ${path}` : ''
  return {
    text: `put it back: from a backup that was made with --keys${then}, or from a copy (mode 600). Where there is none, its accounts are lost`,
    command: `countersign restore BACKUP --secrets --passphrase FILE --data ${shellWord(data)}`,
    by: 'operator',
  }
}
