// Debian's postfix as the next server: an instance of its own, in a directory and on a port of its own; what it delivered is read by dovecot.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmod, chown, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { needs, programPath } from '../../interop/peer.ts'
import { freePort } from '../../tools/testing/ports.ts'
import { runProgram } from './peers.ts'

/** Postfix drops to users of its own, which only root may. */
export const NEEDS_POSTFIX: { readonly skip?: string } = {
  ...needs('postfix', 'postfix'),
  ...needs('doveadm', 'dovecot-core'),
  ...(process.getuid?.() === 0 ? {} : { skip: 'only root can start postfix' }),
}

export interface Postfix extends AsyncDisposable {
  readonly port: number
  /** Of its master, whose children its services are. */
  readonly pid: number
  /** Waits until a mailbox has so many messages, and answers them as dovecot reads them, the oldest first. */
  mailbox(address: string, messages: number): Promise<readonly string[]>
  log(): Promise<string>
}

const NOBODY = 65_534
const PATIENCE_MS = 20_000

/** Its services, as Debian's master.cf has them, without a chroot. */
const SERVICES = [
  'pickup unix n - n 60 1 pickup',
  'cleanup unix n - n - 0 cleanup',
  'qmgr unix n - n 300 1 qmgr',
  'rewrite unix - - n - - trivial-rewrite',
  'bounce unix - - n - 0 bounce',
  'defer unix - - n - 0 bounce',
  'trace unix - - n - 0 bounce',
  'verify unix - - n - 1 verify',
  'tlsmgr unix - - n 1000? 1 tlsmgr',
  'proxymap unix - - n - - proxymap',
  'smtp unix - - n - - smtp',
  'error unix - - n - - error',
  'retry unix - - n - - error',
  'virtual unix - n n - - virtual',
  'anvil unix - - n - 1 anvil',
  'scache unix - - n - 1 scache',
  'postlog unix-dgram n - n - 1 postlogd',
]

export interface PostfixOptions {
  /** Whose mail it keeps. Anybody else is not known to it. */
  readonly addresses: readonly string[]
  /** Proves its name, in PEM. */
  readonly certificate: { readonly cert: string; readonly key: string }
  /** Where it listens, when something knew before. */
  readonly port?: number
  /** Beside what every one has, as master.cf has them. */
  readonly services?: readonly string[]
  /** Beside what every one has, as main.cf has them. */
  readonly settings?: Readonly<Record<string, string>>
}

