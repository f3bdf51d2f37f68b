// The first message of TLS, read before TLS itself sees it: RFC 9846 §5.1 records around a §4.2.2 ClientHello. Sans-I/O.
import { ClientHelloError } from './client-hello-error.ts'
import { type ClientHello, readClientHello } from './client-hello-message.ts'
import { GrowingOctets } from './growing-octets.ts'

/** Reads one ClientHello as its octets arrive. */
export interface ClientHelloReader {
  /**
   * Takes what arrived next; chunks may be cut anywhere. Answers the hello as soon as it is whole, until then nothing.
   * @throws {ClientHelloError} as soon as the octets cannot become a ClientHello within the budget.
   */
  push(chunk: Uint8Array): ClientHello | undefined
  /** All octets taken so far, what follows the hello included: TLS must be given every one of them. */
  octets(): Uint8Array
}

const HANDSHAKE = 22
const CLIENT_HELLO = 1
const RECORD_HEADER = 5
const MESSAGE_HEADER = 4
// RFC 9846 §5.1: "The length MUST NOT exceed 2^14 bytes."
const MAX_FRAGMENT = 16_384
// Hybrid key shares (1.2 kB) and a ticket around an ML-DSA-87 certificate (7.4 kB) stay far below; OpenSSL reads 131,396.
const MAX_BODY = 65_536
// 5 records hold the largest hello; clients that hide the server name from filters cut it into dozens.
const MAX_RECORDS = 1024

/** Starts to read. One reader serves one connection. */
export function createClientHelloReader(): ClientHelloReader {
  const stream = new GrowingOctets()
  const message = new GrowingOctets()
  let recordStart = 0
  let records = 0

  /** Moves one whole record's fragment into the message; false where it is not whole yet. */
  const takeRecord = (): boolean => {
    const record = stream.view().subarray(recordStart)
    if (record.length > 0 && record[0] !== HANDSHAKE) throw new ClientHelloError('ERR_CLIENT_HELLO_RECORD_TYPE')
    if (record.length < RECORD_HEADER) return false
    const length = numberAt(record, 3, 2)
    if (length === 0 || length > MAX_FRAGMENT) throw new ClientHelloError('ERR_CLIENT_HELLO_RECORD_LENGTH')
    const end = RECORD_HEADER + length
    if (records === 0) checkStart(record.subarray(RECORD_HEADER, end))
    if (record.length < end) return false
    if (++records > MAX_RECORDS) throw new ClientHelloError('ERR_CLIENT_HELLO_LIMIT')
    message.append(record.subarray(RECORD_HEADER, end))
    recordStart += end
    return true
  }

  return {
    octets: () => stream.view(),
    push(chunk) {
      stream.append(chunk)
      while (takeRecord()) {
        const read = message.view()
        checkStart(read)
        if (read.length < MESSAGE_HEADER) continue
        const end = MESSAGE_HEADER + numberAt(read, 1, 3)
        // §5.1: a ClientHello can precede a key change, so it is "in alignment with a record boundary".
        if (read.length > end) throw new ClientHelloError('ERR_CLIENT_HELLO_ALIGNMENT')
        if (read.length === end) return readClientHello(read.subarray(MESSAGE_HEADER))
      }
      return undefined
    },
  }
}

/** Refuses a message at its first octets, before the rest is waited for. */
function checkStart(start: Uint8Array): void {
  if (start.length > 0 && start[0] !== CLIENT_HELLO) throw new ClientHelloError('ERR_CLIENT_HELLO_MESSAGE_TYPE')
  if (start.length >= MESSAGE_HEADER && numberAt(start, 1, 3) > MAX_BODY)
    throw new ClientHelloError('ERR_CLIENT_HELLO_LIMIT')
}

function numberAt(octets: Uint8Array, at: number, count: number): number {
  return octets.subarray(at, at + count).reduce((value, octet) => value * 256 + octet, 0)
}
