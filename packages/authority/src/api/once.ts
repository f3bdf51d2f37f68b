// Idempotency keys: whoever does not know whether an act was done asks again with the same key, and gets the first answer.
// draft-ietf-httpapi-idempotency-key-header-06; the answer is kept in the transaction of the act.
import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { InvariantError } from '../error.ts'
import { sameOctets } from '../octets.ts'
import type { AnswerName, StoredAnswer } from '../store/answers.ts'
import type { StoreTransaction } from '../store/store.ts'
import { callerKey } from './caller.ts'
import type { Api } from './model.ts'
import { sendRefusal } from './reply.ts'
import { idempotencyKey, read } from './schemas.ts'

/** How long an answer is kept at least, and how many of one caller's. */
export const ANSWERS_KEPT = { hours: 24, most: 10_000 } as const

/** Another authority on the store that has not completed its answer by then has ended. */
const RUNNING_SECONDS = 30
const CHANGING = new Set(['POST', 'PUT', 'PATCH', 'DELETE'])
const CIPHER = 'aes-256-gcm'
const NONCE_OCTETS = 12
const TAG_OCTETS = 16

/** Keeps, within an act's transaction, what will be answered. */
export interface Once {
  /**
   * @param isWhole Whether that is all of it; else the answer that is sent takes its place.
   * @throws {RivalError} where another request with this key was first, so that this one's act is undone.
   */
  keep(tx: StoreTransaction, status: number, body: unknown, isWhole?: boolean): Promise<void>
}

/** Another request with the same key was first. */
export class RivalError extends Error {
  override readonly name = 'RivalError'
}

interface Running extends Once {
  readonly requestSha256: Uint8Array
  /** Ends it with what is answered. */
  complete(status: number, body: string): Promise<void>
}

const running = new WeakMap<FastifyRequest, Running>()

/** Of a request that has a key. */
export function onceOf(request: FastifyRequest): Once | undefined {
  return running.get(request)
}

/** Lets each request of `app` that changes something have a key. */
export function answerOnce(app: FastifyInstance, api: Pick<Api, 'store' | 'clock' | 'failpoint' | 'log'>): void {
  const { store, clock } = api
  const underWay = new Map<string, Running>()

  app.addHook('preHandler', async (request, reply) => {
    if (!CHANGING.has(request.method)) return
    const header = read(idempotencyKey, request.headers['idempotency-key'])
    if (!header.ok) return sendRefusal(request, reply, header.refusal)
    if (header.value === undefined) return
    const secrets = secretsOf(header.value)
    const name: AnswerName = { caller: callerKey(request), keySha256: secrets.name }
    const requestSha256 = fingerprintOf(request)
    const place = `${name.caller} ${name.keySha256.toHex()}`

    const [now, stored] = [underWay.get(place), await store.answers.byName(name)]
    const first = now ?? stored
    if (first !== undefined && !sameOctets(first.requestSha256, requestSha256))
      return sendRefusal(request, reply, { code: 'ERR_ADMIN_KEY_REUSED' })
    // Of one turn: two that were looked up together find each other here.
    if (now !== undefined || underWay.has(place) || (stored && isUnderWay(stored, clock(), store)))
      return sendRefusal(request, reply.header('retry-after', 1), { code: 'ERR_ADMIN_KEY_RUNNING' })
    if (stored !== undefined)
      return reply
        .code(stored.status)
        .header('idempotency-replayed', 'true')
        .type('application/json; charset=utf-8')
        .send(decrypt(secrets.cipher, stored))

    const mine = begin(api, { name, requestSha256, cipher: secrets.cipher })
    underWay.set(place, mine)
    running.set(request, mine)
    reply.raw.once('close', () => underWay.delete(place))
  })

  app.addHook('onSend', async (request, reply, payload) => {
    const mine = running.get(request)
    if (mine !== undefined && typeof payload === 'string') await mine.complete(reply.statusCode, payload)
    return payload
  })
}

/** Whether whoever was first may still complete it: where nobody else can be at work, who is not known here has ended. */
function isUnderWay(stored: StoredAnswer, now: Temporal.Instant, { onElsewhere }: Api['store']): boolean {
  if (stored.isWhole || onElsewhere === undefined) return false
  return Temporal.Instant.compare(stored.at.add({ seconds: RUNNING_SECONDS }), now) > 0
}

function begin(
  { store, clock, failpoint, log }: Parameters<typeof answerOnce>[1],
  { name, requestSha256, cipher }: { name: AnswerName; requestSha256: Uint8Array; cipher: Uint8Array },
): Running {
  let kept: 'nothing' | 'some' | 'whole' = 'nothing'
  const sealed = (body: string) => encrypt(cipher, requestSha256, body)
  const add = async (tx: StoreTransaction, status: number, body: string, isWhole: boolean) => {
    const answer = { requestSha256, at: clock(), status, body: sealed(body), isWhole }
    if (!(await tx.answers.add(name, answer))) throw new RivalError('another request with this key was first')
  }
  return {
    requestSha256,
    async keep(tx, status, body, isWhole = false) {
      await add(tx, status, JSON.stringify(body), isWhole)
      kept = isWhole ? 'whole' : 'some'
    },
    async complete(status, body) {
      // What was refused has changed nothing, and may be asked again; what failed later is not what the act has answered.
      if (kept === 'whole' || status >= 400) return
      try {
        await store.commit(async (tx) => {
          if (kept === 'some') await tx.answers.complete(name, { status, body: sealed(body) })
          else await add(tx, status, body, true)
          failpoint('answer.before-commit')
        })
        failpoint('answer.after-commit')
      } catch (error) {
        // The act is done, and whoever asked is here: it is answered.
        log('answer.failed', { cause: error instanceof Error ? error.message : String(error) })
      }
    },
  }
}

/** What is asked for: another method, path or body is another request. */
function fingerprintOf({ method, url, body }: FastifyRequest): Uint8Array {
  return Uint8Array.from(
    createHash('sha256')
      .update(JSON.stringify([method, url, body ?? null]))
      .digest(),
  )
}

/** The key itself is not kept: by one value of it the answer is found, by the other it is read. @see RFC 5869 */
function secretsOf(key: string): { readonly name: Uint8Array; readonly cipher: Uint8Array } {
  const derive = (info: string) => new Uint8Array(hkdfSync('sha256', key, '', `countersign idempotency ${info}`, 32))
  return { name: derive('name'), cipher: derive('cipher') }
}

function encrypt(key: Uint8Array, requestSha256: Uint8Array, body: string): Uint8Array {
  const nonce = randomBytes(NONCE_OCTETS)
  const cipher = createCipheriv(CIPHER, key, nonce).setAAD(requestSha256)
  return new Uint8Array(Buffer.concat([nonce, cipher.update(body, 'utf8'), cipher.final(), cipher.getAuthTag()]))
}

function decrypt(key: Uint8Array, { body, requestSha256 }: StoredAnswer): string {
  const decipher = createDecipheriv(CIPHER, key, body.subarray(0, NONCE_OCTETS)).setAAD(requestSha256)
  decipher.setAuthTag(body.subarray(-TAG_OCTETS))
  try {
    const text = decipher.update(body.subarray(NONCE_OCTETS, -TAG_OCTETS))
    return Buffer.concat([text, decipher.final()]).toString()
  } catch (cause) {
    throw new InvariantError('an answer that was kept is not as it was', { cause })
  }
}
