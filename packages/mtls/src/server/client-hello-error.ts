import type { RefusalCode } from '@countersign/protocol'

/** Why octets are not a ClientHello that we read. A released code keeps its meaning and is never reused. */
export const CLIENT_HELLO_ERRORS = {
  ERR_CLIENT_HELLO_RECORD_TYPE: ['RFC 9846 §5.1', 'the first octets are not a handshake record'],
  ERR_CLIENT_HELLO_RECORD_LENGTH: ['RFC 9846 §5.1', 'a record is empty or longer than 16,384 octets'],
  ERR_CLIENT_HELLO_MESSAGE_TYPE: ['RFC 9846 §4', 'the first handshake message is not a ClientHello'],
  ERR_CLIENT_HELLO_ALIGNMENT: ['RFC 9846 §5.1', 'the ClientHello does not end where its record ends'],
  ERR_CLIENT_HELLO_LENGTH: ['RFC 9846 §3.4', 'a length in the ClientHello does not fit'],
  ERR_CLIENT_HELLO_DUPLICATE: ['RFC 9846 §4.3', 'an extension is there twice'],
  ERR_CLIENT_HELLO_SERVER_NAME: ['RFC 6066 §3', 'the server name is not one host name'],
  ERR_CLIENT_HELLO_LIMIT: ['local limit', 'the ClientHello is larger or in more pieces than we read'],
} as const
export type ClientHelloErrorCode = keyof typeof CLIENT_HELLO_ERRORS

/** Why a ClientHello cannot be read. */
export class ClientHelloError extends Error {
  override readonly name = 'ClientHelloError'
  readonly code: ClientHelloErrorCode
  /** How the meeting is refused for it. */
  readonly refusal: RefusalCode

  constructor(code: ClientHelloErrorCode) {
    const [clause, text] = CLIENT_HELLO_ERRORS[code]
    super(`${text} (${clause})`)
    this.code = code
    this.refusal = code === 'ERR_CLIENT_HELLO_LIMIT' ? 'ERR_GATE_CLIENT_HELLO_LIMIT' : 'ERR_GATE_NOT_TLS'
  }
}
