// What callers do to an authority that may end at any moment, and what they have seen: of that nothing may be lost.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { imprintOf, readCertificateList, readTimeStampResp, writeTimeStampReq } from '@countersign/x509'
import { newSshKey } from '../../../../tools/testing/ssh-keys.ts'
import type { Checkpoint } from '../../src/ledger/checkpoint.ts'
import { sha256 } from '../../src/octets.ts'
import type { temporaryDirectory } from '../support/core.ts'
import { deviceOf } from '../support/guests.ts'
import { type Answer, askLocally, enrollmentBody, type Held, heldOf, meet, type Place } from '../support/house.ts'
import { type Key, newKey, requestFor } from '../support/keys.ts'
import { sshEnrollmentBody } from '../support/ssh.ts'

/** What left the authority, as its callers know it. */
export interface Seen {
  root?: string
  /** By SHA-256 in hexadecimal: whose. */
  readonly certificates: Map<string, string>
  /** Serial numbers in receipts, hexadecimal. */
  readonly revoked: Set<string>
  /** SHA-256 of lists by their issuer and number. */
  readonly lists: Map<string, string>
  /** The name of the issuing authority, DER in hexadecimal, and the number of its newest list. */
  issuing?: string
  newestList: bigint
  /** Of parties whose last act of that kind was answered. */
  readonly locked: Map<string, boolean>
  readonly labels: Map<string, string>
  /** Whether the account of a party has a device; of those whose last act of that kind was answered. */
  readonly accounts: Map<string, boolean>
  /** Acts that were asked for and not answered: done or not, whole. */
  unanswered: { readonly act: Act; readonly party: string }[]
  /** Tokens that were handed out, by their parties, and the key with which each was used, until it was answered. */
  readonly tokens: Map<string, { readonly token: string; readonly key: Key }>
  /** What the ledger said last, and what was read in it. */
  kept?: Checkpoint
  readonly inLedger: Set<string>
  /** Entries that were read. */
  ledgerRead: number
  /** Answered acts. */
  readonly counts: Record<Act, number>
}

export const ACTS = [
  'invite',
  'enroll',
  'renew',
  'timestamp',
  'certify',
  'ssh',
  'party',
  'lock',
  'unlock',
  'revoke',
  'account',
  'issuer',
  'backup',
] as const
export type Act = (typeof ACTS)[number]

export function nothingSeen(): Seen {
  return {
    certificates: new Map(),
    revoked: new Set(),
    lists: new Map(),
    newestList: 0n,
    locked: new Map(),
    labels: new Map(),
    accounts: new Map(),
    unanswered: [],
    tokens: new Map(),
    inLedger: new Set(),
    ledgerRead: 0,
    counts: {
      invite: 0,
      enroll: 0,
      renew: 0,
      timestamp: 0,
      certify: 0,
      ssh: 0,
      party: 0,
      lock: 0,
      unlock: 0,
      revoke: 0,
      account: 0,
      issuer: 0,
      backup: 0,
    },
  }
}

/** One house as a caller reaches it. */
export interface Reach {
  readonly t: Parameters<typeof temporaryDirectory>[0]
  readonly directory: string
  readonly place: Place
  readonly seen: Seen
}

/** Who calls has lost the connection: the authority has ended. */
export class Cut extends Error {}

/** What a caller does until it is cut off. */
export async function untilCut(work: Promise<void>): Promise<void> {
  await work.catch((error: unknown) => {
    if (!(error instanceof Cut)) throw error
  })
}

/** One act of one party. @throws {Cut} when there was no answer */
async function act(
  { seen }: Reach,
  kind: Act,
  party: string,
  status: number,
  ask: () => Promise<Answer>,
): Promise<Answer> {
  const asked = { act: kind, party }
  seen.unanswered.push(asked)
  const answer = await ask().catch((cause: unknown) => {
    throw new Cut(`${kind} of ${party}`, { cause })
  })
  assert.equal(answer.status, status, `${kind} of ${party}: ${JSON.stringify(answer.body)}`)
  seen.unanswered = seen.unanswered.filter((one) => one !== asked)
  seen.counts[kind]++
  return answer
}

