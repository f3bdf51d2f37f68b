// Every operation of the API: who may call it, what it takes, what it answers. From this the check of the caller, the
// description in OpenAPI and the manual page are derived; a route that is not here is not served.
import { z } from 'zod'
import * as accounts from './account-forms.ts'
import * as answers from './answers.ts'
import * as issuing from './issuer-forms.ts'
import type { Action } from './roles.ts'
import {
  backupBody,
  certificatesQuery,
  certifyBody,
  emptyBody,
  enrollmentBody,
  entriesQuery,
  eventsQuery,
  invitationBody,
  lockBody,
  mailKeysQuery,
  openPgpKeyBody,
  openPgpRollBody,
  partiesQuery,
  partyBody,
  reloadBody,
  renewalBody,
  revocationBody,
  sshEnrollmentBody,
  unlockBody,
} from './schemas.ts'
import { TIME_STAMP_REPLY } from './time-stamps.ts'
import * as forms from './watching-forms.ts'

/** Who calls: anyone; whoever holds a certificate of ours; or an administrator whose role permits an action. */
export type Caller = 'anyone' | 'party' | Action

export interface Operation {
  /** A verb, for people. */
  readonly summary: string
  readonly who: Caller
  readonly query?: z.ZodType
  readonly body?: z.ZodType
  /** The status of success. */
  readonly status: 200 | 201
  /** Its form as JSON, or the media type of what is none. */
  readonly answer: z.ZodType | string
}

const object = z.looseObject({})

