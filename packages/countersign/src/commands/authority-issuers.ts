import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { type Field, fieldOf, formatWhen } from '@countersign/protocol'
import { writePem } from '@countersign/x509'
import type { PostBodies } from '../admin/api-types.ts'
import { openAdmin } from '../admin/client.ts'
import { type Arguments, type Around, EXIT, Failure, type Run } from '../command.ts'
import { plainText } from '../output/plain-text.ts'
import { tableLines } from '../output/table.ts'

const PAGE = 500
const MAX_REQUEST_OCTETS = 65_536
const MAX_PROFILES = 64
const MAX_IMPORT_OCTETS = 65_536

/** `countersign authority issuers`: page by page. */
export const authorityIssuers: Run = async (given, around) => {
  const admin = await openAdmin(given, around)
  const query = new URLSearchParams({ limit: String(PAGE) })
  const state = given.text('state')
  if (state !== undefined) query.set('state', state)
  for (let isFirst = true; ; isFirst = false) {
    const answer = await admin.get(`/v1/issuers?${query}`)
    const issuers = fieldOf(answer).get('issuers').list(PAGE)
    if (given.flag('json'))
      for (const issuer of (answer as { readonly issuers: readonly unknown[] }).issuers)
        around.out(JSON.stringify(issuer))
    else {
      const lines = tableLines(
        [{ head: 'issuer' }, { head: 'kind' }, { head: 'state' }, { head: 'key' }, { head: 'ends' }, { head: 'signs' }],
        issuers.map((issuer) => cellsOf(issuer, around)),
      )
      for (const line of isFirst ? lines : lines.slice(1)) around.out(line)
    }
    const next = fieldOf(answer)
      .get('next')
      .optional((each) => each.text())
    if (next === undefined) return EXIT.ok
    query.set('after', next)
  }
}

/** `countersign authority new`. */
export const authorityNew: Run = async (given, around) => {
  const kind = given.flag('root') ? 'root' : given.flag('ssh') ? 'ssh' : 'intermediate'
  if (given.flag('root') && given.flag('ssh'))
    throw new Failure(EXIT.usage, 'an issuer is a root or one for SSH, and not both', { code: 'ERR_CLI_USAGE' })
  const admin = await openAdmin(given, around)
  return tell(await admin.post('/v1/issuers', { ...newIssuer(given), kind }), given, around)
}

/** `countersign authority csr`: the request alone on standard output, or in a file. */
export const authorityCsr: Run = async (given, around) => {
  const admin = await openAdmin(given, around)
  const name = given.text('NAME') ?? ''
  const ask = () => admin.post(`/v1/issuers/${encodeURIComponent(name)}/request`, {})
  const answer = await ask().catch(async (error: unknown) => {
    if (!(error instanceof Failure && error.code === 'ERR_ADMIN_NOT_FOUND')) throw error
    await admin.post('/v1/issuers', { ...newIssuer(given), isWaiting: true })
    return ask()
  })
  const pem = writePem('CERTIFICATE REQUEST', fieldOf(answer).get('request').octets(MAX_REQUEST_OCTETS))
  const out = given.text('out')
  if (out !== undefined) await write(resolve(around.cwd, out), pem)
  if (given.flag('json')) around.out(JSON.stringify(answer))
  else if (out === undefined) around.out(pem.trimEnd())
  else
    around.out(
      `the request of ${plainText(name)} is in ${out}: sign it as that of an authority, then countersign authority import`,
    )
  return EXIT.ok
}

/** `countersign authority import`. */
export const authorityImport: Run = async (given, around) => {
  const file = given.text('FILE') ?? ''
  const root = given.text('root')
  const digits =
    root === undefined ? undefined : /^(?:sha256:)?([0-9A-Fa-f:]{64,95})$/.exec(root)?.[1]?.replaceAll(':', '')
  if (root !== undefined && digits?.length !== 64)
    throw new Failure(EXIT.usage, '--root is the SHA-256 of the root certificate, as in sha256:5f3c…', {
      code: 'ERR_CLI_USAGE',
      next: 'openssl x509 -noout -fingerprint -sha256 -in FILE shows it',
    })
  const pem = new TextDecoder().decode(await around.readFile(file, MAX_IMPORT_OCTETS))
  const admin = await openAdmin(given, around)
  const name = given.text('name')
  const answer = await admin.post('/v1/issuers/import', {
    pem,
    ...(digits !== undefined && { rootSha256: digits.toLowerCase() }),
    ...(name !== undefined && { name }),
  })
  if (given.flag('json')) around.out(JSON.stringify(answer))
  else for (const line of fieldOf(answer).get('done').list(MAX_PROFILES)) around.out(plainText(line.text()))
  return EXIT.ok
}

/** `countersign authority cross`. */
export const authorityCross: Run = async (given, around) => {
  const by = given.text('by')
  if (by === undefined) throw new Failure(EXIT.usage, '--by ROOT is missing', { code: 'ERR_CLI_USAGE' })
  const admin = await openAdmin(given, around)
  const name = encodeURIComponent(given.text('NAME') ?? '')
  return tell(await admin.post(`/v1/issuers/${name}/crosses`, { by }), given, around)
}

/** `countersign authority state`. */
export const authorityState: Run = async (given, around) => {
  const admin = await openAdmin(given, around)
  const [profiles, reason] = [given.texts('profile'), given.text('reason')]
  const answer = await admin.post(`/v1/issuers/${encodeURIComponent(given.text('NAME') ?? '')}/state`, {
    state: given.text('STATE') ?? '',
    ...(profiles.length > 0 && { profiles }),
    ...(given.flag('force') && { force: true }),
    ...(reason !== undefined && { reason }),
  })
  return tell(answer, given, around)
}

async function write(path: string, pem: string): Promise<void> {
  try {
    await writeFile(path, pem)
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause)) throw cause
    throw new Failure(EXIT.input, `${path}: this file cannot be written (${String(cause.code)})`, {
      code: 'ERR_CLI_FILE',
      next: 'name a file in a directory that can be written, with --out',
      cause,
    })
  }
}

function newIssuer(given: Arguments): PostBodies['/v1/issuers'] {
  const [algorithm, key, profiles] = [given.text('algorithm'), given.text('key'), given.texts('profile')]
  return {
    name: given.text('NAME') ?? '',
    ...(algorithm !== undefined && { algorithm }),
    ...(key !== undefined && { key }),
    ...(profiles.length > 0 && { profiles }),
  }
}

function tell(answer: unknown, given: Arguments, around: Around): 0 {
  if (given.flag('json')) around.out(JSON.stringify(answer))
  else {
    const [name = '', kind = '', state = '', , , signs = ''] = cellsOf(fieldOf(answer), around)
    around.out(`${name} (${kind}) is ${state}${state === 'active' ? `, and signs ${signs}` : ''}`)
  }
  return EXIT.ok
}

function cellsOf(issuer: Field, around: Around): string[] {
  const ends = issuer.get('notAfter').optional((each) => each.instant())
  const words = (name: string) => plainText(issuer.get(name).text(64))
  return [
    words('name'),
    words('kind'),
    words('state'),
    words('key'),
    ends === undefined ? '' : formatWhen(ends, around.clock()),
    issuer
      .get('profiles')
      .list(MAX_PROFILES)
      .map((each) => plainText(each.text(64)))
      .join(' '),
  ]
}
