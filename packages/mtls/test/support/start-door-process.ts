// Starts `door-process.ts`, whose door trusts the root of these tests and proves `shop`.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { RevokedSerial } from '@countersign/protocol'
import { root, shop } from './door.ts'
import type { DoorProcessStart, DoorProcessWord } from './door-process.ts'

const PROGRAM = fileURLToPath(new URL('./door-process.ts', import.meta.url))

export interface DoorProcess extends AsyncDisposable {
  readonly port: number
  /** What it tells next, or has told and was not asked for. */
  next(): Promise<DoorProcessWord>
  announce(revoked: RevokedSerial): void
}

/** @param maxOpenFiles How many files it may have open, of its own start too. */
export async function startDoorProcess(
  start: Pick<DoorProcessStart, 'tickets' | 'keeps'>,
  maxOpenFiles?: number,
): Promise<DoorProcess> {
  const limit = maxOpenFiles === undefined ? '' : `ulimit -n ${maxOpenFiles} && `
  const child = spawn('sh', ['-c', `${limit}exec "$0" -C source "$1"`, process.execPath, PROGRAM], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    serialization: 'advanced',
  })
  const words: DoorProcessWord[] = []
  child.on('message', (word: DoorProcessWord) => words.push(word))
  const next = async (): Promise<DoorProcessWord> => {
    while (words.length === 0) await Promise.race([once(child, 'message'), ended()])
    return words.shift() ?? assert.fail('it told nothing')
  }
  const ended = async () => {
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    assert.fail(`the door's process ended: ${child.exitCode ?? child.signalCode}`)
  }
  const [leaf, ...above] = shop.certificates.map(({ der }) => der)
  child.send({
    ...start,
    root: root.certificate.der,
    certificates: [leaf ?? assert.fail('no leaf'), ...above],
    key: shop.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  } satisfies DoorProcessStart)
  const first = await next()
  assert.ok('port' in first)
  return {
    port: first.port,
    next,
    announce: ({ at: _, ...revoked }) => child.send(revoked),
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const exit = once(child, 'exit')
      child.kill()
      await exit
    },
  }
}
