// Every way in which a door or the authority says no: one append-only table, from which types, pages and metrics are derived.
import type { Fault } from './identity.ts'
import { MAIL_REFUSALS } from './mail-refusals.ts'
import { MQTT_REFUSALS } from './mqtt-refusals.ts'
import { NEXT_STEPS } from './next-steps.ts'
import { PERSON_CAUSES, PERSON_REFUSALS } from './person-refusals.ts'
import { VPN_REFUSALS } from './vpn-refusals.ts'

/** What there is to know of a refusal code. */
export interface RefusalEntry {
  readonly clause: string
  readonly fault: Fault
  /** The step of the meeting that failed. */
  readonly step: 1 | 2 | 3 | 4 | 5 | 6
  /** What the refused party may read; it is spoken to. */
  readonly public: string
  /** The same for everybody, as the picture says it; `{name}` is who presented what is refused. */
  readonly cause: string
  /** What to do next, as an imperative. */
  readonly next: string
}

/** What can be wrong with a credential, said of whoever presented it, and what to do next. `{who}` becomes "your" or "the server's". */
const CREDENTIAL_CAUSES = {
  MALFORMED: ['RFC 5280 §4.1', '{who} certificate cannot be read', 'new'],
  UNKNOWN_ISSUER: ['RFC 5280 §6.1.1 (d)', '{who} certificate is from an authority that is not trusted here', 'other'],
  BAD_SIGNATURE: ['RFC 5280 §6.1.3 (a)(1)', '{who} certificate was not signed by the authority that it names', 'other'],
  EXPIRED: ['RFC 5280 §6.1.3 (a)(2)', '{who} certificate has expired', 'renew'],
  NOT_YET_VALID: ['RFC 5280 §6.1.3 (a)(2)', '{who} certificate is not valid yet', 'clock'],
  WRONG_PURPOSE: ['RFC 5280 §4.2.1.12', '{who} certificate is for another purpose', 'other'],
  INVALID_PATH: ['RFC 5280 §6.1', '{who} certificate does not lead to a trusted authority by the rules', 'new'],
  WEAK: ['local profile', '{who} certificate uses an algorithm or key that is too weak', 'new'],
  WRONG_NAME: ['RFC 9525 §6', '{who} certificate is for another name', 'name'],
  REVOKED: ['RFC 5280 §6.3.3', '{who} certificate was revoked', 'new'],
  STATUS_UNKNOWN: ['RFC 5280 §6.3.3', 'it is not known whether {who} certificate was revoked', 'status'],
  BUDGET: ['local limit', '{who} certificates take too much work to check', 'fewer'],
} as const
/** What can be wrong with a credential; each makes a code for callers and one for callees. */
export type CredentialCause = keyof typeof CREDENTIAL_CAUSES

/** What is said to everybody in other words than to the refused party. */
const OTHER_CAUSES: Readonly<Partial<Record<string, string>>> = {
  REVOKED: '{name} was revoked',
  ERR_CALLER_NOT_ALLOWED: '{name} is not on the list of this door',
  ERR_POLICY_NOT_ALLOWED: 'no rule lets {name} in here',
  ERR_POLICY_LOCKED: '{name} is locked out here',
  ERR_POLICY_PROOF: '{name} has shown less than the rule asks for',
  ERR_POLICY_HOURS: '{name} may not come in at this hour',
  ...PERSON_CAUSES,
}
const WHOSE = { caller: 'your', callee: "the server's" } as const

