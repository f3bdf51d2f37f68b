// What a form sends: read within a budget, and believed only where the bank itself wrote the form for this session.
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Typed } from './pages.ts'
import type { Statement } from './statement.ts'

const MAX_OCTETS = 8192

/** Why a form is not taken. */
export type FormRefusal = 'type' | 'length' | 'twice' | 'origin' | 'token'

/** The tokens of forms: of a customer, on what the session is bound to, until the bank ends. */
export interface FormTokens {
  of(statement: Statement): string
  /** Reads a form of this session; the whole body is read, or the connection must be closed. */
  read(
    request: IncomingMessage,
    statement: Statement,
  ): Promise<{ readonly ok: true; readonly typed: Typed } | { readonly ok: false; readonly why: FormRefusal }>
}

/** Makes a key for tokens. The door's proofs stop forged requests first; a token does so once more, behind them. */
export function createFormTokens(): FormTokens {
  const key = randomBytes(32)
  const tokenOf = ({ customer, boundTo }: Statement) =>
    createHmac('sha256', key)
      .update(JSON.stringify([customer, boundTo]))
      .digest('base64url')
  return {
    of: tokenOf,
    async read(request, statement) {
      const { headers } = request
      const fails = (why: FormRefusal) => ({ ok: false, why }) as const
      // Browsers say whose page sent it. @see Fetch Metadata, Sec-Fetch-Site
      const site = headers['sec-fetch-site']
      if (site !== 'same-origin') return fails('origin')
      if (!/^application\/x-www-form-urlencoded\s*(?:;|$)/i.test(headers['content-type'] ?? '')) return fails('type')
      const body = await bodyOf(request)
      if (body === undefined) return fails('length')
      const fields = [...new URLSearchParams(body)]
      const typed: Typed = Object.fromEntries(fields)
      if (Object.keys(typed).length !== fields.length) return fails('twice')
      const [sent, own] = [typed['token'] ?? '', tokenOf(statement)].map((token) => Buffer.from(token))
      if (sent === undefined || own === undefined || sent.length !== own.length || !timingSafeEqual(sent, own))
        return fails('token')
      return { ok: true, typed }
    },
  }
}

async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let octets = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    octets += chunk.length
    if (octets > MAX_OCTETS) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}
