// The bank behind a door that a test speaks for: its statements are signed by jose.
import { request as httpRequest } from 'node:http'
import { type CryptoKey, exportJWK, generateKeyPair, SignJWT } from 'jose'
import { openDemoBank } from '../../src/demo/bank/bank.ts'
import type { PublicKey } from '../../src/web/assertion-keys.ts'

export const ISSUER = 'https://bank.localhost'
export const AUDIENCE = 'bank'
export const NOW: Temporal.Instant = Temporal.Instant.from('2026-11-27T12:00:00Z')
export const SECONDS: number = NOW.epochMilliseconds / 1000

export interface Claims {
  readonly [claim: string]: unknown
}

/** What a door states of carol, who signed in on her device. */
export function carolClaims(more: Claims = {}): Claims {
  return {
    iss: ISSUER,
    aud: AUDIENCE,
    sub: 'carol',
    identities: ['account:carol'],
    proofs: [
      { kind: 'password', at: SECONDS - 120, binding: 'device' },
      { kind: 'totp', at: SECONDS - 110, binding: 'device' },
    ],
    confirmed: [],
    cnf: { jkt: 'A'.repeat(43) },
    door: 'bank',
    reference: 'M-7F3K-92QD',
    iat: SECONDS,
    exp: SECONDS + 60,
    ...more,
  }
}

export interface Key {
  readonly published: PublicKey
  sign(claims: Claims, header?: Readonly<Record<string, unknown>>): Promise<string>
}

/** A key of a door, by jose. */
export async function makeKey(kid: string): Promise<Key> {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
  const published = { ...(await exportJWK(publicKey)), kid, alg: 'ES256', use: 'sig' } as PublicKey
  return {
    published,
    sign: (claims, header = {}) => sign(privateKey, claims, { alg: 'ES256', typ: 'JWT', kid, ...header }),
  }
}

function sign(key: CryptoKey, claims: Claims, header: { alg: string; typ?: string; kid?: string }): Promise<string> {
  return new SignJWT({ ...claims }).setProtectedHeader(header).sign(key)
}

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

export interface AskOptions {
  readonly method?: string
  /** Beside those of carol. */
  readonly claims?: Claims
  /** In place of one that is signed for the request. */
  readonly statements?: readonly string[]
  readonly form?: Readonly<Record<string, string>>
  readonly body?: string
  readonly headers?: Readonly<Record<string, string>>
}

export interface TestBank extends AsyncDisposable {
  readonly key: Key
  readonly url: string
  clock: Temporal.Instant
  ask(path: string, options?: AskOptions): Promise<Answer>
  /** The token of a form on a page of carol's. */
  token(claims?: Claims): Promise<string>
  /** Orders a transfer, and answers where it is to be confirmed. */
  order(more?: Readonly<Record<string, string>>, claims?: Claims): Promise<Confirmation>
  /** Of carol's current account, in cents. */
  balance(claims?: Claims): Promise<number>
}

export interface Confirmation {
  /** As it stands in the address. */
  readonly matter: { title: string; lines: [string, string][]; nonce: string }
  readonly to: string
}

/** A transfer that nothing is wrong with. */
export const TRANSFER = {
  from: 'current',
  to: 'Aunt Marlene',
  iban: 'GB82 WEST 1234 5698 7654 32',
  amount: '12.50',
  purpose: 'Birthday',
} as const

export async function openBank(): Promise<TestBank> {
  const key = await makeKey('one')
  const bank: { clock: Temporal.Instant } = { clock: NOW }
  const { url, close } = await openDemoBank({
    host: '127.0.0.1',
    port: 0,
    keys: () => [key.published],
    issuer: ISSUER,
    audience: AUDIENCE,
    clock: () => bank.clock,
  })
  const ask = async (
    path: string,
    { method = 'GET', claims = {}, statements, form, body, headers }: AskOptions = {},
  ) => {
    const seconds = Math.floor(bank.clock.epochMilliseconds / 1000)
    const times = { iat: seconds, exp: seconds + 60 }
    const tokens = statements ?? [await key.sign(carolClaims({ ...times, ...claims }))]
    const sent = body ?? (form && new URLSearchParams(form).toString())
    const type = sent === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }
    return send(url + path, method, [...tokens], { 'sec-fetch-site': 'same-origin', ...type, ...headers }, sent)
  }
  const token = async (claims: Claims = {}) => {
    const { body } = await ask('/transfer', { claims })
    return /name="token" value="([\w-]{43})"/.exec(body)?.[1] ?? ''
  }
  return {
    key,
    url,
    get clock() {
      return bank.clock
    },
    set clock(instant) {
      bank.clock = instant
    },
    ask,
    token,
    async order(more = {}, claims = {}) {
      const form = { ...TRANSFER, token: await token(claims), ...more }
      return confirmationIn(await ask('/transfer', { method: 'POST', form, claims }))
    },
    async balance(claims = {}) {
      const { body } = await ask('/accounts/current', { claims })
      const [, minus, euros = ''] = /<dt>Balance<\/dt><dd>(\u2212?)€([\d,.]+)</.exec(body) ?? []
      return Math.round(Number(euros.replaceAll(',', '')) * 100) * (minus ? -1 : 1)
    },
    [Symbol.asyncDispose]: close,
  }
}

/** Where an answer sends to be confirmed, read as a browser and the page there do. */
export function confirmationIn({ status, headers }: Answer): Confirmation {
  const url = new URL(String(headers['location']), ISSUER)
  if (status !== 303 || url.pathname !== '/login/confirm') throw new Error(`${status} to ${url.href}`)
  const matter = JSON.parse(Buffer.from(url.searchParams.get('matter') ?? '', 'base64url').toString())
  return { matter, to: url.searchParams.get('to') ?? '' }
}

function send(
  url: string,
  method: string,
  statements: string[],
  headers: Readonly<Record<string, string>>,
  body: string | undefined,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const all = { ...headers, ...(statements.length > 0 && { 'Countersign-Assertion': statements }) }
    const request = httpRequest(url, { method, headers: all, agent: false }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString(),
        }),
      )
    })
    request.on('error', reject)
    request.end(body)
  })
}
