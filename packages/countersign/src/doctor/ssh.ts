// The doors for SSH of the house here: whether the sshd of this host is told of them, may run their programs, and has what it
// reads.
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { readFile, stat } from 'node:fs/promises'
import { connect } from 'node:net'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { formatWhen } from '@countersign/protocol'
import { parseKeyLine, readKeyRevocationList, readSshCertificate, SshError, writeSshPublicKey } from '@countersign/ssh'
import type { DoorConfig } from '../config/model.ts'
import { shellWord } from '../output/shell-word.ts'
import { askSshd } from '../ssh/sshd.ts'
import { type FileLines, HOST_KEY, hostLines, isInstalled } from '../ssh/sshd-files.ts'
import type { Check, Mend } from './model.ts'
import type { HouseHere } from './people.ts'

type SshDoor = Extract<DoorConfig, { readonly kind: 'ssh' }>

/** Where this host keeps what is looked at; whoever has another sshd than the system's says so. */
export interface SshdPlace {
  /** Default: as the program has it. */
  readonly config?: string
  readonly pam?: string
}

/** One door, and where things of it stand. */
interface Patient {
  readonly door: SshDoor
  readonly directory: string
  readonly certificate: string
  readonly now: Temporal.Instant
}

const area = 'ssh'
const AUTHORITIES = 'authorities.pub'
const REVOKED = 'revoked.krl'
const PROGRAMS = ['principals', 'opened'] as const
const ANSWER_MS = 5_000

/** Some lines for each door; none where there is none. */
export async function examineSsh(
  { config }: HouseHere,
  now: Temporal.Instant,
  place: SshdPlace = {},
): Promise<readonly Check[]> {
  const doors = config.doors.filter((door): door is SshDoor => door.kind === 'ssh')
  if (doors.length === 0) return []
  if (process.getuid?.() !== 0)
    return [{ area, outcome: 'unknown', text: 'how sshd is set up, it tells root alone: ask again as root' }]
  const settings = await settingsOf(place)
  if ('outcome' in settings) return [settings]
  const checks: Check[] = []
  for (const door of doors) {
    if (!('path' in door.listen)) continue
    const certificate = door.hostCertificate ?? `${HOST_KEY}-cert.pub`
    const patient: Patient = { door, directory: dirname(door.listen.path), certificate, now }
    checks.push(...(await examineDoor(patient, settings, place)))
  }
  return [...checks, ...besides(settings)]
}

async function examineDoor(patient: Patient, settings: ReadonlySet<string>, place: SshdPlace): Promise<Check[]> {
  const { directory, certificate, door } = patient
  const key = certificate.replace(/-cert\.pub$/, '')
  const [sshd, pam] = hostLines(key, certificate, directory, door.asker)
  return [
    await examinePrograms(patient),
    await examineLists(patient),
    ...(sshd ? [examineSettings(patient, sshd, settings)] : []),
    ...(pam ? [await examinePam(patient, { ...pam, path: place.pam ?? pam.path })] : []),
    ...(await examineHost(patient, settings)),
    await examineAnswer(patient),
    ...(await examineAccounts(patient)),
  ]
}

/** Each line is a word in small letters, and its value. @see sshd(8) -T */
async function settingsOf({ config }: SshdPlace): Promise<ReadonlySet<string> | Check> {
  const told = await askSshd(['-T', ...(config === undefined ? [] : ['-f', config])])
  if (told.ok) return new Set(told.text.split('\n'))
  const bad = (text: string, mend: Mend): Check => ({ area, outcome: 'bad', text, code: 'ERR_CLI_SSHD', mend })
  if (!told.isHere)
    return bad('there is no sshd here', {
      text: 'install it',
      command: 'apt-get install openssh-server',
      by: 'operator',
    })
  // Its service makes that directory, at each start of the machine.
  if (told.said.includes('Missing privilege separation directory'))
    return bad('sshd has not run since this machine started', {
      text: 'start it',
      command: 'systemctl start ssh',
      by: 'operator',
    })
  return bad(`sshd does not take its configuration: ${told.said}`, {
    text: 'mend what it names; sshd would not start again',
    by: 'operator',
  })
}

function examineSettings({ door, directory, certificate }: Patient, file: FileLines, settings: ReadonlySet<string>) {
  const missing = file.lines.filter((line) => !settings.has(inSmall(line)))
  if (missing.length === 0) return good(door, 'sshd is told of it')
  return bad(door, `sshd is not told of it: ${missing.map((line) => line.split(' ')[0]).join(', ')}`, {
    more: missing.map((line) => `it should have: ${line}`),
    mend: installing(directory, certificate),
  })
}

