// What a person proves itself by stays between it, the door and login: the application sees neither cookie nor proof.
import { type Answer, chosenInstead, liftsWorker, withoutProof } from '@countersign/mtls'
import { plainName } from './identity-headers.ts'
import { DOOR_FIELD, SESSION_COOKIE } from './people.ts'
import type { Caller } from './service.ts'

/** Which fields go on, beside what every door takes out; each in names and values in turn. */
export interface Crossing {
  request(fields: readonly string[]): string[]
  /** @param protocols Those that the page named, where it is the answer that opens a WebSocket. */
  response(fields: readonly string[], protocols?: string): string[]
}

/** Between a person and the application behind its door. */
export const TO_APPLICATION: Crossing = {
  request: (fields) => choose(fields, keepRequestField),
  response: (fields, protocols) => [
    ...choose(fields, keepResponseField),
    ...protocolInstead(fields, protocols),
    ...Object.entries(STRICT_TRANSPORT).flat(),
  ],
}

/** Between a person and login: all of it. */
export const TO_LOGIN: Crossing = {
  request: (fields) => [...fields],
  response: (fields) => [...fields, ...Object.entries(STRICT_TRANSPORT).flat()],
}

/** For two years browsers ask this name, and those below it, by TLS alone. @see RFC 6797 §6.1, ASVS 5.0 V3.4.1 */
export const STRICT_TRANSPORT: Readonly<Record<string, string>> = {
  'Strict-Transport-Security': 'max-age=63072000; includeSubDomains',
}

/** An answer of the door's own to a person. */
export function toPerson(answer: Answer): Answer {
  return { ...answer, headers: { ...answer.headers, ...STRICT_TRANSPORT } }
}

/** How login is asked: by the address it counts what is tried, and to the certificate it may bind a session. */
export function asLoginSees({ meeting, serverName, certificates, grants, reset }: Caller, secret: string): Caller {
  const identity = [...certificates, DOOR_FIELD, secret, 'X-Forwarded-For', hostOf(meeting.address ?? '')]
  return { meeting, serverName, certificates, identity, grants, reset }
}

/** Without the port, as in `192.0.2.7` of `192.0.2.7:51234`. */
function hostOf(address: string): string {
  return address.replace(/:\d+$/, '').replaceAll(/^\[|\]$/g, '')
}

/** Only login sets these: an application that did could end the session, or the proofs, of whom it serves. */
const OF_LOGIN: ReadonlySet<string> = new Set(['dpop-nonce', 'countersign-ath'])

/**
 * Frameworks take a request for one of another method by these. Whether a proof is asked for, and what it is for, rests on the
 * method of the request alone: with a GET that is a DELETE behind, a cookie by itself would change something.
 */
const OTHER_METHODS: ReadonlySet<string> = new Set(['x-http-method-override', 'x-http-method', 'x-method-override'])

function keepRequestField(name: string, value: string): string | undefined {
  const plain = plainName(name)
  if (plain === 'dpop' || OTHER_METHODS.has(plain)) return undefined
  if (plain === PROTOCOL) return withoutProof(value)
  return plain === 'cookie' ? withoutSession(value) : value
}

const PROTOCOL = 'sec-websocket-protocol'

/** A browser that named protocols waits for one of them, also where the application knows none. @see RFC 6455 §1.9 */
function protocolInstead(fields: readonly string[], protocols: string | undefined): string[] {
  const isChosen = fields.some((name, i) => i % 2 === 0 && name.toLowerCase() === PROTOCOL)
  const instead = isChosen ? undefined : chosenInstead(protocols)
  return instead === undefined ? [] : ['Sec-WebSocket-Protocol', instead]
}

function keepResponseField(name: string, value: string): string | undefined {
  const lower = name.toLowerCase()
  // One that the application says could be none at all (`max-age=0`); the first that a browser reads counts.
  if (OF_LOGIN.has(lower) || lower === 'strict-transport-security' || liftsWorker(lower)) return undefined
  if (lower === 'clear-site-data') return CACHE.test(value) ? '"cache"' : undefined
  return lower === 'set-cookie' && isSession(value) ? undefined : value
}

/**
 * What else it clears is the session's cookie and the keys of the device, which are of this origin: whose frameworks say `"*"`
 * where somebody leaves, would make each customer's browser one that nobody knows.
 * @see W3C Clear Site Data §3.1
 */
const CACHE = /"(?:cache|\*)"/

/** RFC 6265 §5.4: what is left of a list of cookies. */
function withoutSession(cookies: string): string | undefined {
  const kept = cookies.split(';').filter((pair) => !isSession(pair))
  return kept.length === 0 ? undefined : kept.join(';').trim()
}

/**
 * RFC 6265bis §5.7 compares the prefix whatever its case, and readers are found that do so with the rest. One without a name
 * (`=__Host-countersign=x`) comes back as its value alone.
 */
function isSession(pair: string): boolean {
  const [first = ''] = pair.split(';', 1)
  const [name = ''] = first.replace(/^[\s=]+/, '').split('=', 1)
  return name.trim().toLowerCase() === SESSION_COOKIE.toLowerCase()
}

function choose(fields: readonly string[], keep: (name: string, value: string) => string | undefined): string[] {
  const kept: string[] = []
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const [name = '', value = ''] = [fields[i], fields[i + 1]]
    const left = keep(name, value)
    if (left !== undefined) kept.push(name, left)
  }
  return kept
}
