// Processes of this machine, as /proc has them: who is still there, what belongs to a session, and how it ends.
import { constants } from 'node:fs'
import { open, readdir, readFile, readlink } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'

/** A process: its number is used again, and so it is named by when it began, too. */
export interface ProcessName {
  readonly pid: number
  /** In the kernel's ticks since it booted. */
  readonly start: bigint
}

interface Process extends ProcessName {
  readonly parent: number
  /** Its terminal, as the kernel numbers it; 0 where it has none. */
  readonly terminal: number
}

/** Long enough for sshd to take what was written to a terminal, and to send it. */
const TELL_MS = 100
/** A terminal takes a line at once; one that was stopped (Ctrl+S) takes nothing. */
const O_FLAGS = constants.O_WRONLY | constants.O_NOCTTY | constants.O_NONBLOCK

/** Whether it is the same process that is there. */
export async function isThere({ pid, start }: ProcessName): Promise<boolean> {
  return (await processOf(pid))?.start === start
}

/**
 * Ends a session: whatever its user runs stops at once, `words` are written to its terminals, and then the processes of sshd,
 * all below and what left them are killed. Nothing is sent any more when it resolves.
 */
export async function endSession(monitor: ProcessName, words: string): Promise<void> {
  if (!(await isThere(monitor))) return
  const detached = await detachedFrom(monitor)
  const all = await ofSession(monitor, detached)
  const engine = await readlinkOf(monitor.pid)
  // sshd itself goes on for a moment, or nobody would carry the words. Of a login as root the one process is both.
  const carriers = new Set<number>([monitor.pid])
  for (const { pid, parent } of all)
    if (parent === monitor.pid && engine !== undefined && (await readlinkOf(pid)) === engine) carriers.add(pid)
  const users = all.filter(({ pid }) => !carriers.has(pid))
  for (const one of users) signal(one, 'SIGSTOP')
  const terminals = new Set(users.flatMap(({ terminal }) => terminalPath(terminal) ?? []))
  const told = await Promise.all([...terminals].map((path) => tell(path, words)))
  if (told.includes(true)) await delay(TELL_MS)
  // Who was started in between is found now.
  const last = await ofSession(monitor, detached)
  const still = await isThere(monitor)
  for (const one of [...(still ? [monitor] : []), ...all, ...last]) signal(one, 'SIGKILL')
}

/** All whose parents lead to it, and those that left them, but not the session. */
async function ofSession(
  { pid: root }: ProcessName,
  isDetached: ((pid: number) => Promise<boolean>) | undefined,
): Promise<readonly Process[]> {
  const all = await everything()
  const found = below(root, all)
  if (isDetached === undefined) return found
  const parents = new Set([root, ...found.map(({ pid }) => pid)])
  const others = all.filter(({ pid }) => !parents.has(pid))
  const left = await Promise.all(others.map(({ pid }) => isDetached(pid)))
  return [...found, ...others.filter((_, index) => left[index])]
}

function below(root: number, all: readonly Process[]): Process[] {
  const found: Process[] = []
  const parents = new Set([root])
  // A child may have a smaller number than its parent.
  for (let grown = true; grown; ) {
    grown = false
    for (const one of all)
      if (parents.has(one.parent) && !parents.has(one.pid)) {
        parents.add(one.pid)
        found.push(one)
        grown = true
      }
  }
  return found
}

/** pam_loginuid(8) has the kernel number each login; whatever is started in it has that number, and only root gets another. */
const NO_LOGIN = '4294967295'

/**
 * Which processes are of the login that `monitor` watches over, whoever their parents are now (`nohup`, `tmux`): those that run
 * as its user. What root started there may be anybody's, as a service that was restarted by sudo is. Undefined where the kernel
 * knows of no login of its own here.
 */
async function detachedFrom({ pid }: ProcessName): Promise<((pid: number) => Promise<boolean>) | undefined> {
  const [login, user] = await Promise.all([loginOf(pid), textOf(pid, 'loginuid')])
  if (login === undefined || user === undefined || user === '0') return undefined
  // An sshd that somebody has started by hand is in the login of whoever did.
  const parent = (await processOf(pid))?.parent ?? 0
  if (login === (await loginOf(parent)) || login === (await loginOf(process.pid))) return undefined
  return async (other) =>
    (await loginOf(other)) === login && /^Uid:\t(\d+)/m.exec((await textOf(other, 'status')) ?? '')?.[1] === user
}

async function loginOf(pid: number): Promise<string | undefined> {
  const login = await textOf(pid, 'sessionid')
  return login === NO_LOGIN ? undefined : login
}

function textOf(pid: number, name: 'loginuid' | 'sessionid' | 'stat' | 'status'): Promise<string | undefined> {
  return gone(readFile(`/proc/${pid}/${name}`, 'utf8'))
}

async function everything(): Promise<readonly Process[]> {
  const names = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const all = await Promise.all(names.map((name) => processOf(Number(name))))
  return all.flatMap((one) => one ?? [])
}

/** proc(5): the name in parentheses may have anything in it. A process that has ended and is not waited for is not there. */
async function processOf(pid: number): Promise<Process | undefined> {
  const text = await textOf(pid, 'stat')
  if (text === undefined) return undefined
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const [state, parent] = fields
  const start = fields[19]
  if (state === 'Z' || state === 'X' || start === undefined) return undefined
  return { pid, start: BigInt(start), parent: Number(parent), terminal: Number(fields[4]) }
}

function readlinkOf(pid: number): Promise<string | undefined> {
  return gone(readlink(`/proc/${pid}/exe`))
}

/** Unix98 terminals have the major numbers 136 to 143. */
function terminalPath(device: number): string | undefined {
  const major = (device >> 8) & 0xfff
  const minor = (device & 0xff) | ((device >> 12) & 0xfff00)
  return major >= 136 && major <= 143 ? `/dev/pts/${(major - 136) * 256 + minor}` : undefined
}

/** False where nobody reads there, or it is gone. */
async function tell(path: string, words: string): Promise<boolean> {
  const terminal = await gone(open(path, O_FLAGS))
  if (terminal === undefined) return false
  try {
    return (await gone(terminal.write(words))) !== undefined
  } finally {
    await terminal.close()
  }
}

function signal({ pid }: ProcessName, name: 'SIGSTOP' | 'SIGKILL'): void {
  try {
    process.kill(pid, name)
  } catch (error) {
    // It has ended by itself.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}

const GONE = new Set(['ENOENT', 'ESRCH', 'EIO', 'ENXIO', 'EAGAIN', 'EACCES'])

/** What is read of a process that may end meanwhile. */
async function gone<Value>(reading: Promise<Value>): Promise<Value | undefined> {
  try {
    return await reading
  } catch (error) {
    if (error instanceof Error && 'code' in error && GONE.has(String(error.code))) return undefined
    throw error
  }
}
