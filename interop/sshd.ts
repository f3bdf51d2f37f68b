// OpenSSH's sshd for one test file: one process for each connection, on a port of ours that is free.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, rmdirSync } from 'node:fs'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { userInfo } from 'node:os'
import { after } from 'node:test'
import { needs, programPath } from './peer.ts'
import { file } from './ssh.ts'

/** The options of every test that meets sshd. */
export const withSshd: { readonly skip?: string } = {
  ...needs('ssh-keygen', 'openssh-client'),
  ...needs('ssh', 'openssh-client'),
  ...needs('sshd', 'openssh-server'),
}

/** Who runs the test, and so who signs in. */
export const username: string = userInfo().username

export interface SshdMeeting {
  /** What ssh ended with: 0 where the command ran and ended so, 255 where there was no session. */
  readonly code: number
  readonly stdout: string
  /** What ssh said. */
  readonly stderr: string
  /** What sshd wrote to its log. */
  readonly log: string
}

/** Meets an sshd of these options with an ssh of these, and asks for `command`. */
export async function meetSshd(
  server: Readonly<Record<string, string>>,
  client: Readonly<Record<string, string>>,
  ...command: readonly string[]
): Promise<SshdMeeting> {
  const logs: Promise<string>[] = []
  const listener = createServer({ pauseOnConnect: true }, (socket) => {
    const [program = '', ...args] = sshdCommand(server)
    const sshd = spawn(program, args, { stdio: [socket, socket, 'pipe'] })
    logs.push(textOf(sshd.stderr))
    socket.destroy()
  })
  const port = await listening(listener)
  try {
    const options = Object.entries(client).flatMap(([name, value]) => ['-o', `${name}=${value}`])
    const ssh = spawn('ssh', ['-F', 'none', '-p', String(port), ...options, `${username}@127.0.0.1`, ...command], {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 30_000,
    })
    const ended = once(ssh, 'close')
    const [stdout, stderr] = await Promise.all([textOf(ssh.stdout), textOf(ssh.stderr)])
    const [code] = (await ended) as [number]
    return { code, stdout, stderr, log: (await Promise.all(logs)).join('') }
  } finally {
    listener.close()
  }
}

// As root it wants an empty directory, which Debian makes at each start of its service.
const OWN_DIRECTORY = '/run/sshd'
if (process.getuid?.() === 0 && mkdirSync(OWN_DIRECTORY, { recursive: true, mode: 0o755 }) !== undefined)
  after(() => rmdirSync(OWN_DIRECTORY))

function sshdCommand(options: Readonly<Record<string, string>>): readonly string[] {
  const fixed = { LogLevel: 'VERBOSE', UsePAM: 'no', StrictModes: 'no', AuthorizedKeysFile: 'none', ...options }
  return [programPath('sshd'), '-i', '-e', '-f', file('sshd_config', linesOf(fixed))]
}

const linesOf = (options: Readonly<Record<string, string>>) =>
  Object.entries(options)
    .map(([name, value]) => `${name} ${value}\n`)
    .join('')

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

async function textOf(stream: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}
