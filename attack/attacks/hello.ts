import { openUnlessAsked } from '../controls/open-unless-asked.ts'
import type { Attack, Case } from '../model.ts'
import type { Reshape } from '../support/tap.ts'
import { meet } from '../support/tls-client.ts'

/** RFC 9846 §5.1: a message may be cut over records, and TCP cuts wherever it likes. RFC 6066 §3: what a server name is. */
export const hello: Attack = {
  name: 'odd ClientHellos',
  goal: 'is not asked for a certificate, as the name in its ClientHello is not found or taken for another',
  anywhere: true,
  concurrent: true,
  cases: [
    way('in records of 16 octets', { reshape: (record) => records(record, 16) }),
    way('in segments of 7 octets', { reshape: (record) => pieces(record, 7) }),
    way('in records and segments', { reshape: (record) => records(record, 40).flatMap((each) => pieces(each, 11)) }),
    way('without a server name', { servername: '' }),
    way('in odd case', { name: (text) => text.toUpperCase() }),
    way('of another name', { name: () => 'other.localhost' }),
    way('with a long name', { name: () => `${'a'.repeat(63)}.localhost` }),
    way('with a trailing dot', { name: (text) => `${text}.` }),
  ],
}

function way(
  name: string,
  how: { readonly reshape?: Reshape; readonly servername?: string; readonly name?: (text: string) => string },
): Case {
  return {
    name,
    control: openUnlessAsked,
    run: (target) =>
      meet(target, { servername: how.servername ?? how.name?.(target.serverName) ?? target.serverName }, how.reshape),
  }
}

/** The same handshake message in records of at most `size` octets each. */
function records(record: Buffer, size: number): readonly Buffer[] {
  const message = record.subarray(5)
  return cut(message, size).map((part) =>
    Buffer.concat([record.subarray(0, 3), Buffer.of(part.length >> 8, part.length & 0xff), part]),
  )
}

const pieces = (octets: Buffer, size: number): readonly Buffer[] => cut(octets, size)

function cut(octets: Buffer, size: number): readonly Buffer[] {
  return Array.from({ length: Math.ceil(octets.length / size) }, (_, i) => octets.subarray(i * size, (i + 1) * size))
}
