// Of expected.ts, what is said in HTTP to a web door.
import type { Row } from './model.ts'

/** The caller is who it is, and its request goes on without what it forged. */
const STRIPPED: Row = { web: ['passed', 'accepted'] }
/** The caller is who it is; its request is refused. */
const BROKEN: Row = { web: ['ERR_DOOR_REQUEST', 'accepted'] }
/** RFC 9113 §8.1.1: "Malformed requests or responses that are detected MUST be treated as a stream error of type PROTOCOL_ERROR". */
const MALFORMED: Row = { web: ['reset, PROTOCOL_ERROR', 'accepted'] }
/** RFC 9110 §15.5.20. */
const MISDIRECTED: Row = { web: ['ERR_DOOR_MISDIRECTED', 'accepted'] }
const atWeb = (code: string, step: number): Row => ({ web: [code, `${code}, step ${step}`] })
/** The proxy is met, and what it says is not: RFC 9440 §2.2. */
const UNREADABLE: Row = { web: ['ERR_DOOR_CLIENT_CERT', 'accepted'] }
/** RFC 9113 §10.5; whether the reason is read before the end of the connection is left to the network. */
const ENDED: Row = { web: ['ended', 'accepted'] }

/** Attack, way, and what a web door must make of it. */
export const EXPECTED_OF_HTTP: Readonly<Record<string, Readonly<Record<string, Row>>>> = {
  'forged identity headers': {
    'as the door writes it': STRIPPED,
    'in lower case': STRIPPED,
    'in mixed case': STRIPPED,
    'with an underscore': STRIPPED,
    'with underscores all over': STRIPPED,
    'with a dot': STRIPPED,
    twice: STRIPPED,
    'empty and then full': STRIPPED,
    'named as a connection option': STRIPPED,
    'as the chain': STRIPPED,
    'as Envoy writes it': STRIPPED,
    'as nginx recipes write it': STRIPPED,
    'as a user who signed in': STRIPPED,
    'as an address': STRIPPED,
    // RFC 9112 §5.1, §5.2, §2.2: refused, not repaired.
    'with a space before the colon': BROKEN,
    'behind a folded line': BROKEN,
    'behind a bare LF': BROKEN,
    'behind a bare CR': BROKEN,
    'as a trailer': STRIPPED,
  },
  'what a proxy says of its caller': {
    'a caller that is none, of another': STRIPPED,
    'a caller that is none, over HTTP/2': STRIPPED,
    // The door judges who says it before it reads what is said.
    'who is not let in, of one who is': atWeb('ERR_POLICY_NOT_ALLOWED', 5),
    'the name of the proxy, of another root': atWeb('ERR_CALLER_UNKNOWN_ISSUER', 5),
    'nobody, of one who is let in': atWeb('ERR_CALLER_NO_CERTIFICATE', 4),
    // The caller behind the proxy is judged like any other: a record of its own, by whose word it says.
    'the proxy, of nobody': atWeb('ERR_CALLER_NO_CERTIFICATE', 4),
    'the proxy, in another spelling': atWeb('ERR_CALLER_NO_CERTIFICATE', 4),
    'the proxy, of one whom the rules do not let in': atWeb('ERR_POLICY_NOT_ALLOWED', 5),
    'the proxy, of a name from another root': atWeb('ERR_CALLER_UNKNOWN_ISSUER', 5),
    'the proxy, of a certificate for servers': atWeb('ERR_CALLER_WRONG_PURPOSE', 5),
    'the proxy, of the authority': atWeb('ERR_CALLER_WRONG_PURPOSE', 5),
    'the proxy, of octets that are no certificate': atWeb('ERR_CALLER_MALFORMED', 5),
    'the proxy, of one who is revoked': atWeb('ERR_CALLER_REVOKED', 5),
    // RFC 9440 §2.2, RFC 9651 §3.3.5: what has another form is not read.
    'the proxy, twice': UNREADABLE,
    'the proxy, as a list': UNREADABLE,
    'the proxy, with a parameter': UNREADABLE,
    'the proxy, empty and then full': UNREADABLE,
    'the proxy, without colons': UNREADABLE,
    'the proxy, in the alphabet of URLs': UNREADABLE,
    'the proxy, without padding': UNREADABLE,
    'the proxy, as PEM in a URL': UNREADABLE,
    'the proxy, by a chain alone': UNREADABLE,
    'the proxy, by a chain without end': UNREADABLE,
    'the proxy, twice over HTTP/2': UNREADABLE,
  },
  'request smuggling': {
    'CL.TE': BROKEN,
    'TE.CL': BROKEN,
    'TE.TE, the second in disguise': BROKEN,
    'TE with a tab before the colon': BROKEN,
    'two different lengths': BROKEN,
    'a length with a sign': BROKEN,
    // The imitation is left out, and the request goes on without it.
    'a length with an underscore': STRIPPED,
    'a chunk length beyond 64 bits': BROKEN,
    // One request with a body, on both sides.
    'CL.0, in a GET': STRIPPED,
  },
  'HTTP/2 on its way to HTTP/1.1': {
    'the field as the door writes it': STRIPPED,
    'with underscores': STRIPPED,
    'in upper case': MALFORMED,
    'as a trailer': STRIPPED,
    'as a pseudo-field': MALFORMED,
    'as a connection option': MALFORMED,
    // Node leaves such a field out and goes on: docs/protocols/rfc9113.md, §8.2.1.
    'behind CR and LF in a value': STRIPPED,
    'behind LF in a value': STRIPPED,
    'behind CR and LF in a name': STRIPPED,
    'behind a colon in a name': STRIPPED,
    'behind CR and LF in the path': MALFORMED,
    'behind CR and LF in the method': MALFORMED,
    'behind CR and LF in the authority': MALFORMED,
    'a request within the path': MALFORMED,
    'a version within the path': MALFORMED,
    'a transfer coding': MALFORMED,
    'an upgrade': MALFORMED,
    'a connection that is kept': MALFORMED,
    'TE that is not trailers': MALFORMED,
    // RFC 9113 §5.4.1: "an endpoint MAY choose to treat a stream error as a connection error".
    'a length shorter than the body': { web: ['goaway, INTERNAL_ERROR', 'accepted'] },
    'a length longer than the body': MALFORMED,
    'two lengths': MALFORMED,
    'another Host than the authority': BROKEN,
    'two authorities': MALFORMED,
    // RFC 9113 §8.3.1: ":authority" is without user information, and ":path" begins with a slash and is not empty.
    'somebody else in the authority': MALFORMED,
    'no path': MALFORMED,
    'the path of a proxy': MALFORMED,
  },
  'a WebSocket over HTTP/2': {
    // RFC 9113 §3.4: "Clients and servers MUST treat an invalid connection preface as a connection error".
    'without SETTINGS': { web: ['goaway, PROTOCOL_ERROR', 'accepted'] },
    'before it is offered, with an identity': STRIPPED,
    'with a key of its own': STRIPPED,
    'to a service that rules give to nobody': atWeb('ERR_POLICY_NOT_ALLOWED', 5),
    'with the guarded name in :authority': MISDIRECTED,
    // RFC 9113 §8.3.1: whoever writes HTTP/2 "MUST use the ":authority" pseudo-header field".
    'with the guarded name in Host alone': MALFORMED,
    'with the guarded name in Host beside the open one': BROKEN,
    'with a connection that is upgraded': MALFORMED,
    'by another protocol': BROKEN,
    // RFC 8441 §4: with `:protocol`, the method is CONNECT, and `:scheme` and `:path` "MUST also be included".
    'by GET': MALFORMED,
    'without a path': MALFORMED,
    // RFC 9113 §8.5: a proxy opens such a tunnel, and a door is none.
    'to a port, as a proxy has it': BROKEN,
    'whose caller is revoked': { web: ['cut', 'accepted'] },
  },
  'another name on one connection': {
    'HTTP/1.1, the guarded name in Host': MISDIRECTED,
    'HTTP/1.1, in odd case and with a port': MISDIRECTED,
    'HTTP/1.1, in the target': MISDIRECTED,
    'HTTP/2, the guarded name in :authority': MISDIRECTED,
    'HTTP/2, in Host alone': MISDIRECTED,
    'a name that is nobody’s': MISDIRECTED,
  },
  'floods of HTTP/2': {
    'streams that are reset as they open': ENDED,
    'CONTINUATION without end': ENDED,
    SETTINGS: ENDED,
    PING: ENDED,
    PRIORITY: ENDED,
    'empty DATA': ENDED,
    'fields without end': ENDED,
  },
}