function inSmall(line: string): string {
  const at = line.indexOf(' ')
  return `${line.slice(0, at).toLowerCase()}${line.slice(at)}`
}

async function examinePam({ door, directory, certificate }: Patient, file: FileLines): Promise<Check> {
  if (await isInstalled(file)) return good(door, 'sshd says whom it has let in')
  return bad(door, `sshd does not say whom it has let in: they log in, and are not ended`, {
    more: file.lines.map((line) => `${file.path} should have, before the other lines of session: ${line}`),
    mend: installing(directory, certificate),
  })
}

function installing(directory: string, certificate: string): Mend {
  const key = certificate.replace(/-cert\.pub$/, '')
  const named = key === HOST_KEY ? '' : ` --key ${shellWord(key)}`
  return {
    text: 'have it written, by an identity that has the names of this host',
    command: `countersign ssh enroll --host --identity DIR --door ${shellWord(directory)}${named} --install`,
    by: 'operator',
  }
}

/** sshd_config(5), AuthorizedPrincipalsCommand: of root, and nobody else may write there or above. */
async function examinePrograms({ door, directory }: Patient): Promise<Check> {
  const unsafe: string[] = []
  for (const name of PROGRAMS) {
    const found = await factsOf(join(directory, name))
    if (found === undefined)
      return bad(door, `${join(directory, name)} is not there`, { mend: starting('the house writes it') })
    if (found.uid !== 0 || (found.mode & 0o133) !== 0o111) unsafe.push(join(directory, name))
  }
  for (let path = directory; ; path = dirname(path)) {
    const found = await factsOf(path)
    if (found === undefined || found.uid !== 0 || (found.mode & 0o022) !== 0) unsafe.push(path)
    if (path === dirname(path)) break
  }
  if (unsafe.length === 0) return good(door, 'sshd may run its programs')
  const paths = unsafe.map(shellWord).join(' ')
  const mend = {
    text: 'let them belong to root, and nobody else write there',
    command: `chown root ${paths} && chmod a+x,go-w ${paths}`,
    by: 'operator',
  } as const
  return bad(door, `sshd does not run its programs: ${unsafe.join(', ')} may be written by others than root`, { mend })
}

/** With a list that it cannot read, sshd lets nobody in, by whatever key. */
async function examineLists({ door, directory }: Patient): Promise<Check> {
  const mend = starting('the house writes it again, within 30 s')
  for (const [name, read] of [
    [AUTHORITIES, authoritiesIn],
    [REVOKED, readKeyRevocationList],
  ] as const) {
    const path = join(directory, name)
    try {
      read(await readFile(path))
    } catch (error) {
      if (!(error instanceof SshError || isOfSystem(error))) throw error
      const why = error instanceof SshError ? `is damaged: ${error.message}` : 'is not there'
      return bad(door, `sshd lets nobody in: ${path} ${why}`, { mend })
    }
  }
  return good(door, 'sshd has the authorities, and what is revoked')
}

async function examineHost(patient: Patient, settings: ReadonlySet<string>): Promise<readonly Check[]> {
  const { door, directory, certificate: path, now } = patient
  const mend = installing(directory, path)
  const wrong = (why: string) => [bad(door, `this host proves itself to nobody: ${why}`, { mend })]
  try {
    const certificate = readSshCertificate(parseKeyLine((await readFile(path, 'utf8')).trimEnd()).blob)
    const { role, principals, validBefore, signatureKey } = certificate
    if (role !== 'host') return wrong(`${path} is a certificate of a user`)
    const missing = door.host.filter((name) => !principals.includes(name))
    if (missing.length > 0) return wrong(`${path} does not name ${missing.join(', ')}`)
    if (validBefore !== 'forever' && Temporal.Instant.compare(validBefore, now) <= 0)
      return wrong(`${path} has ended ${formatWhen(validBefore, now)}`)
    const signer = writeSshPublicKey(signatureKey)
    if ((await authoritiesOf(directory))?.some((one) => Buffer.compare(one, signer) === 0) === false)
      return wrong(`${path} is by another authority than that of this house`)
    const until = validBefore === 'forever' ? '' : `; it ends ${formatWhen(validBefore, now)}`
    return [
      good(door, `this host has a certificate for ${principals.join(', ')}${until}`),
      await examineRunning(door, certificate.blob, settings),
    ]
  } catch (error) {
    if (!(error instanceof SshError || isOfSystem(error))) throw error
    return wrong(error instanceof SshError ? `${path} is damaged: ${error.message}` : `${path} is not there`)
  }
}

