// The door for SSH: the sshd of this host stays as it is. It asks whom it may let in, says whom it has let in, and the door ends
// the sessions of whoever may not be here any more.
import { execFile } from 'node:child_process'
import { mkdir, readFile, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { createShownCallers, type House } from '@countersign/mtls'
import type { SshStatus } from '@countersign/mtls/ssh'
import type { Meeting, Side } from '@countersign/protocol'
import { parseKeyLine, readSshCertificate, SshError } from '@countersign/ssh'
import type { Address } from '../kind/address.ts'
import { EngineError } from '../kind/engine-error.ts'
import type { OpenDoor, Opener } from '../kind/model.ts'
import { credentialReader, sideOf } from './certificate.ts'
import { followStatus, replace } from './known.ts'
import { createProbes } from './probes.ts'
import { openedProgram, principalsProgram } from './programs.ts'
import { listenForQuestions } from './questions.ts'
import { type AccountRule, createSessions, readOpened } from './sessions.ts'

/** What a door for SSH is called, which host it is of, where sshd asks, and who may log in to which accounts. */
export interface SshDoorConfig {
  readonly name: string
  /** DNS names and IP addresses of the host; at least one. */
  readonly host: readonly [string, ...string[]]
  /** What sshd reads stands in the same directory. */
  readonly listen: Address
  /** Default /etc/ssh/ssh_host_ed25519_key-cert.pub. */
  readonly hostCertificate?: string
  /** Absent: each party, to the account that is called as it is. */
  readonly accounts?: readonly { readonly account: string; readonly who: true | string }[]
  /** Who runs AuthorizedPrincipalsCommand. Default nobody. */
  readonly asker?: string
}

/** What such a door needs of the house beside what all do. */
export interface SshHouse extends House {
  /** The keys that sign for SSH, and what of theirs is revoked. Rejects where the authority cannot be asked. */
  readonly sshStatus?: () => Promise<SshStatus>
}

/** The door for SSH among the kinds. */
export const sshDoor: Opener<SshDoorConfig> & {
  open(config: SshDoorConfig, house: SshHouse): Promise<OpenDoor<SshDoorConfig>>
} = {
  open: openSshDoor,
  calls: () => false,
  fixed: ['host', 'listen', 'asker'],
}

const HOST_CERTIFICATE = '/etc/ssh/ssh_host_ed25519_key-cert.pub'
/** Files that somebody has changed are put right so soon. */
const MEND_MS = 30_000

/** Opens a door for SSH. @throws {EngineError} where this is not a host that it can be at; the system's error for its directory. */
export async function openSshDoor(config: SshDoorConfig, house: SshHouse): Promise<OpenDoor<SshDoorConfig>> {
  const { name } = config
  const socket = pathOf(config)
  const ask = house.sshStatus
  if (ask === undefined) throw new TypeError('a door for SSH needs an authority that signs for SSH')
  const { trust, clock, log, record } = house
  let current = config
  const directory = dirname(socket)
  const asker = await whoAsks(config)
  await using opened = new AsyncDisposableStack()
  await makePlace(directory, trust.revocation === 'prefer')
  await tellUnsafe(directory, name, log)
  const known = await followStatus({ door: name, directory, ask, trust, clock, log })
  opened.defer(() => known.close())

  let callee = await readHost(config)
  const callers = createShownCallers({ ...house, door: name, engine: 'OpenSSH', callee: () => callee }, log)
  const read = credentialReader({ trust, known: known.current })
  const accounts: AccountRule = (account, party) => accountRule(current, account, party)
  const probes = createProbes({ callers, read, accounts, record, clock })
  const keep = keeper(join(directory, 'kept'), trust.revocation === 'prefer', (error) =>
    log('gate.fault', { door: name, error }),
  )
  const sessions = createSessions({
    ...{ door: name, directory: join(directory, 'sessions'), callers, read, accounts, record, log, clock },
    onChange: () =>
      keep(
        sessions
          .list()
          .map(({ opened: one, session }) => `${one.account} ${one.certificate} ${principalOf(session.meeting)}`),
      ),
  })
  opened.defer(() => sessions.close())
  // Before anybody comes anew: whoever is here is known.
  await sessions.resume()

  const around = { door: name, log }
  opened.use(
    await listenForQuestions(
      join(directory, 'opened.sock'),
      0,
      (line) => {
        const asked = readOpened(line)
        if (asked === undefined) return 'no\nthe door was asked what it does not understand\n'
        const answer = sessions.open(asked)
        return answer.ok ? 'yes\n' : `no\n${answer.words}`
      },
      around,
    ),
  )
  // Who was let in meanwhile, as it prefers that, found nobody to tell.
  await sessions.resume()
  const principals = await listenForQuestions(socket, asker, (line) => probes.answer(line), around)
  opened.use(principals)
  const mending = setInterval(() => {
    known
      .mend()
      .then(async () => {
        callee = await readHost(current)
      })
      .catch((error: unknown) => log('ssh.unwritten', { door: name, cause: String(error) }))
  }, MEND_MS).unref()
  opened.defer(() => clearInterval(mending))

  const owned = opened.move()
  return {
    name,
    kind: 'ssh',
    url: `unix:${socket}`,
    sessions: house.sessions,
    // Sessions are sshd's: they go on, and the next start finds them.
    close: () => owned.disposeAsync(),
    drain: () => owned.disposeAsync(),
    async reread() {
      await known.mend()
      callee = await readHost(current)
    },
    async prepare(next) {
      const nextCallee = await readHost(next)
      return {
        apply() {
          current = next
          callee = nextCallee
          sessions.judgeAnew()
        },
        discard: async () => undefined,
      }
    },
  }
}

/** @throws {TypeError} where it is none. */
function pathOf({ listen }: SshDoorConfig): string {
  if ('path' in listen) return listen.path
  throw new TypeError('a door for SSH listens at a Unix socket: files of sshd stand beside it')
}

/** By which name a party logs in to an account. */
function accountRule({ accounts }: SshDoorConfig, account: string, party: string): ReturnType<AccountRule> {
  if (accounts === undefined) return { ok: party !== '' && party === account }
  const line = accounts.find((one) => one.account === account)
  if (line === undefined) return { ok: false }
  return line.who === true ? { ok: true } : { ok: true, what: `service:${line.who}` }
}

function principalOf({ caller }: Meeting): string {
  return caller.identities.find(({ kind }) => kind === 'sshPrincipal')?.value ?? ''
}

/** Processes of others are ended, and their files belong to root. */
async function whoAsks({ name, asker = 'nobody' }: SshDoorConfig): Promise<number> {
  if (process.getuid?.() !== 0)
    throw new EngineError(
      'ERR_ENGINE_FAILED',
      `door ${name} ends processes of others`,
      'start the house as root on this host',
    )
  try {
    const { stdout } = await promisify(execFile)('id', ['-u', asker])
    return Number(stdout)
  } catch (cause) {
    if (!(cause instanceof Error)) throw cause
    throw new EngineError(
      'ERR_ENGINE_FAILED',
      `door ${name}: there is no user ${asker} here`,
      'name one by asker, or make it: useradd --system',
    )
  }
}

/** The directory, and the programs in it. */
async function makePlace(directory: string, whenAway: boolean): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o755 })
  await mkdir(join(directory, 'sessions'), { recursive: true, mode: 0o700 })
  await replace(join(directory, 'principals'), principalsProgram(whenAway), 0o755)
  await replace(join(directory, 'opened'), openedProgram(whenAway), 0o755)
  if (!whenAway) await rm(join(directory, 'kept'), { force: true })
}

