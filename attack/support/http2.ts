// One connection of HTTP/2, frame by frame, and what came of it.
import {
  FRAME,
  frameReader,
  headersFrame,
  PREFACE,
  requestFields,
  type SeenFrame,
} from '../../tools/testing/http2-frames.ts'
import type { Attempt, Target } from '../model.ts'
import { attemptOf, dial, presented } from './tls-client.ts'

/** Field names and values, pseudo-fields too. */
export type Fields = readonly (readonly [name: string, value: string])[]

/** RFC 9113 §7, those that are seen here. */
const ERROR_CODES: Readonly<Record<number, string>> = {
  0: 'NO_ERROR',
  1: 'PROTOCOL_ERROR',
  2: 'INTERNAL_ERROR',
  11: 'ENHANCE_YOUR_CALM',
}

/** A request whose pseudo-fields are as they should be, but for those that `fields` has too, and `without`. */
export function requestOf({ serverName }: Target, fields: Fields, flags?: number, without?: string): Buffer {
  const named = new Set([...fields.map(([name]) => name), without])
  const pseudo = requestFields('/open').map(([name, value]): [string, string] => [
    name,
    name === ':authority' ? serverName : value,
  ])
  const own = fields.filter(([name]) => name.startsWith(':'))
  const rest = fields.filter(([name]) => !name.startsWith(':'))
  return headersFrame(1, [...pseudo.filter(([name]) => !named.has(name)), ...own, ...rest], flags)
}

/** As alice, unless `identity` says otherwise. `peer` is a code of ours, `passed`, or how stream or connection ended. */
export async function sendFrames(
  target: Target,
  frames: readonly Buffer[],
  identity: Parameters<typeof dial>[1] = presented(target.attackers.alice, target.attackers.issuing),
  preface: Buffer = PREFACE,
): Promise<Attempt> {
  const { socket, over, reference } = await dial(target, { ...identity, ALPNProtocols: ['h2'] })
  socket.write(Buffer.concat([preface, ...frames]))
  const { said, error } = await over(300)
  const seen: SeenFrame[] = []
  frameReader((each) => seen.push(each))(Buffer.from(said, 'latin1'))
  const content = seen
    .flatMap(({ type, payload }) => (type === FRAME.data ? [payload.toString('latin1')] : []))
    .join('')
  const attempt = attemptOf(content, error, reference())
  return content === '' ? { ...attempt, peer: endOf(seen) ?? attempt.peer } : attempt
}

function endOf(seen: readonly SeenFrame[]): string | undefined {
  const named = (kind: number, at: number) => {
    const found = seen.find(({ type }) => type === kind)
    return found && (ERROR_CODES[found.payload.readUInt32BE(at)] ?? 'another code')
  }
  const reset = named(FRAME.reset, 0)
  if (reset !== undefined) return `reset, ${reset}`
  const goaway = named(FRAME.goaway, 4)
  return goaway && `goaway, ${goaway}`
}
