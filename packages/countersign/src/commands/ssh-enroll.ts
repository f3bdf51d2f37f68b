import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type CertifiedSshKey, certifySshKey, fetchSshStatus } from '@countersign/mtls/ssh'
import { formatWhen, writeJson } from '@countersign/protocol'
import { readKeyRevocationList, SshError } from '@countersign/ssh'
import { type Arguments, type Around, EXIT, Failure, type Run } from '../command.ts'
import { failureOf } from '../failure-of.ts'
import { plainText } from '../output/plain-text.ts'
import { styleOf } from '../output/style.ts'
import { newSshKey } from '../ssh/agent.ts'
import { certificatePath, signWithFile, writeCertificate } from '../ssh/key-file.ts'
import { askSshd } from '../ssh/sshd.ts'
import {
  type Changed,
  type FileLines,
  HOST_KEY,
  hostLines,
  install,
  listOf,
  personLines,
  put,
  takeBack,
  textOf,
} from '../ssh/sshd-files.ts'

/** Debian's service makes it when it starts; where none has, sshd judges no configuration. */
const SSHD_DIRECTORY = '/run/sshd'
/** sshd_config(5): PidFile. */
const SSHD_PID = '/run/sshd.pid'
/** Renewed when a third of its life is left; tried again so soon. */
const RETRY_MS = 60_000
/** The longest that is waited at once: a clock may step. */
const MAX_WAIT_MS = 600_000

/** One certificate, and what is to be told of it. */
interface Given extends CertifiedSshKey {
  readonly place: string
  readonly files: readonly FileLines[]
}

/** `countersign ssh enroll`: a certificate of SSH by the identity in hand, for a person or a host. */
export const sshEnroll: Run = async (given, around) => {
  if (!given.flag('host') && given.text('door') !== undefined)
    throw new Failure(EXIT.usage, '--door is for hosts', { code: 'ERR_CLI_USAGE', next: 'add --host' })
  if (given.flag('install')) await checkDoor(given.text('door'))
  const first = await certify(given, around)
  await tell(first, given, around)
  if (given.flag('keep')) await keep(first, given, around)
  return EXIT.ok
}

async function certify(given: Arguments, around: Around): Promise<Given> {
  const directory = resolve(around.cwd, given.text('identity') ?? '.')
  const isHost = given.flag('host')
  const path = given.text('key') ?? (isHost ? HOST_KEY : undefined)
  const home = homeOf(around)
  const options = { clock: around.clock }
  if (path === undefined) {
    const socket = around.env['SSH_AUTH_SOCK']
    if (socket === undefined || socket === '')
      throw new Failure(EXIT.input, 'there is no agent to hold the key', {
        code: 'ERR_CLI_SSH_AGENT',
        next: 'start one with eval "$(ssh-agent)", or name a key of your own with --key',
      })
    const key = newSshKey()
    const certified = await certifySshKey(directory, 'ssh-user', key.sign, options)
    await key.give(socket, certified.certificate, around.clock())
    return { ...certified, place: 'the agent', files: personLines(home, certified.authorities) }
  }
  const file = resolve(around.cwd, path)
  const profile = isHost ? 'ssh-host' : 'ssh-user'
  const certified = await certifySshKey(directory, profile, (message) => signWithFile(file, message), options)
  const place = await writeCertificate(file, certified.certificate)
  const files = isHost
    ? hostLines(file, certificatePath(file), given.text('door'))
    : personLines(home, certified.authorities)
  return { ...certified, place, files }
}

function homeOf({ env }: Around): string {
  return env['HOME'] ?? homedir()
}

/** The hosts that a person does not believe any more, where ssh goes by that list, or will. */
async function refreshList(given: Arguments, around: Around): Promise<void> {
  const path = listOf(homeOf(around))
  if (given.flag('host') || !(given.flag('install') || existsSync(path))) return
  const directory = resolve(around.cwd, given.text('identity') ?? '.')
  const { revoked } = await fetchSshStatus(directory, { clock: around.clock })
  try {
    readKeyRevocationList(revoked)
  } catch (cause) {
    if (!(cause instanceof SshError)) throw cause
    throw new Failure(EXIT.input, `the list of revoked hosts cannot be read: ${cause.message}`, {
      code: 'ERR_CLI_SSH_LIST',
      next: 'tell the operator of the authority; ssh goes by the list of before',
      cause,
    })
  }
  await put(path, revoked, 0o600)
}

