// Runs the real command in a process of its own.
import { type ChildProcess, spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { AS_STARTED } from '../../tools/testing/as-started.ts'

/** The launcher of the program as it is published, which `npm test` lays out; where a file is run without it, the one that runs the sources. */
export const BIN =
  process.env['COUNTERSIGN_PROGRAM'] ?? fileURLToPath(new URL('../../packages/countersign/bin.js', import.meta.url))

export interface RunOptions {
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>>
  /** Written to standard input, which then ends. */
  readonly input?: string
  /** A command that runs it elsewhere, as `nsenter` does. */
  readonly within?: readonly string[]
  /** Default 30,000. The process is killed then, and the run throws. */
  readonly timeoutMs?: number
}

export interface Ran {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/**
 * A house without a file takes these where they are free, and keeps them. Two that start again and again beside each other
 * would take them from one another: while tests run they are taken, by `npm test`, or here by a file that runs alone.
 */
for (const port of [7443, 8443, 8444])
  createServer()
    .on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EADDRINUSE') throw error
    })
    .listen(port, '127.0.0.1')
    .unref()

/** Starts `countersign ARGS`. */
export function startCommand(args: readonly string[], { cwd, env = {}, within = [] }: RunOptions): ChildProcess {
  const [program = process.execPath, ...more] = [...within, process.execPath, ...AS_STARTED, BIN, ...args]
  return spawn(program, more, { cwd, env: { ...userEnvironment(), ...env }, stdio: 'pipe' })
}

/** Runs `countersign ARGS` to its end. */
export function runCommand(args: readonly string[], options: RunOptions): Promise<Ran> {
  return finish(startCommand(args, options), options)
}

/** Runs one line in `sh`, as someone would who pasted it. */
export function runShell(line: string, options: RunOptions): Promise<Ran> {
  const { cwd, env = {} } = options
  return finish(spawn('sh', ['-c', line], { cwd, env: { ...userEnvironment(), ...env }, stdio: 'pipe' }), options)
}

/**
 * The environment of a user: without what this test run sets for its own Node. Whoever has a home of their own finds what the
 * command has compiled before all the same.
 */
function userEnvironment(): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _, NODE_TEST_CONTEXT: __, NODE_COMPILE_CACHE: ___, ...rest } = process.env
  return { XDG_CACHE_HOME: join(homedir(), '.cache'), ...rest }
}

async function finish(child: ChildProcess, { input, timeoutMs = 30_000 }: RunOptions): Promise<Ran> {
  const { promise, resolve, reject } = Promise.withResolvers<Ran>()
  let stdout = ''
  let stderr = ''
  child.stdout?.setEncoding('utf8').on('data', (text) => {
    stdout += text
  })
  child.stderr?.setEncoding('utf8').on('data', (text) => {
    stderr += text
  })
  const timer = setTimeout(() => {
    child.kill('SIGKILL')
    reject(new Error(`not over after ${timeoutMs} ms; so far: ${stdout}${stderr}`))
  }, timeoutMs)
  child.on('error', reject)
  child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }))
  // One that ends without reading its input is no failure of the test.
  child.stdin?.on('error', (error: NodeJS.ErrnoException) => error.code === 'EPIPE' || reject(error))
  child.stdin?.end(input)
  return promise.finally(() => clearTimeout(timer))
}
