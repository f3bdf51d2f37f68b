/** Networks of a test's own: each namespace is held by a process, and gone with it, however the test ends. */
import { type ChildProcess, type SpawnOptions, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readlinkSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { needs } from '../../interop/peer.ts'

/** The options of every test that makes them. */
export const withNamespaces: { readonly skip?: string } = {
  ...needs('unshare', 'util-linux'),
  ...needs('ip', 'iproute2'),
}

const TUN = '/dev/net/tun'
const PATIENCE_MS = 5_000

export interface Namespace extends AsyncDisposable {
  readonly pid: number
  /** What runs a command in it: put before it. */
  readonly within: readonly string[]
  /** Runs a line of `sh` in it. @throws {Error} where it does not end well. */
  sh(line: string): string
  spawn(program: string, args: readonly string[], options?: SpawnOptions): ChildProcess
}

/** Opens one, with its loopback up. @throws {Error} where this user may not. */
export async function openNamespace(): Promise<Namespace> {
  // It waits for a word of ours, which never comes: also where we are killed, it ends.
  const holder = spawn('unshare', ['--net', 'cat'], { stdio: ['pipe', 'ignore', 'ignore'] })
  await once(holder, 'spawn')
  const { pid } = holder
  if (pid === undefined) throw new Error('unshare did not start')
  const networkOf = (who: string) => readlinkSync(`/proc/${who}/ns/net`)
  for (const end = performance.now() + PATIENCE_MS; networkOf(String(pid)) === networkOf('self'); await delay(5))
    if (holder.exitCode !== null || performance.now() > end)
      throw new Error('no network namespace can be made here: the tests of VPN run as root')
  const within = ['nsenter', '--target', String(pid), '--net']
  const namespace: Namespace = {
    pid,
    within,
    sh(line) {
      const { status, stdout, stderr } = spawnSync('nsenter', [...within.slice(1), 'sh', '-ec', line], {
        encoding: 'utf8',
      })
      if (status !== 0) throw new Error(`${line}: ${stderr}${stdout}`)
      return stdout
    },
    spawn: (program, args, options = {}) =>
      spawn('nsenter', [...within.slice(1), program, ...args], { stdio: ['pipe', 'pipe', 'pipe'], ...options }),
    async [Symbol.asyncDispose]() {
      const gone = once(holder, 'close')
      holder.kill('SIGKILL')
      await gone
    },
  }
  namespace.sh('ip link set lo up')
  return namespace
}

/** Joins two by a cable, with an address at each end: as in `['eth0', '10.9.0.1/24']`. */
export function cable(
  one: Namespace,
  [oneName, oneAddress]: readonly [string, string],
  other: Namespace,
  [otherName, otherAddress]: readonly [string, string],
): void {
  one.sh(`ip link add ${oneName} type veth peer name ${otherName} netns ${other.pid}`)
  for (const [at, name, address] of [[one, oneName, oneAddress] as const, [other, otherName, otherAddress] as const])
    at.sh(`ip addr add ${address} dev ${name}; ip link set ${name} up`)
}

/** Makes the tunnel device of the kernel known in a bare root that lacks it. @throws {Error} where there is none. */
export function needsTun(): void {
  if (existsSync(TUN)) return
  mkdirSync('/dev/net', { recursive: true })
  const { status, stderr } = spawnSync('mknod', [TUN, 'c', '10', '200'], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${TUN} is not there, and cannot be made: ${stderr}`)
}
