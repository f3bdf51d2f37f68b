// One worker that proves passwords, one after the other: each takes 64 MiB and a fifth of a second of one processor.
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { PersonRefusal } from '../refusal.ts'
import type { StretchAnswer, StretchQuestion } from './stretch-worker.ts'

/** Asks it. */
export interface Stretcher {
  /**
   * Runs a whole exchange; those that come meanwhile wait.
   * @throws {PersonRefusal} (rejects) `ERR_PERSON_TOO_OFTEN` where too many wait.
   */
  run<Result>(
    exchange: (ask: (question: StretchQuestion) => Promise<StretchAnswer>) => Promise<Result>,
  ): Promise<Result>
  close(): Promise<void>
}

/** Some ten seconds of work. */
const MOST_WAITING = 50

/** The worker starts with the first exchange, and anew where it has died. */
export function createStretcher(): Stretcher {
  let worker: Worker | undefined
  let turn: Promise<unknown> = Promise.resolve()
  let waiting = 0

  const ask = (question: StretchQuestion): Promise<StretchAnswer> => {
    const { promise, resolve, reject } = Promise.withResolvers<StretchAnswer>()
    worker ??= startWorker()
    const current = worker
    const failed = (error: Error) => {
      worker = undefined
      reject(error)
    }
    const exited = () => failed(new Error('the worker that stretches passwords ended'))
    current.once('message', resolve).once('error', failed).once('exit', exited)
    current.postMessage(question)
    return promise.finally(() => current.off('message', resolve).off('error', failed).off('exit', exited))
  }

  return {
    async run(exchange) {
      if (waiting >= MOST_WAITING) throw new PersonRefusal('ERR_PERSON_TOO_OFTEN', { retryAfterSeconds: 10 })
      waiting++
      const done = turn.then(() => exchange(ask))
      turn = done.catch(() => undefined)
      try {
        return await done
      } finally {
        waiting--
      }
    },
    async close() {
      await worker?.terminate()
      worker = undefined
    },
  }
}

/** Of the same kind as this file: as it was written, or as it was built. */
function startWorker(): Worker {
  const worker = new Worker(new URL(`./stretch-worker${extname(import.meta.url)}`, import.meta.url))
  worker.unref()
  return worker
}