const OTHER_REFUSALS = {
  ERR_GATE_NOT_TLS: ['RFC 9846 §4.2.2', 'caller', 1, 'what arrived is not a TLS ClientHello', 'use https and TLS 1.3'],
  ERR_GATE_CLIENT_HELLO_LIMIT: ['local limit', 'caller', 1, 'the ClientHello is too large', 'use another TLS client'],
  ERR_GATE_TLS_VERSION: [
    'RFC 9846 §4.3.1',
    'caller',
    1,
    'TLS 1.3 is required here',
    'use a client that speaks TLS 1.3',
  ],
  ERR_GATE_TIMEOUT: ['local limit', 'caller', 1, 'the handshake took too long', 'try again on a better connection'],
  ERR_GATE_HANDSHAKE: ['RFC 9846 §6.2', 'caller', 3, 'the TLS handshake failed', 'see what the other side reported'],
  ERR_GATE_CALLER_LEFT: [
    'RFC 9846 §6',
    'caller',
    3,
    'the caller left before the handshake was complete',
    'see why the caller refused',
  ],
  ERR_GATE_BUSY: ['local limit', 'operator', 1, 'this door has too many handshakes under way', 'try again in a moment'],
  ERR_GATE_FAULT: [
    'local',
    'us',
    5,
    'this door failed in a way that it should not, so it refused',
    'report this with the reference; the log of the door has the cause',
  ],
  ERR_CALLER_NO_CERTIFICATE: [
    'RFC 9846 §4.5.1.3',
    'caller',
    4,
    'no client certificate was presented',
    'present the certificate that this authority issued to you',
  ],
  ERR_CALLER_NOT_ALLOWED: [
    'local policy',
    'caller',
    5,
    'you are who you say, and not on the list of this door',
    'ask its operator to allow you',
  ],
  ERR_POLICY_NOT_ALLOWED: [
    'local policy',
    'caller',
    5,
    'you are who you say, and no rule lets you in here',
    'ask the operator of this door for a rule, with the reference',
  ],
  ERR_POLICY_LOCKED: [
    'local policy',
    'caller',
    5,
    'you are locked out here',
    'ask the operator of this door, with the reference',
  ],
  ERR_POLICY_PROOF: [
    'local policy',
    'caller',
    5,
    'more proof is asked for here than you have shown',
    'prove yourself anew, by all that is asked for',
  ],
  ERR_POLICY_HOURS: [
    'local policy',
    'caller',
    5,
    'you may not come in at this hour',
    'come again within the hours of the rule; the operator of this door knows them',
  ],
  ERR_POLICY_CALLEE: [
    'local policy',
    'operator',
    5,
    'this door has not proved to you what your rule asks of it',
    'tell the operator of this door, with the reference',
  ],
  ERR_CALLER_REFUSED: ['RFC 9846 §6', 'caller', 5, 'the other side refused', 'ask it with the reference'],
  ERR_CALLEE_NO_CERTIFICATE: [
    'RFC 9846 §4.5.1',
    'callee',
    2,
    'the server presented no certificate',
    'do not go on; check the address',
  ],
  ERR_CALLEE_UNREACHABLE: [
    'local',
    'callee',
    1,
    'nobody answers at that address',
    'check the address and that the server runs',
  ],
  ERR_DOOR_UPSTREAM: [
    'RFC 9110 §15.6.3',
    'operator',
    6,
    'the service behind this door does not answer',
    'try again later, or tell the operator of this door',
  ],
  ERR_DOOR_UPSTREAM_TIMEOUT: [
    'RFC 9110 §15.6.5',
    'operator',
    6,
    'the service behind this door takes too long',
    'try again later, or tell the operator of this door',
  ],
  ERR_DOOR_REQUEST: ['RFC 9112 §3', 'caller', 6, 'the request cannot be read', 'send a well-formed HTTP request'],
  ERR_DOOR_MISDIRECTED: [
    'RFC 9110 §15.5.20',
    'caller',
    6,
    'this connection was made for another name than the request',
    'open a connection for the name that you ask for',
  ],
  ERR_DOOR_NO_ROUTE: ['RFC 9110 §15.5.5', 'caller', 6, 'this door has nothing at that address', 'check the address'],
  ERR_DOOR_WORKER: [
    'W3C Service Workers, Path restriction',
    'callee',
    6,
    'a service worker at the root of this site would answer for the pages of signing in too',
    'put the script of the worker into a directory of the service, as in /app/worker.js',
  ],
  ERR_DOOR_CLIENT_CERT: [
    'RFC 9440 §2.2',
    'operator',
    6,
    'what the proxy before this door says of its caller cannot be read',
    'tell the operator of the proxy: one Client-Cert, a Byte Sequence of DER, and Client-Cert-Chain only beside it',
  ],
  ERR_DOOR_BODY_LIMIT: [
    'RFC 9110 §15.5.14',
    'caller',
    6,
    'the body of the request is longer than this door carries',
    'send less at once',
  ],
  ERR_DOOR_UPSTREAM_BUSY: [
    'RFC 9110 §15.6.4',
    'operator',
    6,
    'the service behind this door has as much to do as it may have',
    'try again in a moment',
  ],
  ERR_DOOR_TIMEOUT: [
    'RFC 9110 §15.5.9',
    'caller',
    6,
    'the request took too long to arrive',
    'try again on a better connection',
  ],
  ERR_DOOR_LIMIT: ['local limit', 'caller', 6, 'the request is too large', 'send a smaller request'],
  ERR_DOOR_FLOOD: [
    'RFC 9113 §10.5',
    'caller',
    6,
    'too much was asked that leads nowhere: streams reset, pings or settings',
    'use a client that goes on more slowly',
  ],
  ERR_DOOR_DRAINING: ['local', 'operator', 6, 'this door is closing', 'try again in a moment'],
  ERR_SESSION_OVER: [
    'local policy',
    'caller',
    5,
    'the time that was allowed for this session is over',
    'connect again',
  ],
  ERR_SESSION_IDLE: [
    'local limit',
    'caller',
    6,
    'nothing was said for as long as this door allows',
    'connect again, and let your program send keepalives',
  ],
  ERR_SESSION_LIFETIME: [
    'local limit',
    'caller',
    6,
    'the session was open for as long as this door allows',
    'connect again',
  ],
  ERR_ENROLL_TOKEN_FORM: [
    'local',
    'caller',
    4,
    'this is not an enrollment token',
    'copy the whole token, or ask for a new invitation',
  ],
  ERR_ENROLL_TOKEN_UNKNOWN: ['local', 'caller', 4, 'this token is not known here', 'ask for a new invitation'],
  ERR_ENROLL_TOKEN_EXPIRED: ['local', 'caller', 4, 'this token has expired', 'ask for a new invitation'],
  ERR_ENROLL_TOKEN_SPENT: [
    'local',
    'caller',
    4,
    'this token was already used',
    'if it was not you, tell your administrator now; else ask for a new invitation',
  ],
  ERR_ENROLL_PROOF: [
    'RFC 9266 §4',
    'caller',
    4,
    'the proof does not fit this connection and this request',
    'enroll directly, not through another party',
  ],
  ERR_ENROLL_REQUEST: [
    'RFC 2986 §4',
    'caller',
    4,
    'the certification request cannot be read',
    'send a PKCS#10 request in DER',
  ],
  ERR_ENROLL_REQUEST_SIGNATURE: [
    'RFC 2986 §4.2',
    'caller',
    4,
    'the request is not signed by the key that it asks for',
    'sign the request with its own key',
  ],
  ERR_ENROLL_NAME: [
    'local policy',
    'caller',
    5,
    'the request asks for a name that the invitation does not give',
    'ask for the invited names only',
  ],
  ERR_ENROLL_NAME_MISSING: [
    'local profile',
    'operator',
    5,
    'the profile needs a name that was not granted',
    'invite again with that name, by --san, or for another profile',
  ],
  ERR_ENROLL_AUTHORITY: [
    'RFC 5280 §4.2.1.9',
    'caller',
    5,
    'the request asks to be an authority',
    'ask without basicConstraints, keyCertSign and cRLSign',
  ],
  ERR_ENROLL_PROFILE: [
    'local profile',
    'operator',
    5,
    'what was granted does not fit the profile',
    'invite again for another profile, or with other names',
  ],
  ERR_ENROLL_KEY: ['local profile', 'caller', 5, 'this kind of key is not accepted', 'use a P-256 key'],
  ERR_ENROLL_KEY_TAKEN: [
    'local policy',
    'caller',
    5,
    'this key belongs to another party or was revoked',
    'make a new key',
  ],
  ERR_ENROLL_PARTY_LOCKED: [
    'local policy',
    'caller',
    5,
    'this party may not get credentials now',
    'ask your administrator',
  ],
  ERR_ENROLL_TOO_OFTEN: [
    'local limit',
    'caller',
    5,
    'this party has renewed too often within the hour',
    'try again in an hour; if it was not you, tell your administrator now',
  ],
  ERR_ENROLL_NO_OPENPGP: [
    'local',
    'operator',
    5,
    'the authority has no OpenPGP, so it certifies no such key',
    'use S/MIME (countersign mail key), or ask the operator to install @countersign/openpgp where the authority runs',
  ],
  ERR_AUTHORITY_LINT: [
    'local profile',
    'us',
    5,
    'what would be signed breaks a rule',
    'report this with the reference',
  ],
  ERR_AUTHORITY_NO_ISSUER: ['local', 'operator', 5, 'no issuer can sign now', 'tell the operator of the authority'],
  ERR_AUTHORITY_STORE_FULL: [
    'local',
    'operator',
    5,
    'the authority has no room to record this, so it was not done',
    'free disk space in the data directory, then try again',
  ],
  ERR_AUTHORITY_STORE: [
    'local',
    'operator',
    5,
    'the authority cannot record this, so it was not done',
    'see the log of the authority',
  ],
  ERR_AUTHORITY_FAULT: [
    'local',
    'us',
    5,
    'the authority failed in a way that it should not, so this was not done',
    'report this with the reference; the log of the authority has the cause',
  ],
  ERR_AUTHORITY_NOT_READY: [
    'local',
    'authority',
    5,
    'the authority cannot do its work now',
    'wait; the log of the authority says more',
  ],
  ERR_AUTHORITY_KEY: [
    'local',
    'operator',
    5,
    'the key of the authority cannot be used now, so this was not done',
    'try again in a minute; the log of the authority has the cause',
  ],
  ERR_ADMIN_FORBIDDEN: [
    'local policy',
    'caller',
    5,
    'this needs an administrator',
    'use an administrator’s certificate, or the socket in the data directory',
  ],
  ERR_ADMIN_ROLE: ['local policy', 'caller', 5, 'your role does not permit this', 'ask an officer of this authority'],
  ERR_FEED_FORBIDDEN: [
    'local',
    'caller',
    5,
    'you are not a door of this authority',
    'enroll as a party whose name begins with door/, as in `countersign invite door/gate-1 --profile service`',
  ],
  ERR_ADMIN_REQUEST: ['local', 'caller', 5, 'the request does not have the expected form', 'correct the named field'],
  ERR_ADMIN_NOT_FOUND: ['local', 'caller', 5, 'nothing here has that name', 'see `countersign list`'],
  ERR_ADMIN_NO_MEETING: [
    'local',
    'caller',
    5,
    'no door of this authority recorded a meeting with that reference',
    'check the reference, and that the door belongs to this authority',
  ],
  ERR_ADMIN_CONFLICT: [
    'local',
    'caller',
    5,
    'this does not go with what is there already',
    'see what is there: `countersign list`, `countersign party list`, `countersign authority issuers`',
  ],
  ERR_ADMIN_BACKUP: ['local', 'operator', 5, 'no backup was made', 'correct what is named, then ask again'],
  ERR_ISSUER_KEY_ELSEWHERE: [
    'local',
    'operator',
    5,
    'the key that would sign is not here, or cannot be used',
    'bring the key back for this one command, or sign elsewhere: `countersign authority csr NAME`',
  ],
  ERR_ISSUER_STATE: [
    'local',
    'caller',
    5,
    'the issuer cannot go into that state now',
    'see `countersign authority issuers`, and docs/issuers.md for the order of steps',
  ],
  ERR_ISSUER_CERTIFICATE: [
    'RFC 5280 §6.1',
    'caller',
    5,
    'this is not what an issuer of this authority needs',
    'sign the request of `countersign authority csr NAME` as that of an authority, by a root that is known here',
  ],
  ERR_ISSUER_ROOT_UNKNOWN: [
    'RFC 5280 §6.1.1 (d)',
    'caller',
    5,
    'this root is not believed here yet',
    'compare the fingerprint with the place where the root was made, then import it with --root sha256:…',
  ],
  ERR_ADMIN_RELOAD: [
    'local',
    'operator',
    5,
    'the configuration was not put in force, and nothing was changed',
    'correct what is named, then `countersign reload` again; what needs a new start is in force after one',
  ],
  ERR_ADMIN_TOO_MANY: [
    'RFC 6585 §4',
    'caller',
    5,
    'too many follow the events already',
    'end one of them, or try again later',
  ],
  ERR_ADMIN_KEY_REUSED: [
    'draft-ietf-httpapi-idempotency-key-header-06 §2.7',
    'caller',
    5,
    'this idempotency key was given with another request',
    'make a new key for each act',
  ],
  ERR_ADMIN_KEY_RUNNING: [
    'draft-ietf-httpapi-idempotency-key-header-06 §2.7',
    'caller',
    5,
    'the request with this idempotency key is still being done',
    'ask again in a second, with the same key',
  ],
} as const

