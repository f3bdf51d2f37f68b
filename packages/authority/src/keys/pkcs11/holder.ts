// The near side of the process that holds a token: one that does not answer is ended, and whoever waits is told.
import { type ChildProcess, fork } from 'node:child_process'
import type { webcrypto } from 'node:crypto'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { KeyFault } from './fault.ts'
import type { HolderAnswer, HolderRequest } from './holder-messages.ts'
import type { KeyUri } from './uri.ts'

/** A process that holds the key of a token. */
export interface Holder {
  readonly publicKey: webcrypto.JsonWebKey
  /** As the token gives it: of ECDSA, r and s. @throws {KeyFault} (rejects); the holder is over then */
  sign(octets: Uint8Array): Promise<Uint8Array>
  close(): Promise<void>
}

/** Of the holder, for anything that is asked of it: a token that takes longer has gone or hangs. */
export const PATIENCE_MILLISECONDS = 5_000

/** How long a module may take to let its token go. */
const FAREWELL_MILLISECONDS = 1_000

// The source or what is built of it, as this file is.
const PROGRAM = fileURLToPath(new URL(`./holder-process${extname(import.meta.url)}`, import.meta.url))

/** Starts a process and opens the key in it; `patience` in milliseconds. @throws {KeyFault} (rejects); nothing stays then */
export async function startHolder(uri: KeyUri, pin: string | undefined, patience: number): Promise<Holder> {
  const child = fork(PROGRAM, {
    execArgv: [],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const desk = openDesk(child, patience)
  const opened = await desk.ask(0, { kind: 'open', uri, pin }).catch(async (cause: unknown) => {
    await exited
    throw cause
  })
  if (opened.kind !== 'opened') throw new TypeError('the holder answered what was not asked')
  let lastId = 0
  return {
    publicKey: opened.publicKey,
    async sign(octets) {
      const id = ++lastId
      const signed = await desk.ask(id, { kind: 'sign', id, octets })
      if (signed.kind !== 'signed') throw new TypeError('the holder answered what was not asked')
      return signed.signature
    },
    async close() {
      if (child.connected) child.disconnect()
      const impatient = setTimeout(() => child.kill('SIGKILL'), FAREWELL_MILLISECONDS)
      await exited
      clearTimeout(impatient)
    },
  }
}

type Waiting = PromiseWithResolvers<Exclude<HolderAnswer, { kind: 'failed' }>>

/** Questions and their answers; the first fault ends the process and all that is asked of it. */
function openDesk(
  child: ChildProcess,
  patience: number,
): {
  ask(id: number, request: HolderRequest): Promise<Exclude<HolderAnswer, { kind: 'failed' }>>
} {
  const waiting = new Map<number, Waiting>()
  let fault: KeyFault | undefined
  let clock: NodeJS.Timeout | undefined

  const fail = (reason: KeyFault): void => {
    fault ??= reason
    clearTimeout(clock)
    child.kill('SIGKILL')
    for (const { reject } of waiting.values()) reject(fault)
    waiting.clear()
  }
  const wait = (): void => {
    clearTimeout(clock)
    if (waiting.size > 0) clock = setTimeout(() => fail(silent(patience)), patience)
  }

  child.on('message', (message) => {
    // From our own program alone, which answers nothing else.
    const answer = message as HolderAnswer
    if (answer.kind === 'failed') {
      const { code, message: text, next } = answer
      return fail(new KeyFault(code, text, next === undefined ? {} : { next }))
    }
    const id = answer.kind === 'signed' ? answer.id : 0
    waiting.get(id)?.resolve(answer)
    waiting.delete(id)
    wait()
  })
  child.on('error', (cause) =>
    fail(new KeyFault('ERR_AUTHORITY_KEY_MODULE', 'the process that holds the token cannot be asked', { cause })),
  )
  child.once('exit', (code, signal) =>
    fail(new KeyFault('ERR_AUTHORITY_KEY_MODULE', `the process that holds the token ended (${signal ?? code})`)),
  )

  return {
    ask(id, request) {
      if (fault !== undefined) return Promise.reject(fault)
      const answer: Waiting = Promise.withResolvers()
      waiting.set(id, answer)
      if (waiting.size === 1) wait()
      child.send(request)
      return answer.promise
    },
  }
}

function silent(patience: number): KeyFault {
  return new KeyFault('ERR_AUTHORITY_KEY_TOKEN', `the token has not answered for ${patience / 1_000} s`)
}