export async function invite(reach: Reach, party: string, profile: 'client' | 'service' = 'client'): Promise<void> {
  const { directory, seen } = reach
  const { body } = await act(reach, 'invite', party, 201, () =>
    askLocally(directory, 'POST', '/v1/invitations', { party, profile }),
  )
  seen.tokens.set(party, { token: String(body.token), key: newKey() })
}

/** A party with a token comes and gets its certificate; also again, where it was not answered. */
export async function enroll(reach: Reach, party: string): Promise<Held> {
  const { t, place, seen } = reach
  const { token, key } = seen.tokens.get(party) ?? assert.fail(`${party} has no token`)
  const caller = await meetOrCut(t, place)
  const body = enrollmentBody(token, requestOf(key), caller.exporter)
  const answer = await act(reach, 'enroll', party, 201, () => caller.ask('POST', '/enroll', body))
  caller.socket.destroy()
  seen.tokens.delete(party)
  keep(seen, party, answer)
  return heldOf(key, answer)
}

/** The same octets each time: a signature is another each time. */
const requests = new WeakMap<Key, Uint8Array>()
function requestOf(key: Key): Uint8Array {
  const request = requests.get(key) ?? requestFor(key)
  requests.set(key, request)
  return request
}

export async function renew(reach: Reach, party: string, held: Held): Promise<void> {
  const caller = await meetOrCut(reach.t, reach.place, held)
  const body = { request: requestFor(held.key).toBase64() }
  keep(reach.seen, party, await act(reach, 'renew', party, 201, () => caller.ask('POST', '/renew', body)))
  caller.socket.destroy()
}

/** For a hash that nobody has asked about. */
export async function timestamp(reach: Reach, party: string, held: Held): Promise<void> {
  const caller = await meetOrCut(reach.t, reach.place, held)
  const messageImprint = imprintOf('SHA-256', Uint8Array.from(randomBytes(32)))
  const type = { 'content-type': 'application/timestamp-query' }
  const query = writeTimeStampReq({ messageImprint })
  const { octets } = await act(reach, 'timestamp', party, 200, () => caller.ask('POST', '/v1/timestamps', query, type))
  assert.ok(readTimeStampResp(Uint8Array.from(octets)).token)
  caller.socket.destroy()
}

/** A certificate of SSH, by the one in hand. */
export async function certifySsh(reach: Reach, party: string, held: Held): Promise<void> {
  const caller = await meetOrCut(reach.t, reach.place, held)
  const request = sshEnrollmentBody('ssh-user', newSshKey('Ed25519'), caller.exporter)
  const { body } = await act(reach, 'ssh', party, 201, () => caller.ask('POST', '/v1/ssh/certificates', request))
  reach.seen.certificates.set(sha256(Uint8Array.fromBase64(body.certificate)).toHex(), party)
  caller.socket.destroy()
}

/** On the word of an administrator. */
export async function certify(reach: Reach, party: string): Promise<void> {
  const body = { party, request: requestFor(newKey()).toBase64() }
  const ask = () => askLocally(reach.directory, 'POST', '/v1/certificates', body)
  keep(reach.seen, party, await act(reach, 'certify', party, 201, ask))
}

export async function label(reach: Reach, party: string, text: string): Promise<void> {
  reach.seen.labels.delete(party)
  await act(reach, 'party', party, 200, () =>
    askLocally(reach.directory, 'PATCH', `/v1/parties/${party}`, { role: 'auditor', labels: [text] }),
  )
  reach.seen.labels.set(party, text)
}

