// Servers in processes of their own, and what one handshake costs each of them.
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { PartyFiles } from '../../scenario/support/peers.ts'
import { AS_STARTED } from '../../tools/testing/as-started.ts'
import { cpuSeconds } from './cpu.ts'

const CONCURRENCY = 8
const run = promisify(execFile)
const here = (file: string) => fileURLToPath(new URL(file, import.meta.url))

/** A server under load. */
export interface LoadedServer {
  readonly name: string
  readonly port: number
  /** Of the processes that shake hands. */
  readonly pids: readonly number[]
  stop(): Promise<void>
}

/** Starts `support/PROGRAM` on this Node; it prints its port once it listens. Ours as the command is started, others as `node` is. */
export async function startNode(name: string, program: string, args: readonly string[]): Promise<LoadedServer> {
  const options = ['--conditions=source', ...(name === 'countersign' ? AS_STARTED : [])]
  const child = spawn(process.execPath, [...options, here(program), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const stop = async () => {
    const closed = once(child, 'close')
    child.kill()
    await closed
  }
  for await (const line of createInterface({ input: child.stdout }))
    return { name, port: Number(line), pids: child.pid === undefined ? [] : [child.pid], stop }
  throw new Error(`${name} did not start`)
}

/** Runs `support/PROGRAM` to its end, and answers the JSON that it prints. */
export async function runLoad(program: string, args: readonly string[]): Promise<unknown> {
  const { stdout } = await run(process.execPath, [here(program), ...args])
  return JSON.parse(stdout)
}

/**
 * Holds one handshake for each of `callers` and answers how many the server does in a second of its CPU.
 * @param kind `resumed`: all but the first few resume what those began.
 */
export async function handshakesPerCpuSecond(
  server: LoadedServer,
  callers: readonly PartyFiles[],
  scratch: string,
  kind: 'full' | 'resumed' = 'full',
): Promise<number> {
  const file = join(scratch, 'callers.json')
  await writeFile(file, JSON.stringify(callers))
  const before = cpuSeconds(server.pids)
  const { done, failed } = (await runLoad('handshakes.ts', [String(server.port), String(CONCURRENCY), file, kind])) as {
    done: number
    failed: number
  }
  if (failed > 0) throw new Error(`${server.name}: ${failed} of ${callers.length} handshakes failed (${kind})`)
  return done / (cpuSeconds(server.pids) - before)
}
