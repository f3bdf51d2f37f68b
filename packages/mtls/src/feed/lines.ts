// JSON, one value to a line, both ways over a connection.

import type { Duplex } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'
import type { Json } from '@countersign/protocol'

/** Why a connection of lines ended by our own act. */
export class LineError extends Error {
  override readonly name = 'LineError'
}

/** What is read from and written to. */
export interface LineOptions {
  /** Longest line, in characters, that is taken. */
  readonly maxCharacters: number
  /** Most octets that may wait for a reader that does not read; beyond it the connection ends. */
  readonly maxWaitingOctets: number
  /** One value, in order. What it throws ends the connection. */
  onValue(value: unknown): void
  /** Once, however it ended. */
  onEnd(error: Error | undefined): void
}

/** The near end. */
export interface Lines {
  /** Written, and not yet taken by the connection. */
  readonly unreadOctets: number
  send(value: Json): void
  end(error?: Error): void
}

/** Takes `socket` over. */
export function openLines(socket: Duplex, options: LineOptions): Lines {
  const decoder = new StringDecoder('utf8')
  let parts: string[] = []
  let length = 0
  let over = false

  const end = (error?: Error) => {
    if (over) return
    over = true
    socket.destroy()
    options.onEnd(error)
  }
  const take = (line: string) => {
    if (line.trim() === '') return
    options.onValue(JSON.parse(line))
  }
  socket.on('data', (chunk: Buffer) => {
    if (over) return
    try {
      const [first = '', ...rest] = decoder.write(chunk).split('\n')
      parts.push(first)
      length += first.length
      if (length > options.maxCharacters) throw new LineError('a line is too long')
      for (const next of rest) {
        const line = parts.join('')
        parts = [next]
        length = next.length
        take(line)
        if (over) return
      }
    } catch (error) {
      end(error instanceof SyntaxError ? new LineError('a line is no JSON', { cause: error }) : toError(error))
    }
  })
  socket
    .once('error', (error) => end(error))
    .once('end', () => end())
    .once('close', () => end())
  return {
    get unreadOctets() {
      return socket.writableLength
    },
    end,
    send(value) {
      if (over) return
      socket.write(`${JSON.stringify(value)}\n`)
      if (socket.writableLength > options.maxWaitingOctets) end(new LineError('the other side does not read'))
    },
  }
}

function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown))
}
