// Messages for the tests of OpenPGP: sources and spools in memory, and the entities of what a sealer writes.
import type { Entity, OpenContext, SealedEntity, Source, Spool } from '@countersign/protocol'

export const NOW: Temporal.Instant = Temporal.Instant.from('2026-11-27T12:00:00Z')

/** A source of octets in memory, in pieces of an awkward size. */
export function sourceOf(octets: Uint8Array, pieceOctets = 4099): Source {
  return {
    length: octets.length,
    async *read(start, end) {
      for (let at = start; at < end; at += pieceOctets) yield octets.subarray(at, Math.min(at + pieceOctets, end))
    },
  }
}

/** Counts the spools that were made and given up again, so that a test sees that nothing is left. */
export interface Spools {
  made: number
  disposed: number
  written: number
}

export function spoolsOf(counts: Spools): () => Spool {
  return () => {
    counts.made++
    const parts: Uint8Array[] = []
    return {
      async write(octets) {
        counts.written += octets.length
        parts.push(octets.slice())
      },
      async source() {
        return sourceOf(Buffer.concat(parts))
      },
      async [Symbol.asyncDispose]() {
        counts.disposed++
      },
    }
  }
}

export function contextAt(
  now: Temporal.Instant = NOW,
  counts: Spools = { made: 0, disposed: 0, written: 0 },
): OpenContext {
  return { now, spool: spoolsOf(counts) }
}

export async function textOf(source: Source, start = 0, end = source.length): Promise<string> {
  return Buffer.concat(await Array.fromAsync(source.read(start, end))).toString('latin1')
}

export async function* streamOf(text: string | Uint8Array, pieceOctets = 1000): AsyncGenerator<Uint8Array> {
  const octets = Buffer.from(text as string)
  for (let at = 0; at < octets.length; at += pieceOctets) yield octets.subarray(at, at + pieceOctets)
}

/** What a sealer has written, as octets. */
export async function writtenOf({ fields, body }: SealedEntity): Promise<Buffer> {
  return Buffer.concat([Buffer.from(`${fields.join('')}\r\n`), ...(await Array.fromAsync(body))])
}

/** A multipart of two parts, and their places; the reader of `mail` is not of this package. Only for what tests wrote. */
export function entityOf(octets: Uint8Array): { readonly entity: Entity; readonly source: Source } {
  const text = Buffer.from(octets).toString('latin1')
  return { entity: readEntity(text, 0, text.length), source: sourceOf(octets) }
}

function readEntity(text: string, start: number, end: number): Entity {
  const bodyStart = text.startsWith('\r\n', start) ? start + 2 : text.indexOf('\r\n\r\n', start) + 4
  const header = text.slice(start, bodyStart).replace(/\r\n[ \t]/g, ' ')
  const value = /^content-type: *(.*)$/im.exec(header)?.[1]?.trim() ?? 'text/plain'
  const [type = '', ...rest] = value.split(';')
  const parameters = new Map(
    rest.map((each) => {
      const [name = '', text = ''] = each.trim().split(/=(.*)/s)
      return [name.toLowerCase(), text.replace(/^"(.*)"$/, '$1')] as const
    }),
  )
  const transferEncoding = /^content-transfer-encoding: *(\S+)$/im.exec(header)?.[1] ?? '7bit'
  const boundary = parameters.get('boundary')
  const parts: Entity[] = []
  let hasOutsiders = false
  if (boundary !== undefined) {
    const delimiter = `\r\n--${boundary}`
    const body = text.slice(bodyStart - 2, end)
    const pieces = body.split(delimiter)
    hasOutsiders = pieces[0]?.trim() !== '' || pieces.at(-1)?.replace(/^--/, '').trim() !== ''
    let at = bodyStart - 2 + (pieces[0]?.length ?? 0)
    for (const piece of pieces.slice(1, -1)) {
      const partStart = at + delimiter.length + 2
      const partEnd = at + delimiter.length + piece.length
      parts.push(readEntity(text, partStart, partEnd))
      at = partEnd
    }
  }
  return {
    fields: [],
    contentType: { type: type.trim().toLowerCase(), parameters },
    transferEncoding: transferEncoding as Entity['transferEncoding'],
    start,
    bodyStart,
    end,
    parts,
    hasOutsiders,
  }
}
