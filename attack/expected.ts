// What each attack must come to, written before a door is run: what the attacker sees, and what the door records with the step.
// `closed` stands only where the protocol can carry nothing: behind a TCP door there are no words for a refusal.
import { EXPECTED_OF_HTTP } from './expected-http.ts'
import type { Expected, Row } from './model.ts'

/** A web door tells the code that it records; a TCP door closes. */
const refused = (code: string, step: number, how = ''): Row => ({
  web: [code, `${code}, step ${step}${how}`],
  tcp: ['closed', `${code}, step ${step}${how}`],
})

const both = (...expected: Expected): Row => ({ web: expected, tcp: expected })

const OLD: Row = both('alert protocol_version', 'ERR_GATE_TLS_VERSION, step 1')

const STILL_REVOKED: Row = { house: ['ERR_CALLER_REVOKED', 'ERR_CALLER_REVOKED, step 5'] }
/** DESIGN: "at reload the old set stays, and an alarm is raised". */
const stays = (code: string): Row => ({
  house: ['ERR_CALLER_REVOKED', `ERR_CALLER_REVOKED, step 5; the operator is told ${code}`],
})

const LEAVES_NOTHING: Row = { house: ['all are refused', 'nothing is left'] }

/** Attack, way, and a row for each kind of door that it applies to. */
export const EXPECTED: Readonly<Record<string, Readonly<Record<string, Row>>>> = {
  'a session of another door': {
    // Judged anew in a full handshake: no `resumed` in the record.
    'TLS 1.3, with the certificate': both('passed', 'accepted'),
    'TLS 1.3, without a certificate': refused('ERR_CALLER_NO_CERTIFICATE', 4),
    'TLS 1.3, with another certificate': refused('ERR_CALLER_NOT_ALLOWED', 5),
    'TLS 1.2, with the certificate': both('alert protocol_version', 'ERR_GATE_TLS_VERSION, step 1'),
    'TLS 1.2, without a certificate': both('alert protocol_version', 'ERR_GATE_TLS_VERSION, step 1'),
    'TLS 1.2, with another certificate': both('alert protocol_version', 'ERR_GATE_TLS_VERSION, step 1'),
    'of a name that asks nobody, at its guarded name': {
      web: ['ERR_CALLER_NO_CERTIFICATE', 'ERR_CALLER_NO_CERTIFICATE, step 4'],
    },
    'of a name that asks nobody, at its guarded name, with another certificate': {
      web: ['ERR_CALLER_NOT_ALLOWED', 'ERR_CALLER_NOT_ALLOWED, step 5'],
    },
  },
  'a revoked certificate': {
    'with a ticket from before': refused('ERR_CALLER_REVOKED', 5, ', resumed'),
    'with a ticket from before, at a second process of the same ticket keys': refused(
      'ERR_CALLER_REVOKED',
      5,
      ', resumed',
    ),
    'in a new meeting': refused('ERR_CALLER_REVOKED', 5),
    // The meeting was accepted when it was held; the receipt has the cut.
    'on an idle connection': both('cut', 'accepted'),
    'in a request that is under way': { web: ['cut', 'accepted'] },
    'in a WebSocket': { web: ['cut', 'accepted'] },
    'in a download that it reads slowly': both('cut', 'accepted'),
    'in a download over HTTP/2': { web: ['cut', 'accepted'] },
    'in a TCP session': { tcp: ['cut', 'accepted'] },
  },
  'an impostor of a door': {
    // Counted in octets on the wire: fewer left than the certificate has.
    'of another root': { client: ['no certificate', 'ERR_CALLEE_UNKNOWN_ISSUER, step 3'] },
    'of another name': { client: ['no certificate', 'ERR_CALLEE_WRONG_NAME, step 3'] },
    'with the certificate of a caller': { client: ['no certificate', 'ERR_CALLEE_WRONG_PURPOSE, step 3'] },
  },
  'slow and half-open connections': {
    // Without a whole ClientHello there is no reference: the door records one of its own making.
    'half a ClientHello': both('closed', 'none'),
    'a ClientHello octet by octet': both('closed', 'none'),
    // The door has presented itself, and the caller has not verified it.
    'a ClientHello, and nothing after': both('closed', 'ERR_GATE_TIMEOUT, step 3'),
    'a request head line by line': { web: ['ERR_DOOR_TIMEOUT', 'accepted'] },
    'twenty request bodies octet by octet, and somebody else meanwhile': { web: ['passed', 'accepted'] },
  },
  'a trust file that cannot be used': {
    // DESIGN, exit codes: 3 is bad input, and says which file.
    missing: { house: ['no door', 'exit 3, ERR_TRUST_FILE_MISSING, names the file'] },
    empty: { house: ['no door', 'exit 3, ERR_TRUST_FILE_EMPTY, names the file'] },
    malformed: { house: ['no door', 'exit 3, ERR_TRUST_FILE_MALFORMED, names the file'] },
    'a certificate cut short': { house: ['no door', 'exit 3, ERR_TRUST_FILE_MALFORMED, names the file'] },
    unreadable: { house: ['no door', 'exit 3, ERR_TRUST_FILE_UNREADABLE, names the file'] },
  },
  'a revocation list that fails': {
    'missing, while the door stands': stays('ERR_TRUST_FILE_MISSING'),
    'empty, while the door stands': stays('ERR_TRUST_FILE_EMPTY'),
    'malformed, while the door stands': stays('ERR_TRUST_FILE_MALFORMED'),
    'unreadable, while the door stands': stays('ERR_TRUST_FILE_UNREADABLE'),
    'an older one in its place': stays('ERR_TRUST_FILE_MALFORMED'),
    'one of another key in its place': stays('ERR_TRUST_FILE_MALFORMED'),
    'its authority’s certificate missing, while the door stands': stays('ERR_TRUST_FILE_MISSING'),
    'its authority’s certificate empty, while the door stands': stays('ERR_TRUST_FILE_EMPTY'),
    'its authority’s certificate of somebody else, while the door stands': stays('trust.changed'),
    'run out, revocation: require': {
      house: ['ERR_CALLER_STATUS_UNKNOWN', 'ERR_CALLER_STATUS_UNKNOWN, step 5'],
    },
    // RFC 5280 §5.1.2.5 gives a list no end of what it has said; §5.3.1 alone takes a `certificateHold` back.
    'run out, with the caller on it, revocation: prefer': STILL_REVOKED,
  },
  'a feed that goes silent': {
    'revoked before, while the lists last': refused('ERR_CALLER_REVOKED', 5),
    // What was announced and stands on no list yet was kept.
    'revoked before, at a door that starts anew': refused('ERR_CALLER_REVOKED', 5),
    'revoked before, lists run out, revocation: require': refused('ERR_CALLER_REVOKED', 5),
    'revoked before, lists run out, revocation: prefer': refused('ERR_CALLER_REVOKED', 5),
    // DESIGN §6: doors "go on when the authority is away, and say how long they can". So long, nobody can know.
    'revoked since, while the lists last': both('passed', 'accepted'),
    'revoked since, lists run out, revocation: require': refused('ERR_CALLER_STATUS_UNKNOWN', 5),
    // What `prefer` means: who cannot live with that says `require`, as every door does unless it is told otherwise.
    'revoked since, lists run out, revocation: prefer': both('passed', 'accepted'),
    'never revoked, lists run out, revocation: require': refused('ERR_CALLER_STATUS_UNKNOWN', 5),
  },
  'a program that throws': {
    'where it decides': { house: ['ERR_GATE_FAULT', 'serves the next'] },
    // Nobody is in who is in no record.
    'where it records': { house: ['closed', 'serves the next'] },
    'where it logs': { house: ['ERR_GATE_FAULT', 'serves the next'] },
    'where it tells the time': { house: ['closed', 'serves the next'] },
    'where it takes the caller': { house: ['closed', 'serves the next'] },
    'where it tells a refusal': { house: ['closed', 'serves the next'] },
    'where it gives its identity': { house: ['closed', 'serves the next'] },
  },
  'old TLS': {
    'TLS 1.0': OLD,
    'TLS 1.1': OLD,
    'TLS 1.2': OLD,
    'renegotiation in TLS 1.2': OLD,
    'TLS 1.2 with signatures by SHA-1': OLD,
    'TLS 1.2 without a certificate and without encryption': OLD,
    // Its ticket allows no early data; the meeting itself is one like any other.
    '0-RTT': both('passed', 'accepted, resumed'),
  },
  'odd ClientHellos': {
    'in records of 16 octets': refused('ERR_CALLER_NO_CERTIFICATE', 4),
    'in segments of 7 octets': refused('ERR_CALLER_NO_CERTIFICATE', 4),
    'in records and segments': refused('ERR_CALLER_NO_CERTIFICATE', 4),
    'without a server name': refused('ERR_CALLER_NO_CERTIFICATE', 4),
    'in odd case': refused('ERR_CALLER_NO_CERTIFICATE', 4),
    'of another name': refused('ERR_CALLER_NO_CERTIFICATE', 4),
    'with a long name': refused('ERR_CALLER_NO_CERTIFICATE', 4),
    // RFC 6066 §3: "represented as a byte string using ASCII encoding without a trailing dot".
    'with a trailing dot': both('alert decode_error', 'none'),
  },
  ...EXPECTED_OF_HTTP,
  'many refused handshakes': {
    'each with another certificate of an unknown authority': LEAVES_NOTHING,
    'without a certificate, each for another server name': LEAVES_NOTHING,
    'that break off as the door presents itself': LEAVES_NOTHING,
  },
  'crafted certificates': {
    'for servers alone': refused('ERR_CALLER_WRONG_PURPOSE', 5),
    'for signing code': refused('ERR_CALLER_WRONG_PURPOSE', 5),
    // X509-SVID §5.2 by docs/findings.md: what is no SPIFFE ID, or one of two, makes the path invalid.
    'a NUL in the name': refused('ERR_CALLER_INVALID_PATH', 5),
    'only a common name': refused('ERR_CALLER_NOT_ALLOWED', 5),
    'a wildcard as SPIFFE ID': refused('ERR_CALLER_INVALID_PATH', 5),
    'two SPIFFE IDs': refused('ERR_CALLER_INVALID_PATH', 5),
    'a look-alike name': refused('ERR_CALLER_INVALID_PATH', 5),
    'another trust domain': refused('ERR_CALLER_NOT_ALLOWED', 5),
    'alice in upper case': refused('ERR_CALLER_NOT_ALLOWED', 5),
    expired: refused('ERR_CALLER_EXPIRED', 5),
    'not valid yet': refused('ERR_CALLER_NOT_YET_VALID', 5),
    'from a root of its own': refused('ERR_CALLER_UNKNOWN_ISSUER', 5),
    'signed by itself': refused('ERR_CALLER_UNKNOWN_ISSUER', 5),
    'signed by another key in the name of the authority': refused('ERR_CALLER_BAD_SIGNATURE', 5),
    'from a party that signs as an authority': refused('ERR_CALLER_INVALID_PATH', 5),
    'from an authority below one that may have none': refused('ERR_CALLER_INVALID_PATH', 5),
    'from an authority that may not name alice': refused('ERR_CALLER_INVALID_PATH', 5),
    'an authority as a party': refused('ERR_CALLER_WRONG_PURPOSE', 5),
    'an RSA key of 1024 bits': refused('ERR_CALLER_WEAK', 5),
    'signed with SHA-1': refused('ERR_CALLER_WEAK', 5),
    'no certificate': refused('ERR_CALLER_NO_CERTIFICATE', 4),
    'not on the list': refused('ERR_CALLER_NOT_ALLOWED', 5),
  },
}

/** Rows that a door does not meet yet, and why that is wrong. A row that is met again must go from here. */
export const DEFECTS: Readonly<Record<string, string>> = {}
