// Foreign servers in processes of their own: started, waited for, and what all of them are given.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readPem, writePem } from '@countersign/x509'
import type { PartyFiles } from '../../scenario/support/peers.ts'
import { untilListening } from '../../tools/testing/ports.ts'
import type { LoadedServer } from './load.ts'

/** Who works: the process that was started, or its children. */
export type Workers = 'itself' | 'children'

/** Starts a server that stays in the foreground. @throws {Error} when it does not listen on `port` within 5 seconds. */
export async function startForeign(
  name: string,
  port: number,
  [program, ...args]: readonly [string, ...string[]],
  workers: Workers,
): Promise<LoadedServer> {
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  const stop = async () => {
    const closed = once(child, 'close')
    child.kill('SIGTERM')
    await closed
  }
  try {
    await untilListening(port, child)
  } catch (error) {
    child.kill('SIGKILL')
    throw new Error(`${name} does not listen: ${said}`, { cause: error })
  }
  return { name, port, pids: await pidsOf(child, workers), stop }
}

async function pidsOf({ pid }: ChildProcess, workers: Workers): Promise<readonly number[]> {
  if (pid === undefined) return []
  if (workers === 'itself') return [pid]
  return (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).trim().split(' ').map(Number)
}

/** CRLs are kept in DER or PEM; foreign programs read one file of PEM. */
export async function crlsOf({ directory }: PartyFiles): Promise<string> {
  const status = join(directory, 'status')
  const names = (await readdir(status)).filter((name) => name.endsWith('.crl'))
  const files = await Promise.all(names.map((name) => readFile(join(status, name))))
  return files
    .map((octets) => (octets[0] === 0x30 ? octets : readPem(octets.toString('latin1'))[0]?.der))
    .map((der) => writePem('X509 CRL', der ?? new Uint8Array()))
    .join('')
}