/** Why a meeting, an enrollment or a request was refused. */
export type RefusalCode =
  | keyof typeof OTHER_REFUSALS
  | keyof typeof PERSON_REFUSALS
  | keyof typeof MAIL_REFUSALS
  | keyof typeof MQTT_REFUSALS
  | keyof typeof VPN_REFUSALS
  | `ERR_CALLER_${CredentialCause}`
  | `ERR_CALLEE_${CredentialCause}`

/** Every refusal with its clause, the party at fault, the step, and what the refused party reads. */
export const REFUSALS: Readonly<Record<RefusalCode, RefusalEntry>> = makeRefusals()

function makeRefusals(): Record<RefusalCode, RefusalEntry> {
  const entries: [string, RefusalEntry][] = []
  const others: Record<
    string,
    readonly [clause: string, fault: Fault, step: RefusalEntry['step'], text: string, next: string]
  > = { ...OTHER_REFUSALS, ...PERSON_REFUSALS, ...MAIL_REFUSALS, ...MQTT_REFUSALS, ...VPN_REFUSALS }
  for (const [cause, [clause, text, next]] of Object.entries(CREDENTIAL_CAUSES)) {
    const entryOf = (fault: 'caller' | 'callee', step: 3 | 5): RefusalEntry => {
      const spoken = text.replace('{who}', WHOSE[fault])
      return {
        clause,
        fault,
        step,
        public: spoken,
        // A callee is "the server" to everybody.
        cause: OTHER_CAUSES[cause] ?? (fault === 'caller' ? text.replace('{who}', "{name}'s") : spoken),
        next: NEXT_STEPS[next][fault],
      }
    }
    entries.push([`ERR_CALLER_${cause}`, entryOf('caller', 5)], [`ERR_CALLEE_${cause}`, entryOf('callee', 3)])
  }
  for (const [code, [clause, fault, step, text, next]] of Object.entries(others))
    entries.push([code, { clause, fault, step, public: text, cause: OTHER_CAUSES[code] ?? text, next }])
  // Every key was made from the tables that RefusalCode is derived from.
  return Object.fromEntries(entries) as Record<RefusalCode, RefusalEntry>
}
