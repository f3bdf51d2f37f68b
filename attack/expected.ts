// What each attack must come to, written before a door is run: what the attacker sees, and what the door records with the step.
// `closed` stands only where the protocol can carry nothing: behind a TCP door there are no words for a refusal.
import type { Expected, TargetKind } from './model.ts'

type Row = Readonly<Partial<Record<TargetKind, Expected>>>

/** A web door tells the code that it records; a TCP door closes. */
const refused = (code: string, step: number, how = ''): Row => ({
  web: [code, `${code}, step ${step}${how}`],
  tcp: ['closed', `${code}, step ${step}${how}`],
})

const both = (...expected: Expected): Row => ({ web: expected, tcp: expected })

/** Attack, way, and a row for each kind of door that it applies to. */
export const EXPECTED: Readonly<Record<string, Readonly<Record<string, Row>>>> = {
  'a session of another door': {
    // Judged anew in a full handshake: no `resumed` in the record.
    'TLS 1.3, with the certificate': both('passed', 'accepted'),
    'TLS 1.3, without a certificate': refused('ERR_CALLER_NO_CERTIFICATE', 4),
    'TLS 1.3, with another certificate': refused('ERR_CALLER_NOT_ALLOWED', 5),
    'TLS 1.2, with the certificate': both('alert protocol_version', 'ERR_GATE_TLS_VERSION, step 1'),
    'TLS 1.2, without a certificate': both('alert protocol_version', 'ERR_GATE_TLS_VERSION, step 1'),
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
export const DEFECTS: Readonly<Record<string, string>> = {
  'crafted certificates, another trust domain':
    'SPIFFE §3.1, X509-SVID §4: an authority vouches for its own trust domain alone; the gate takes the party of any trust domain below the anchor of the house',
}
