// One stream of HTTP/2 as an exchange.
import type { Http2Fields, ServerHttp2Stream } from '@countersign/mtls'
import type { Exchange } from './exchange.ts'

/** @param raw Names and values in turn, pseudo-fields first, as Node gives them beside the joined `headers`. */
export function exchangeOf(stream: ServerHttp2Stream, headers: Http2Fields, raw: readonly string[]): Exchange {
  const tally = { status: 0, octetsIn: 0, octetsOut: 0 }
  return {
    tally,
    head: {
      version: '2.0',
      method: headers[':method'] ?? '',
      target: headers[':path'] ?? '',
      scheme: headers[':scheme'],
      authority: headers[':authority'],
      fields: fieldsOf(raw, headers.cookie),
      headers,
      hasBody: !stream.endAfterHeaders,
    },
    body: stream,
    out: stream,
    get isWhole() {
      return !stream.aborted
    },
    get begun() {
      return stream.headersSent
    },
    get queued() {
      return stream.session?.socket.writableLength ?? 0
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
    // Streams are framed apart: one that was read wrongly says nothing about the next.
    distrust: () => undefined,
  }
}

/** RFC 9113 §8.2.3: cookies that came apart "MUST be concatenated into a single octet string" before they go on by HTTP/1. */
function fieldsOf(raw: readonly string[], cookie: string | undefined): string[] {
  const fields: string[] = []
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] ?? ''
    if (!name.startsWith(':') && name !== 'cookie') fields.push(name, raw[i + 1] ?? '')
  }
  if (cookie !== undefined) fields.push('cookie', cookie)
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

/** What a head weighs in HTTP/1, by which it is limited in both versions. */
export function octetsOf(fields: readonly string[]): number {
  return fields.reduce((octets, part) => octets + part.length + 2, 0)
}
