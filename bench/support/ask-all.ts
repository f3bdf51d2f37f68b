// Lets clients in a process of their own ask, and answers how long that took.
import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import type { Asking } from './requesters.ts'

const REQUESTERS = fileURLToPath(new URL('requesters.ts', import.meta.url))

/** Certificates a second: those that were asked before all connections stood are not counted. @throws {Error} where one is not granted. */
export async function askAll(asking: Asking): Promise<number> {
  const child = spawn(process.execPath, ['--conditions=source', REQUESTERS], { stdio: ['pipe', 'pipe', 'inherit'] })
  child.stdin.end(JSON.stringify(asking))
  const milliseconds = Number(await text(child.stdout))
  if (!(milliseconds > 0)) throw new Error(`${asking.host}${asking.path} did not grant all`)
  return ((asking.bodies.length - asking.clients) / milliseconds) * 1000
}