/** Starts it, and waits for its greeting. */
export async function startPostfix({ addresses, certificate, ...more }: PostfixOptions): Promise<Postfix> {
  await passable(tmpdir())
  const directory = await mkdtemp(join(tmpdir(), 'countersign-postfix-'))
  const at = (name: string) => join(directory, name)
  // Its own users come by here.
  await chmod(directory, 0o755)
  for (const name of ['conf', 'spool', 'data', 'mail', 'log']) await mkdir(at(name))
  await chown(at('data'), userOf('postfix'), 0)
  await chown(at('mail'), NOBODY, NOBODY)
  const port = more.port ?? (await freePort())
  const domains = [...new Set(addresses.map((address) => address.slice(address.indexOf('@') + 1)))]
  await writeFile(at('conf/boxes'), addresses.map((address) => `${address} ${address}/\n`).join(''))
  await writeFile(at('conf/key.pem'), certificate.key, { mode: 0o600 })
  await writeFile(at('conf/cert.pem'), certificate.cert)
  await writeFile(
    at('conf/master.cf'),
    [`127.0.0.1:${port} inet n - n - - smtpd`, ...SERVICES, ...(more.services ?? []), ''].join('\n'),
  )
  const settings = {
    compatibility_level: '3.6',
    queue_directory: at('spool'),
    data_directory: at('data'),
    mail_owner: 'postfix',
    setgid_group: 'postdrop',
    myhostname: 'postfix.acme.example',
    inet_interfaces: '127.0.0.1',
    inet_protocols: 'ipv4',
    mydestination: '',
    mynetworks: '127.0.0.0/8',
    default_transport: 'error:nothing goes anywhere else',
    virtual_mailbox_domains: domains.join(' '),
    virtual_mailbox_base: at('mail'),
    virtual_mailbox_maps: `texthash:${at('conf/boxes')}`,
    virtual_uid_maps: `static:${NOBODY}`,
    virtual_gid_maps: `static:${NOBODY}`,
    smtpd_tls_security_level: 'encrypt',
    smtpd_tls_cert_file: at('conf/cert.pem'),
    smtpd_tls_key_file: at('conf/key.pem'),
    maillog_file: at('log/mail.log'),
    maillog_file_prefixes: tmpdir(),
    ...more.settings,
  }
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}\n`)
  await writeFile(at('conf/main.cf'), lines.join(''))
  const made = await runProgram(programPath('postfix'), ['-c', at('conf'), 'check'])
  if (made.code !== 0) throw new Error(`postfix check: ${made.stderr}`)
  const master = spawn('/usr/lib/postfix/sbin/master', ['-c', at('conf'), '-d'], { stdio: 'ignore' })
  const ended = once(master, 'close')
  const { pid } = master
  if (pid === undefined) throw new Error('postfix does not start')
  const log = () => readFile(at('log/mail.log'), 'utf8').catch(() => '')
  const close = async () => {
    master.kill()
    await ended
    await rm(directory, { recursive: true, force: true })
  }
  try {
    await until(
      () => greets(port),
      async () => `postfix does not greet: ${await log()}`,
    )
  } catch (error) {
    await close()
    throw error
  }
  const boxOf = (address: string) => at(`mail/${address}`)
  return {
    port,
    pid,
    log,
    async mailbox(address, messages) {
      const count = async () => (await readdir(join(boxOf(address), 'new')).catch(() => [])).length
      const seen = async () => (await readdir(join(boxOf(address), 'cur')).catch(() => [])).length
      const isThere = async () => (await count()) + (await seen()) >= messages
      await until(isThere, async () => `${address} has ${await count()} messages, not ${messages}: ${await log()}`)
      return readBox(boxOf(address), directory)
    },
    [Symbol.asyncDispose]: close,
  }
}

/** As IMAP would answer, without a server. */
async function readBox(box: string, home: string): Promise<readonly string[]> {
  const settings = {
    mail_location: `maildir:${box}`,
    mail_uid: NOBODY,
    mail_gid: NOBODY,
    first_valid_uid: 0,
    first_valid_gid: 0,
  }
  const options = Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`])
  const { code, stdout, stderr } = await runProgram(
    programPath('doveadm'),
    ['-c', '/dev/null', ...options, '-f', 'json', 'fetch', 'text', 'all'],
    { env: { USER: 'reader', HOME: home } },
  )
  if (code !== 0) throw new Error(`doveadm: ${stderr}`)
  return (JSON.parse(stdout) as readonly { readonly text: string }[]).map(({ text }) => text)
}

async function until(isSo: () => Promise<boolean>, otherwise: () => Promise<string>): Promise<void> {
  for (const end = performance.now() + PATIENCE_MS; !(await isSo()); await delay(100))
    if (performance.now() > end) throw new Error(await otherwise())
}

async function greets(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    const [said] = (await once(socket, 'data')) as [Buffer]
    return said.toString().startsWith('220')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED') return false
    throw error
  } finally {
    socket.destroy()
  }
}

/** Without it the server would stay silent, in its log as well: users of its own write that. */
async function passable(directory: string): Promise<void> {
  for (let at = directory; at !== dirname(at); at = dirname(at)) {
    const { mode } = await stat(at)
    if ((mode & 0o001) === 0) throw new Error(`postfix's own users cannot pass ${at}: chmod o+x, or another TMPDIR`)
  }
}

function userOf(name: string): number {
  const { stdout } = spawnSync('id', ['-u', name], { encoding: 'utf8' })
  const uid = Number(stdout.trim())
  if (stdout.trim() === '' || !Number.isInteger(uid))
    throw new Error(`there is no user ${name}; here is ${userInfo().username}`)
  return uid
}