/** By method and path. */
export const OPERATIONS: Readonly<Record<string, Operation>> = {
  'GET /livez': { summary: 'say that the process runs', who: 'anyone', status: 200, answer: answers.live },
  'GET /readyz': {
    summary: 'say that requests can be done now, or with 503 what is waited for',
    who: 'anyone',
    status: 200,
    answer: answers.readiness,
  },
  'GET /v1/ready': {
    summary: 'say that requests are served, and by which root',
    who: 'anyone',
    status: 200,
    answer: answers.ready,
  },
  'GET /v1/openapi.json': { summary: 'describe this API', who: 'anyone', status: 200, answer: object },
  'GET /status': {
    summary: 'answer the certificates and revocation lists of the authority; with `after`, wait for newer ones',
    who: 'anyone',
    query: z.object({ after: z.string().optional() }),
    status: 200,
    answer: answers.status,
  },
  'GET /root.pem': {
    summary: 'answer the root certificates',
    who: 'anyone',
    status: 200,
    answer: 'application/pem-certificate-chain',
  },
  'GET /crl/:issuer': {
    summary: 'answer the revocation list of an issuer, as `/crl/issuing.crl` and `/crl/root.crl` do',
    who: 'anyone',
    status: 200,
    answer: 'application/pkix-crl',
  },
  'GET /ssh/ca.pub': {
    summary: 'answer the public keys of the issuers for SSH, one a line',
    who: 'anyone',
    status: 200,
    answer: 'text/plain',
  },
  'GET /ssh/revoked.krl': {
    summary: 'answer the revocation list of SSH, as OpenSSH’s RevokedKeys takes it',
    who: 'anyone',
    status: 200,
    answer: 'application/octet-stream',
  },
  'GET /.well-known/openpgpkey/:domain/hu/:hash': {
    summary: 'answer the OpenPGP key of an address of a mail domain that the operator has named; `l` is its local part',
    who: 'anyone',
    status: 200,
    answer: 'application/octet-stream',
  },
  'GET /.well-known/openpgpkey/hu/:hash': {
    summary: 'the same, of the domain that is asked',
    who: 'anyone',
    status: 200,
    answer: 'application/octet-stream',
  },
  'GET /.well-known/openpgpkey/:domain/policy': {
    summary: 'say that keys of a mail domain are told',
    who: 'anyone',
    status: 200,
    answer: 'text/plain',
  },
  'GET /.well-known/openpgpkey/policy': {
    summary: 'the same, of the domain that is asked',
    who: 'anyone',
    status: 200,
    answer: 'text/plain',
  },
  'POST /enroll': {
    summary: 'get a certificate for a token, whose secret is proved on this very connection',
    who: 'anyone',
    body: enrollmentBody,
    status: 201,
    answer: answers.enrolled,
  },
  'POST /renew': {
    summary: 'get another certificate of the same party, by the one in hand',
    who: 'party',
    body: renewalBody,
    status: 201,
    answer: answers.enrolled,
  },
  'POST /v1/own/meetings': {
    summary: 'tell a meeting that the caller has refused',
    who: 'party',
    body: object,
    status: 201,
    answer: answers.reported,
  },
  'GET /v1/own/meetings/:reference': {
    summary: 'explain a meeting of the caller’s own',
    who: 'party',
    status: 200,
    answer: answers.meetings,
  },
  'GET /v1/mail/keys': {
    summary: 'list the certificates to whose keys mail for an address is encrypted: in force, the newest of each party',
    who: 'party',
    query: mailKeysQuery,
    status: 200,
    answer: answers.mailKeys,
  },
  'POST /v1/mail/keys': {
    summary: 'have an OpenPGP key certified for the addresses of a person, by the certificate in hand',
    who: 'party',
    body: openPgpKeyBody,
    status: 201,
    answer: answers.openPgpKey,
  },
  'POST /v1/ssh/certificates': {
    summary: 'get a certificate of SSH for a key, by the certificate in hand: for a user, or for the names of a host',
    who: 'party',
    body: sshEnrollmentBody,
    status: 201,
    answer: answers.sshEnrolled,
  },
  'POST /v1/timestamps': {
    summary: 'get a time-stamp token for a hash; the body is an application/timestamp-query (RFC 3161)',
    who: 'party',
    status: 200,
    answer: TIME_STAMP_REPLY,
  },
  'POST /v1/invitations': {
    summary: 'make a one-time token with which a party enrolls; an administrator, as an officer alone',
    who: 'parties.invite',
    body: invitationBody,
    status: 201,
    answer: answers.invited,
  },
  'POST /v1/certificates': {
    summary:
      'give a party a certificate for its request, on the word of the caller; an administrator, as an officer alone',
    who: 'certificates.issue',
    body: certifyBody,
    status: 201,
    answer: answers.certified,
  },
  'POST /v1/backups': {
    summary: 'write a backup into a directory; over the socket in the data directory alone',
    who: 'backups.make',
    body: backupBody,
    status: 201,
    answer: answers.backedUp,
  },
  'POST /v1/reload': {
    summary:
      'put the configuration of the house in force as its file has it now, whole or not at all; over the socket in the data directory alone',
    who: 'configuration.reload',
    body: reloadBody,
    status: 200,
    answer: answers.reloaded,
  },
  'POST /v1/revocations': {
    summary: 'revoke a certificate, or all of a party, and cut its sessions; of an administrator, as an officer alone',
    who: 'certificates.revoke',
    body: revocationBody,
    status: 200,
    answer: answers.receipt,
  },
  'GET /v1/certificates': {
    summary: 'search certificates',
    who: 'certificates.read',
    query: certificatesQuery,
    status: 200,
    answer: answers.certificates,
  },
  'GET /v1/certificates/:subject': {
    summary: 'show a certificate, or all of a party with the keys that it has had',
    who: 'certificates.read',
    status: 200,
    answer: answers.shown,
  },
  'GET /v1/expiring': {
    summary: 'list what is in force, and should have been renewed by now; with `all`, what ends and is not renewed yet',
    who: 'certificates.read',
    query: forms.expiringQuery,
    status: 200,
    answer: forms.expiring,
  },
  'GET /v1/outage-budget': {
    summary: 'say how long the authority may be away before the first who relies on it fails, and of what',
    who: 'certificates.read',
    status: 200,
    answer: forms.outageBudget,
  },
  'GET /v1/unissued': {
    summary: 'list certificates that met a door and were not issued here, by who vouches for them',
    who: 'certificates.read',
    query: forms.unissuedQuery,
    status: 200,
    answer: forms.unissued,
  },
  'GET /v1/parties': {
    summary: 'search parties',
    who: 'parties.read',
    query: partiesQuery,
    status: 200,
    answer: answers.parties,
  },
  'GET /v1/parties/:party': { summary: 'show a party', who: 'parties.read', status: 200, answer: answers.party },
  'GET /v1/parties/:party/keys': {
    summary: 'list the keys that a party has had, each with its newest certificates',
    who: 'parties.read',
    query: forms.keysQuery,
    status: 200,
    answer: forms.keys,
  },
  'PATCH /v1/parties/:party': {
    summary: 'say what a party is, with `create` of one that is not known yet; its role, as an officer alone',
    who: 'parties.change',
    body: partyBody,
    status: 200,
    answer: answers.changedParty,
  },
  'POST /v1/parties/:party/lock': {
    summary: 'stop a party at every door; an administrator, as an officer alone',
    who: 'parties.lock',
    body: lockBody,
    status: 200,
    answer: answers.locked,
  },
  'POST /v1/parties/:party/unlock': {
    summary: 'let a locked party in again; an administrator, as an officer alone',
    who: 'parties.lock',
    body: unlockBody,
    status: 200,
    answer: answers.locked,
  },
  'POST /v1/accounts/invitations': {
    summary:
      'invite a person to open an account at a door where people sign in, or to set up anew the one that is there; the latter, and an administrator, as an officer alone',
    who: 'accounts.change',
    body: accounts.accountInvitationBody,
    status: 201,
    answer: accounts.accountInvited,
  },
  'GET /v1/accounts': {
    summary: 'list accounts of people with their devices, by door and name',
    who: 'accounts.read',
    query: accounts.accountsQuery,
    status: 200,
    answer: accounts.accounts,
  },
  'DELETE /v1/accounts/:door/:account/devices/:device': {
    summary:
      'end a device of an account, and every session that is bound to it; of an administrator, as an officer alone',
    who: 'accounts.change',
    status: 200,
    answer: accounts.deviceRemoved,
  },
  'GET /metrics': {
    summary: 'answer the numbers of the authority',
    who: 'figures.read',
    status: 200,
    answer: 'application/openmetrics-text',
  },
  'GET /v1/events': {
    summary:
      'stream what happens as server-sent events, from the number behind `after` or `Last-Event-ID` on; with `follow=false`, what has happened',
    who: 'events.read',
    query: eventsQuery,
    status: 200,
    answer: 'text/event-stream',
  },
  'GET /v1/ledger/entries': {
    summary:
      'answer what receipts name as `entry` and `entries`: octets, and the proof that they are in the ledger; waits two seconds for one that is not yet',
    who: 'ledger.read',
    query: entriesQuery,
    status: 200,
    answer: answers.ledgerEntries,
  },
  'GET /v1/issuers': {
    summary: 'list issuers',
    who: 'issuers.read',
    query: issuing.issuersQuery,
    status: 200,
    answer: issuing.issuers,
  },
  'GET /v1/issuers/:issuer': { summary: 'show an issuer', who: 'issuers.read', status: 200, answer: issuing.issuer },
  'POST /v1/issuers': {
    summary: 'make an issuer: its key, and with a root here its certificate; or, waiting, its key alone',
    who: 'issuers.change',
    body: issuing.issuerBody,
    status: 201,
    answer: issuing.issuer,
  },
  'POST /v1/issuers/import': {
    summary: 'take certificates and revocation lists that were signed elsewhere',
    who: 'issuers.change',
    body: issuing.importBody,
    status: 200,
    answer: issuing.imported,
  },
  'POST /v1/issuers/:issuer/request': {
    summary: 'write a PKCS #10 request by the key of an issuer',
    who: 'issuers.change',
    status: 200,
    answer: issuing.requested,
  },
  'POST /v1/issuers/:issuer/crosses': {
    summary: 'have the key of an issuer certified by another root, too',
    who: 'issuers.change',
    body: issuing.crossBody,
    status: 200,
    answer: issuing.issuer,
  },
  'POST /v1/issuers/:issuer/state': {
    summary: 'bring an issuer into another state',
    who: 'issuers.change',
    body: issuing.stateBody,
    status: 200,
    answer: issuing.issuer,
  },
  'GET /v1/openpgp/authorities': {
    summary: 'list the OpenPGP keys of the authority, with what they say of each other',
    who: 'issuers.read',
    status: 200,
    answer: answers.openPgpAuthorities,
  },
  'POST /v1/openpgp/authorities': {
    summary: 'make the next OpenPGP key of the authority, one of each version; it certifies from then on',
    who: 'issuers.change',
    body: openPgpRollBody,
    status: 201,
    answer: answers.openPgpAuthorities,
  },
  'POST /v1/openpgp/authorities/:fingerprint/revocation': {
    summary: 'revoke an OpenPGP key of the authority that certifies no more: what it has certified counts no more',
    who: 'issuers.change',
    body: emptyBody,
    status: 200,
    answer: answers.openPgpAuthorities,
  },
  'GET /v1/sessions': {
    summary: 'list the open sessions at every door',
    who: 'sessions.read',
    status: 200,
    answer: answers.sessions,
  },
  'GET /v1/meetings/:reference': {
    summary: 'explain meetings by their reference',
    who: 'meetings.read',
    status: 200,
    answer: answers.meetings,
  },
}

/** The operation of a route; HEAD is GET without its body. @see RFC 9110 §9.3.2 */
export function operationOf(method: string, path: string | undefined): Operation | undefined {
  return OPERATIONS[`${method === 'HEAD' ? 'GET' : method} ${path}`]
}
