/** Debian's mosquitto as the broker behind a door: one of its own for a test, on a Unix socket that nobody else reaches. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { needs, programPath } from '../../interop/peer.ts'

/** The options of every test that meets it. */
export const withMosquitto: { readonly skip?: string } = needs('mosquitto', 'mosquitto')

export interface Mosquitto extends AsyncDisposable {
  readonly path: string
  readonly pid: number
  /** What it said so far. */
  log(): string
  stop(): Promise<void>
}

const PATIENCE_MS = 10_000

/** Starts it, and waits until it takes connections. @param more Lines of its configuration. @param user Who it becomes where root starts it. */
export async function startMosquitto(more: readonly string[] = [], user = 'nobody'): Promise<Mosquitto> {
  const directory = await mkdtemp(join(tmpdir(), 'countersign-mosquitto-'))
  // It drops to nobody where root starts it, and makes its socket then.
  await chmod(directory, 0o777)
  const path = join(directory, 'socket')
  const file = join(directory, 'mosquitto.conf')
  await writeFile(
    file,
    [
      `listener 0 ${path}`,
      'allow_anonymous true',
      `user ${user}`,
      'log_type all',
      'persistence false',
      ...more,
      '',
    ].join('\n'),
  )
  const child = spawn(programPath('mosquitto'), ['-c', file], { stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (said += text))
  const ended = once(child, 'close')
  const stop = async () => {
    child.kill()
    await ended
  }
  for (const end = performance.now() + PATIENCE_MS; !(await isThere(path)); await delay(20))
    if (performance.now() > end || child.exitCode !== null) {
      await stop()
      throw new Error(`mosquitto does not answer: ${said}`)
    }
  return {
    path,
    pid: child.pid ?? 0,
    log: () => said,
    stop,
    async [Symbol.asyncDispose]() {
      await stop()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

async function isThere(path: string): Promise<boolean> {
  const socket = connect({ path })
  try {
    await once(socket, 'connect')
    return true
  } catch {
    // Not yet.
    return false
  } finally {
    socket.destroy()
  }
}
