// One request and its answer over a connection that the gate has accepted.
import { type IncomingMessage, request as requestHttp } from 'node:http'
import { type Json, ShapeError } from '@countersign/protocol'
import { refusalOfError } from '../client/refused.ts'
import type { Connected } from '../model.ts'
import { EnrollmentError, readProblem } from './error.ts'

/** What is asked for; the answer comes with `status`. */
export interface Exchange {
  readonly method: 'GET' | 'POST'
  readonly path: string
  /** For the Host field. */
  readonly host: string
  readonly body?: Json
  /** In place of JSON, of that media type. */
  readonly octets?: { readonly type: string; readonly body: Uint8Array }
  readonly status: 200 | 201
  readonly timeoutMs?: number
  /** Whether a process stays alive for it. Default true. */
  readonly ref?: boolean
}

const TIMEOUT_MS = 30_000
// Two revocation lists of half a million entries each, in base64.
const MAX_ANSWER_OCTETS = 67_108_864

/**
 * Sends one request and reads its answer, which is JSON; the connection ends with it.
 * @throws {EnrollmentError} where the answer is a refusal, is not JSON, is too large, too slow, or does not come.
 */
export function exchangeJson(connected: Connected, exchange: Exchange): Promise<unknown> {
  return exchangeFor(connected, exchange, parse)
}

/** As {@link exchangeJson}, for an answer that is none. */
export function exchangeOctets(connected: Connected, exchange: Exchange): Promise<Buffer> {
  return exchangeFor(connected, exchange, (octets) => octets)
}

async function exchangeFor<Answer>(
  { socket, meeting }: Connected,
  exchange: Exchange,
  read: (octets: Buffer) => Answer,
): Promise<Answer> {
  const { method, path, host, body, octets: other, status, timeoutMs = TIMEOUT_MS, ref = true } = exchange
  const { reference } = meeting
  const octets = body === undefined ? other?.body : Buffer.from(JSON.stringify(body))
  const type = body === undefined ? other?.type : 'application/json'
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const request = requestHttp({
    method,
    path,
    createConnection: () => socket,
    headers: {
      host,
      accept: 'application/json, application/problem+json, */*;q=0.1',
      ...(octets && { 'content-type': type, 'content-length': octets.length }),
    },
  })
  request.on('response', resolve).on('error', reject)
  const timer = setTimeout(() => request.destroy(new Error(`no answer within ${timeoutMs / 1000} s`)), timeoutMs)
  if (!ref) {
    timer.unref()
    socket.unref()
  }
  try {
    request.end(octets)
    const response = await promise
    const answer = await readBody(response)
    if (response.statusCode === status) return read(answer)
    throw readProblem(response.statusCode ?? 0, parse(answer), reference)
  } catch (cause) {
    if (cause instanceof EnrollmentError) throw cause
    if (cause instanceof SyntaxError || cause instanceof ShapeError || cause instanceof RangeError)
      throw new EnrollmentError('ERR_ENROLL_ANSWER', { detail: 'it is not JSON, or too large', reference }, { cause })
    if (!(cause instanceof Error)) throw cause
    const detail = 'code' in cause ? refusalOfError(cause, 'met').note : cause.message
    throw new EnrollmentError('ERR_ENROLL_CONNECTION', { ...(detail && { detail }), reference }, { cause })
  } finally {
    clearTimeout(timer)
    socket.destroy()
  }
}

async function readBody(response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let total = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    total += chunk.length
    if (total > MAX_ANSWER_OCTETS) throw new RangeError('the answer is too large')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function parse(octets: Buffer): unknown {
  return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(octets))
}
