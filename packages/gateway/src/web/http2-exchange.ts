// One stream of HTTP/2 as an exchange.
import { hash, randomBytes } from 'node:crypto'
import type { Http2Fields, ServerHttp2Stream } from '@countersign/mtls'
import type { Exchange } from './exchange.ts'

const NOTHING = new Uint8Array()

/** @param raw Names and values in turn, pseudo-fields first, as Node gives them beside the joined `headers`. */
export function exchangeOf(stream: ServerHttp2Stream, headers: Http2Fields, raw: readonly string[]): Exchange {
  const tally = { status: 0, octetsIn: 0, octetsOut: 0 }
  const method = headers[':method'] ?? ''
  const protocol = protocolOf(headers)
  const key = method === 'CONNECT' && protocol === 'websocket' ? randomBytes(16).toString('base64') : undefined
  return {
    tally,
    head: {
      version: '2.0',
      method,
      target: headers[':path'] ?? '',
      scheme: headers[':scheme'],
      authority: headers[':authority'],
      protocol,
      fields: fieldsOf(raw, headers.cookie, key),
      headers,
      // What follows an opening handshake is no content.
      hasBody: key === undefined && !stream.endAfterHeaders,
    },
    body: stream,
    out: stream,
    get isWhole() {
      return !stream.aborted
    },
    get begun() {
      return stream.headersSent
    },
    inform(status, fields) {
      if (!stream.closed) stream.additionalHeaders({ ...joined(fields), ':status': status })
    },
    begin(status, fields) {
      if (stream.closed) return
      tally.status = status
      // What has a length cannot have trailers: RFC 9110 §6.5.
      const waitForTrailers = !fields.some((name, i) => i % 2 === 0 && name.toLowerCase() === 'content-length')
      stream.respond([':status', String(status), ...fields], { waitForTrailers })
    },
    end(trailers) {
      if (stream.closed) return
      // Node asks once for those that were announced, also where none came.
      stream.once('wantTrailers', () => stream.sendTrailers(joined(trailers.flat())))
      stream.end()
    },
    cut: () => stream.destroy(new Error('it is not allowed any more')),
    ...(key !== undefined && {
      tunnel: {
        accept: acceptOf(key),
        open(fields) {
          tally.status = 200
          stream.respond([':status', '200', ...withoutAccept(fields)])
          return { near: stream, octets: NOTHING }
        },
      },
    }),
    // Streams are framed apart: one that was read wrongly says nothing about the next.
    distrust: () => undefined,
  }
}

/** RFC 8441 §4: "single valued"; Node's types do not know it. */
function protocolOf(headers: Http2Fields): string | undefined {
  const protocol: unknown = headers[':protocol']
  return typeof protocol === 'string' ? protocol : undefined
}

/** RFC 6455 §4.2.2 (5.4) */
function acceptOf(key: string): string {
  return hash('sha1', `${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`, 'base64')
}

/** RFC 8441 §5: what HTTP/2 has no use for. */
function withoutAccept(fields: readonly string[]): string[] {
  return fields.filter((_, i) => fields[i - (i % 2)]?.toLowerCase() !== 'sec-websocket-accept')
}

/**
 * RFC 9113 §8.2.3: cookies that came apart "MUST be concatenated into a single octet string" before they go on by HTTP/1.
 * @param key Of an opening handshake, in place of one that the caller wrote: RFC 8441 §5 has none in HTTP/2.
 */
function fieldsOf(raw: readonly string[], cookie: string | undefined, key: string | undefined): string[] {
  const fields: string[] = []
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] ?? ''
    if (name.startsWith(':') || name === 'cookie' || (key !== undefined && name === 'sec-websocket-key')) continue
    fields.push(name, raw[i + 1] ?? '')
  }
  if (cookie !== undefined) fields.push('cookie', cookie)
  if (key !== undefined) fields.push('sec-websocket-key', key)
  return fields
}

/** As Node takes fields where it takes no list: copies beside each other under one name. */
function joined(fields: readonly string[]): Record<string, string[]> {
  const table: Record<string, string[]> = Object.create(null)
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = (fields[i] ?? '').toLowerCase()
    table[name] = [...(table[name] ?? []), fields[i + 1] ?? '']
  }
  return table
}