/** Whether the sshd that runs has read what stands in its files now. */
async function examineRunning(door: SshDoor, blob: Uint8Array, settings: ReadonlySet<string>): Promise<Check> {
  const line = [...settings].find((each) => each.startsWith('listenaddress ')) ?? ''
  const [, host = '', port = ''] = /^listenaddress \[?(.*?)\]?:(\d+)$/.exec(line) ?? []
  const address = host.replace(/^0\.0\.0\.0$/, '127.0.0.1').replace(/^::$/, '::1')
  const args = ['-c', '-T', String(ANSWER_MS / 1_000), '-p', port, address]
  const shown = await promisify(execFile)('ssh-keyscan', args).then(
    ({ stdout }) => stdout,
    (error: unknown) => {
      // It ends with 1 where nobody answered.
      if (isOfSystem(error)) return ''
      throw error
    },
  )
  if (shown.includes(blob.toBase64())) return good(door, `sshd shows it at port ${port}`)
  return bad(door, `no sshd shows that certificate at port ${port}: none runs, or it has read its files before`, {
    mend: { text: 'have it read them', command: 'systemctl reload-or-restart ssh', by: 'operator' },
  })
}

/** Asks as sshd does, with what is no certificate: the answer is no, and nothing is recorded. */
async function examineAnswer({ door }: Patient): Promise<Check> {
  const path = 'path' in door.listen ? door.listen.path : ''
  const socket = connect({ path, timeout: ANSWER_MS })
  try {
    socket.on('timeout', () => socket.destroy(new Error('no answer')))
    await once(socket, 'connect')
    socket.write('nobody AAAA\n')
    const [answer] = await once(socket, 'data')
    if (String(answer) === 'no\n') return good(door, 'it answers')
    return bad(door, `what answers at ${path} is no door`, { mend: starting('end it, and start the house') })
  } catch (error) {
    if (!(error instanceof Error)) throw error
    const who = door.revocation === 'prefer' ? 'only who is there already logs in' : 'nobody logs in'
    return bad(door, `it does not answer, so ${who} with a certificate`, { mend: starting('start the house') })
  } finally {
    socket.destroy()
  }
}

async function examineAccounts({ door }: Patient): Promise<readonly Check[]> {
  const checks: Check[] = []
  for (const { account } of door.accounts ?? [])
    try {
      await promisify(execFile)('id', ['-u', account])
    } catch (error) {
      if (!isOfSystem(error)) throw error
      checks.push({ area, outcome: 'note', text: `${door.name}: there is no account ${account} on this host` })
    }
  return checks
}

/** Ways into an account that are none of the door's. */
function besides(settings: ReadonlySet<string>): readonly Check[] {
  const open = [
    ...(settings.has('authorizedkeysfile none') ? [] : [['keys in authorized_keys', 'AuthorizedKeysFile none']]),
    ...(settings.has('passwordauthentication yes') ? [['passwords', 'PasswordAuthentication no']] : []),
    ...(settings.has('kbdinteractiveauthentication yes')
      ? [['what PAM asks for', 'KbdInteractiveAuthentication no']]
      : []),
  ]
  if (open.length === 0) return []
  const text = `sshd takes ${open.map(([what]) => what).join(', ')}, too: no door judges or ends that`
  return [{ area, outcome: 'note', text, more: open.map(([, line]) => `${line}   would keep it out`) }]
}

/** Undefined where they cannot be read, which is another finding. */
async function authoritiesOf(directory: string): Promise<readonly Uint8Array[] | undefined> {
  try {
    return authoritiesIn(await readFile(join(directory, AUTHORITIES)))
  } catch (error) {
    if (error instanceof SshError || isOfSystem(error)) return undefined
    throw error
  }
}

function authoritiesIn(octets: Uint8Array): readonly Uint8Array[] {
  const lines = Buffer.from(octets).toString('utf8').split('\n')
  return lines.filter((line) => line !== '').map((line) => parseKeyLine(line).blob)
}

function good({ name }: SshDoor, text: string): Check {
  return { area, outcome: 'good', text: `${name}: ${text}` }
}

function bad({ name }: SshDoor, text: string, rest: Pick<Check, 'mend' | 'more'>): Check {
  return { area, outcome: 'bad', text: `${name}: ${text}`, code: 'ERR_CLI_SSHD', ...rest }
}

function starting(text: string): Mend {
  return { text, command: 'countersign up', by: 'operator' }
}

async function factsOf(path: string): Promise<{ readonly uid: number; readonly mode: number } | undefined> {
  try {
    return await stat(path)
  } catch (error) {
    if (isOfSystem(error)) return undefined
    throw error
  }
}

/** As a file that is not there. */
function isOfSystem(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && !(error instanceof SshError)
}