export async function setLock(reach: Reach, party: string, locked: boolean): Promise<void> {
  const kind = locked ? 'lock' : 'unlock'
  reach.seen.locked.delete(party)
  await act(reach, kind, party, 200, () => askLocally(reach.directory, 'POST', `/v1/parties/${party}/${kind}`, {}))
  reach.seen.locked.set(party, locked)
}

/** A person is invited to open an account, or its device ends. */
export async function account(reach: Reach, party: string, isInvited: boolean): Promise<void> {
  const { directory, seen } = reach
  seen.accounts.delete(party)
  await act(reach, 'account', party, isInvited ? 201 : 200, () =>
    isInvited
      ? askLocally(directory, 'POST', '/v1/accounts/invitations', { party, door: 'bank' })
      : askLocally(directory, 'DELETE', `/v1/accounts/bank/${party}/devices/${deviceOf(party)}`),
  )
  seen.accounts.set(party, isInvited)
}

/** An issuer that is made, asks elsewhere too, and is given up before it has signed. */
export async function roll(reach: Reach, name: string): Promise<void> {
  const ask = (path: string, body: object) => () => askLocally(reach.directory, 'POST', `/v1/issuers${path}`, body)
  await act(reach, 'issuer', name, 201, ask('', { name: `issuer-${name}` }))
  await act(reach, 'issuer', name, 200, ask(`/issuer-${name}/request`, {}))
  await act(reach, 'issuer', name, 200, ask(`/issuer-${name}/state`, { state: 'retired' }))
}

export async function revoke(reach: Reach, party: string): Promise<void> {
  const { body } = await act(reach, 'revoke', party, 200, () =>
    askLocally(
      reach.directory,
      'POST',
      '/v1/revocations',
      { subject: party, reason: 'superseded' },
      // So that its answer is kept, too.
      { 'idempotency-key': `"the revocation of ${party}"` },
    ),
  )
  for (const { serialNumber } of body.revoked) reach.seen.revoked.add(String(serialNumber))
}

/** Into a directory, which is asked for in the party's place. */
export async function backup(reach: Reach, target: string): Promise<void> {
  await act(reach, 'backup', target, 201, () => askLocally(reach.directory, 'POST', '/v1/backups', { target }))
}

/** What anyone can fetch. */
export async function readStatus({ directory, seen }: Reach): Promise<readonly Uint8Array[]> {
  const answer = await askLocally(directory, 'GET', '/status').catch((cause: unknown) => {
    throw new Cut('status', { cause })
  })
  keepLists(seen, answer)
  return answer.body.crls.map((der: string) => Uint8Array.fromBase64(der))
}

async function meetOrCut(...asked: Parameters<typeof meet>): ReturnType<typeof meet> {
  return meet(...asked).catch((cause: unknown) => {
    throw new Cut('a meeting', { cause })
  })
}

function keep(seen: Seen, party: string, answer: Answer): void {
  const owners = [party, 'authority/issuing', 'authority/root']
  for (const [index, der] of (answer.body.certificates as string[]).entries())
    seen.certificates.set(sha256(Uint8Array.fromBase64(der)).toHex(), owners[index] ?? '')
  keepLists(seen, answer)
}

/** The first is the issuing authority's, while there is no other. A number is one list's. */
function keepLists(seen: Seen, { body }: Answer): void {
  for (const [index, der] of ((body.crls ?? []) as string[]).entries()) {
    const octets = Uint8Array.fromBase64(der)
    const { issuer, cRLNumber = 0n } = readCertificateList(octets)
    const name = `${issuer.der.toHex()} ${cRLNumber}`
    if (index === 0) seen.issuing ??= issuer.der.toHex()
    const digest = sha256(octets).toHex()
    assert.equal(seen.lists.get(name) ?? digest, digest, 'two lists have one number')
    seen.lists.set(name, digest)
    if (issuer.der.toHex() === seen.issuing && cRLNumber > seen.newestList) seen.newestList = cRLNumber
  }
}
