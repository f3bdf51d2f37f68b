#!/usr/bin/env -S node --max-semi-space-size=8 --heap-growing-percent=300
// Starts the command on a Node that can run it. Plain JavaScript, because older Nodes read this file too.
import { existsSync, mkdirSync, realpathSync, statSync } from 'node:fs'
import { dirname, isAbsolute, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const LEAST_NODE = 26
// With the 16 MB that V8 takes of itself, a door that carries much collects all its garbage three times as often: marking
// begins when what is left for old objects is less than what the young ones may take. docs/benchmarks.md has the figures.
// What a door reads and writes counts as old at once: all is collected when that is three times what lives, and not sooner.
const MEMORY = ['--max-semi-space-size=8', '--heap-growing-percent=300']
const home = dirname(fileURLToPath(import.meta.url))

if (Number(process.versions.node.split('.')[0]) >= LEAST_NODE) await runHere()
else await runOn(nearestNode())

/** Under a Node that is new enough: the compile cache, then the command itself, from its sources where they are. */
async function runHere() {
  const module = await import('node:module')
  const cache = privateCache()
  if (cache !== undefined) module.enableCompileCache(cache)
  const sources = existsSync(join(home, 'src'))
  if (sources) {
    // In the repository every package is read from its sources; a published package has them in one bundle.
    module.registerHooks({
      resolve: (specifier, context, nextResolve) =>
        nextResolve(specifier, { ...context, conditions: [...context.conditions, 'source'] }),
    })
  }
  const { start } = await import(sources ? './src/start.ts' : './bundle/start.js')
  await start()
}

/**
 * Where compiled code may be kept: a directory of this user alone, since whoever writes there decides what runs.
 * Undefined where there is none, as for `sudo` with another user's home.
 */
function privateCache() {
  const base = process.env.XDG_CACHE_HOME || (process.env.HOME && join(process.env.HOME, '.cache'))
  if (!base || !isAbsolute(base)) return undefined
  const cache = join(base, 'countersign', 'compile')
  try {
    mkdirSync(cache, { recursive: true, mode: 0o700 })
    return [base, dirname(cache), cache].every(ownedHere) ? cache : undefined
  } catch (error) {
    // A read-only or missing home costs speed, nothing else.
    if (typeof error.code === 'string') return undefined
    throw error
  }
}

function ownedHere(directory) {
  if (process.getuid === undefined) return true
  const { uid, mode } = statSync(directory)
  return uid === process.getuid() && (mode & 0o022) === 0
}

/** The Node that `npm ci` brought, nearest first. */
function nearestNode() {
  for (let at = home; ; at = dirname(at)) {
    const candidate = join(at, 'node_modules', '.bin', process.platform === 'win32' ? 'node.cmd' : 'node')
    // Never this Node again: it would start itself without end.
    if (existsSync(candidate) && realpathSync(candidate) !== realpathSync(process.execPath)) return candidate
    if (at === dirname(at)) return undefined
  }
}

/** Runs the command on another Node, and passes signals down and the way it ended up. */
async function runOn(node) {
  if (node === undefined) return tooOld()
  const { spawn } = await import('node:child_process')
  const child = spawn(node, [...MEMORY, fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: 'inherit',
    shell: process.platform === 'win32',
  })
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2']
  for (const signal of signals) process.on(signal, () => child.kill(signal))
  child.on('error', tooOld)
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 70)
    for (const each of signals) process.removeAllListeners(each)
    process.kill(process.pid, signal)
  })
}

function tooOld() {
  process.stderr.write(
    `countersign needs Node ${LEAST_NODE} or newer; this is Node ${process.versions.node} (${process.execPath}). ` +
      'Run npm ci in the folder of countersign, which brings one, or install it\n',
  )
  process.exit(2)
}