async function tell({ party, certificate, place, files }: Given, given: Arguments, around: Around): Promise<void> {
  const { principals, validBefore, serial } = certificate
  const wanted = given.flag('install')
  if (wanted && !given.flag('host')) await mkdir(join(homeOf(around), '.ssh'), { recursive: true, mode: 0o700 })
  // Before ssh is told of it: without the list it would believe no host.
  await refreshList(given, around)
  const changed = wanted ? await install(files) : []
  if (wanted && given.flag('host')) await checkSshd(changed)
  if (given.flag('host') && (wanted || given.flag('keep'))) await reloadSshd()
  if (given.flag('json')) {
    const notAfter = validBefore === 'forever' ? null : validBefore
    const told = { event: 'enrolled', party, principals, serialNumber: serial.toString(16), notAfter, place }
    return around.out(
      JSON.stringify(
        writeJson({
          ...told,
          files: wanted ? changed.map(({ path }) => path) : files.map(({ path, lines }) => ({ path, lines })),
        }),
      ),
    )
  }
  const until = validBefore === 'forever' ? 'has no end' : `ends ${formatWhen(validBefore, around.clock())}`
  around.out(`${principals.map(plainText).join(', ')}: the certificate is in ${place}; it ${until}`)
  if (wanted) return around.out(changed.length === 0 ? 'OpenSSH is told already' : `changed: ${pathsOf(changed)}`)
  for (const { path, lines, place: where } of files) {
    around.out('')
    around.out(where === 'first' ? `${path}, before the other lines of session:` : `${path}:`)
    for (const line of lines) around.out(`  ${line}`)
  }
  around.out('')
  around.out('--install writes this')
}

/** With a program that is not there, PAM lets nobody in at all, by whatever key or password. */
async function checkDoor(directory: string | undefined): Promise<void> {
  if (directory === undefined || (await textOf(join(directory, 'opened'))) !== undefined) return
  throw new Failure(EXIT.input, `no door has started at ${plainText(directory)}: sshd would let nobody in`, {
    code: 'ERR_CLI_SSH_DOOR',
    next: 'start the house with its door there first, or name the directory of its socket',
  })
}

/** What sshd would not start with is taken back. */
async function checkSshd(changed: readonly Changed[]): Promise<void> {
  await mkdir(SSHD_DIRECTORY, { recursive: true, mode: 0o755 })
  const answer = await askSshd(['-t'])
  if (answer.ok) return
  await takeBack(changed)
  const taken = changed.length === 0 ? 'it said so before' : `taken back is what was written: ${pathsOf(changed)}`
  throw new Failure(
    EXIT.input,
    answer.isHere ? `sshd does not take its configuration: ${plainText(answer.said)}` : 'there is no sshd here',
    { code: 'ERR_CLI_SSHD', next: `${answer.isHere ? 'mend it' : 'install the package openssh-server'}; ${taken}` },
  )
}

function pathsOf(changed: readonly Changed[]): string {
  return changed.map(({ path }) => path).join(', ')
}

/** The one that runs reads its certificate again; its sessions stay. Where none says that it runs there is nothing to do. */
async function reloadSshd(): Promise<void> {
  const pid = Number((await textOf(SSHD_PID)) ?? 0)
  if (pid > 1 && /^sshd/.test((await textOf(`/proc/${pid}/comm`)) ?? '')) process.kill(pid, 'SIGHUP')
}

/** Renews until this process is asked to end. */
async function keep(first: Given, given: Arguments, around: Around): Promise<void> {
  const style = styleOf(around.color.out)
  const json = given.flag('json')
  const ended = new AbortController()
  void around.stopped().then(() => ended.abort())
  around.out(json ? JSON.stringify({ event: 'keeping' }) : 'kept renewed until this ends')
  let current = first
  // A machine that is away from its network for a night says so once.
  let said = ''
  while (await waited(dueMs(current, around), ended.signal)) {
    try {
      await refreshList(given, around)
      said = ''
      if (dueMs(current, around) > 0) continue
      current = await certify(given, around)
      if (given.flag('host')) await reloadSshd()
      const { validBefore: notAfter } = current.certificate
      if (json)
        around.out(JSON.stringify(writeJson({ event: 'renewed', notAfter: notAfter === 'forever' ? null : notAfter })))
      else if (notAfter !== 'forever')
        around.out(`${style.proved('+')} renewed; it ends ${formatWhen(notAfter, around.clock())}`)
    } catch (error) {
      const failure = failureOf(error)
      if (failure === undefined) throw error
      if (json)
        around.out(JSON.stringify({ event: 'not-renewed', code: failure.code ?? null, reason: failure.message }))
      else if (failure.message !== said)
        around.err(
          `${style.refused('!')} not renewed: ${plainText(failure.message)}; tried again every ${RETRY_MS / 1000} s`,
        )
      said = failure.message
    }
    // Also where a clock is so far ahead that what was just given is over soon.
    if (!(await waited(RETRY_MS, ended.signal))) return
  }
}

function dueMs({ certificate: { validAfter, validBefore } }: Given, { clock }: Around): number {
  if (validAfter === 'always' || validBefore === 'forever') return MAX_WAIT_MS
  const [from, to] = [validAfter.epochMilliseconds, validBefore.epochMilliseconds]
  return to - (to - from) / 3 - clock().epochMilliseconds
}

/** False where the wait was ended. */
async function waited(ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    await delay(Math.min(Math.max(ms, 0), MAX_WAIT_MS), undefined, { signal })
    return true
  } catch (error) {
    if (!signal.aborted) throw error
    return false
  }
}