/** sshd_config(5): the program "must be owned by root, not writable by group or others", and each directory above it. */
async function tellUnsafe(directory: string, door: string, log: House['log']): Promise<void> {
  for (let path = directory; ; path = dirname(path)) {
    const { uid, mode } = await stat(path)
    if (uid !== 0 || (mode & 0o022) !== 0) log('ssh.unsafe', { door, path })
    if (path === dirname(path)) return
  }
}

/** The host as sshd proves it. What cannot be read proves nothing. */
async function readHost({ host, hostCertificate: path = HOST_CERTIFICATE }: SshDoorConfig): Promise<Side> {
  const unproved: Side = { name: host[0], identities: [] }
  try {
    const certificate = readSshCertificate(parseKeyLine((await readFile(path, 'utf8')).trimEnd()).blob)
    return certificate.role === 'host' ? sideOf(certificate) : unproved
  } catch (error) {
    if (error instanceof SshError || (error instanceof Error && 'code' in error)) return unproved
    throw error
  }
}

/** Whoever is here now is let in while the door is away, where it prefers that. One write after the other. */
function keeper(path: string, wanted: boolean, onFault: (error: unknown) => void): (lines: readonly string[]) => void {
  let turn = Promise.resolve()
  return (lines) => {
    if (!wanted) return
    const text = [...new Set(lines)].map((line) => `${line}\n`).join('')
    turn = turn.then(() => replace(path, text, 0o644)).catch(onFault)
  }
}
