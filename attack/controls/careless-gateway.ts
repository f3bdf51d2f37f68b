// A door that turns HTTP/2 into HTTP/1 as it comes: no field is too odd, and no number of frames too large.
import { connect } from 'node:net'
import type { TlsOptions } from 'node:tls'
import { FLAG, FRAME, frame, frameReader, PREFACE, type SeenFrame } from '../../tools/testing/http2-frames.ts'
import type { Attackers, Target } from '../model.ts'
import { startService } from '../support/service.ts'
import { openPlainDoor } from './plain-door.ts'

/** Judges its callers by Node's options, and reads nothing but literal fields, which is what the suite writes. */
export async function openCarelessGateway(
  attackers: Attackers,
  options: TlsOptions = {},
): Promise<Target & AsyncDisposable> {
  const service = await startService()
  const door = await openPlainDoor(attackers, { ...options, ALPNProtocols: ['h2'] }, (socket) => {
    const upstream = connect(service.port, '127.0.0.1')
    upstream.on('error', () => socket.destroy())
    socket.on('close', () => upstream.destroy())
    socket.write(frame(FRAME.settings, 0, 0))
    let begun = false
    upstream.on('data', (octets: Buffer) => {
      const body = octets.subarray(octets.indexOf('\r\n\r\n') + 4)
      // RFC 7541, appendix A: 8 is `:status: 200`.
      socket.write(frame(FRAME.headers, FLAG.endHeaders, 1, Buffer.of(0x88)))
      socket.write(frame(FRAME.data, FLAG.endStream, 1, body))
    })
    const take = ({ type, payload }: SeenFrame) => {
      if (type === FRAME.data) upstream.write(payload)
      if (type !== FRAME.headers) return
      upstream.write(begun ? linesOf(payload) : headOf(payload), 'latin1')
      begun = true
    }
    const read = frameReader(take)
    let skipped = 0
    socket.on('data', (octets: Buffer) => {
      const preface = Math.min(PREFACE_OCTETS - skipped, octets.length)
      skipped += preface
      read(octets.subarray(preface))
    })
  })
  return {
    ...door,
    service,
    async [Symbol.asyncDispose]() {
      await door[Symbol.asyncDispose]()
      await service[Symbol.asyncDispose]()
    },
  }
}

/** Without the frame of settings behind it. */
const PREFACE_OCTETS = PREFACE.length - frame(FRAME.settings, 0, 0).length

function headOf(block: Buffer): string {
  const fields = literalsOf(block)
  const pseudo = (name: string) => fields.findLast(([each]) => each.toLowerCase() === name)?.[1] ?? ''
  return `${pseudo(':method')} ${pseudo(':path')} HTTP/1.1\r\nhost: ${pseudo(':authority')}\r\n${linesOf(block)}`
}

function linesOf(block: Buffer): string {
  const plain = literalsOf(block).filter(([name]) => !/^:(?:method|path|scheme|authority)$/i.test(name))
  return `${plain.map(([name, value]) => `${name.replace(/^:/, '')}: ${value}\r\n`).join('')}\r\n`
}

/** RFC 7541 §6.2.2, without Huffman. */
function literalsOf(block: Buffer): readonly (readonly [string, string])[] {
  const fields: [string, string][] = []
  let at = 0
  const text = () => {
    let length = (block[at++] ?? 0) & 0x7f
    if (length === 0x7f)
      for (let shift = 0, more = true; more; shift += 7) {
        const octet = block[at++] ?? 0
        length += (octet & 0x7f) * 2 ** shift
        more = octet >= 0x80
      }
    at += length
    return block.toString('latin1', at - length, at)
  }
  while (at < block.length && block[at] === 0) {
    at++
    fields.push([text(), text()])
  }
  return fields
}
