// Enrollment by a one-time token: the authority proves itself first, then the newcomer proves the token.
import type { KeyObject } from 'node:crypto'
import { type EnrollmentToken, parseToken } from '@countersign/protocol'
import { readCertificate } from '@countersign/x509'
import { connect } from '../client/connect.ts'
import { parseAddress } from '../client/target.ts'
import { type KeyAlgorithm, keyAlgorithmOfSpki, makeKey } from '../crypto/key-algorithm.ts'
import { channelBinding } from '../gate/exporter.ts'
import { presentedCertificates } from '../gate/presented.ts'
import { removeDurably, replaceFiles } from '../identity/durable.ts'
import { IdentityError } from '../identity/error.ts'
import { type IdentityPaths, readPrivateKeyIfThere } from '../identity/files.ts'
import { withLock } from '../identity/lock.ts'
import { isThere, keyFile, prepareDirectory, writeIdentity } from '../identity/write.ts'
import type { Clock } from '../model.ts'
import { createCheckSignature } from '../trust/check-signature.ts'
import { successorsOf } from '../trust/successors.ts'
import { type IssuedAnswer, readIssuedAnswer } from './answer.ts'
import { EnrollmentError } from './error.ts'
import { exchangeJson } from './exchange.ts'
import { judgeIssued } from './judge-answer.ts'
import { readRequestFor } from './kept-request.ts'
import { proveToken } from './proof.ts'

/** What an enrollment needs beside its token. */
export interface EnrollOptions {
  /** Where the identity shall be; made where it is absent, 0700. */
  readonly directory: string
  readonly clock?: Clock
  /** Names to ask for, as in `dns:…`, `ip:…`, `email:…`, `uri:…`. Absent: those of the invitation. */
  readonly san?: readonly string[]
  /** For each step that waits for the authority. */
  readonly timeoutMs?: number
}

/** What an enrollment made. */
export interface Enrolled {
  readonly party: string
  readonly directory: string
  readonly notAfter: Temporal.Instant
}

/**
 * Enrolls with a token: verifies the authority by the token's fingerprint before anything is sent, makes a key
 * of the authority's kind here, proves the token on that very channel, judges what comes, and writes it to `directory`. An enrollment that was ended
 * before its end goes on with the same key and the same request, so that an answer that was lost is given again.
 * @throws {TokenError} when `token` is none.
 * @throws {MeetingRefusedError} when the authority cannot be reached or does not prove itself.
 * @throws {EnrollmentError} when it refuses, or what it answers cannot be believed.
 * @throws {IdentityError} when the directory cannot be used, or holds an identity already.
 */
export async function enroll(token: EnrollmentToken | string, options: EnrollOptions): Promise<Enrolled> {
  const invitation = typeof token === 'string' ? parseToken(token) : token
  const paths = await prepareDirectory(options.directory)
  return withLock(paths.lock, async () => {
    if (await isThere(paths.chain)) throw new IdentityError('ERR_IDENTITY_EXISTS', paths.chain)
    try {
      return await enrollOnce(invitation, paths, options)
    } catch (error) {
      // A key that stayed from another attempt may belong to somebody else by now. It is in use nowhere: a new one is made.
      if (!(error instanceof EnrollmentError && error.code === 'ERR_ENROLL_KEY_TAKEN')) throw error
      await removeDurably(paths.request)
      await removeDurably(paths.key)
      return enrollOnce(invitation, paths, options)
    }
  })
}

async function enrollOnce(
  invitation: EnrollmentToken,
  paths: IdentityPaths,
  options: EnrollOptions,
): Promise<Enrolled> {
  const { party } = invitation
  const { answer, anchors, crls } = await ask(invitation, paths, options)
  const { certificates, authority } = answer
  await writeIdentity(paths.directory, { certificates, anchors, crls, authority })
  await removeDurably(paths.request)
  return { party, directory: paths.directory, notAfter: certificates[0].validity.notAfter }
}

async function ask(
  invitation: EnrollmentToken,
  paths: IdentityPaths,
  { clock = () => Temporal.Now.instant(), timeoutMs, san }: EnrollOptions,
) {
  const { rootSha256, name, party, address } = invitation
  const target = parseAddress(address)
  if (target === undefined) throw new EnrollmentError('ERR_ENROLL_TOKEN_FORM', { detail: 'it has no host:port' })
  const waiting = timeoutMs === undefined ? {} : { timeoutMs }
  const connected = await connect({
    ...target,
    ...waiting,
    firstContact: { rootSha256, name },
    alpn: ['http/1.1'],
    door: 'authority',
    clock,
  })
  const { socket, trust, meeting } = connected
  const { reference } = meeting
  const presented = presentedCertificates(socket)
  // Known only now: the authority has one kind of key, and what it has it takes.
  const privateKey = await readOrMakeKey(paths.key, algorithmOf(presented))
  const request = await readRequestFor(paths.request, privateKey, party, san)
  const proof = proveToken(invitation, channelBinding(socket), request)
  const json = await exchangeJson(connected, {
    ...waiting,
    method: 'POST',
    path: '/enroll',
    host: name,
    status: 201,
    body: { ...proof, request: request.toBase64() },
  })
  const answer: IssuedAnswer = readIssuedAnswer(json, reference)
  const anchors = trust.anchors.flatMap(({ certificate }) => certificate ?? [])
  const context = { anchors, presented, name, now: clock(), reference }
  const judged = judgeIssued(answer, { privateKey, party }, context)
  const crls = judged.crls.map(({ crl }) => crl)
  const told = { certificates: [...answer.certificates, ...answer.issuers], crls }
  const successors = successorsOf(told, anchors, clock(), createCheckSignature())
  return { answer, anchors: [...anchors, ...successors], crls }
}

/** The key is on the disk before it is used: what the authority certifies must not be lost with this process. */
async function readOrMakeKey(path: string, algorithm: KeyAlgorithm): Promise<KeyObject> {
  const kept = await readPrivateKeyIfThere(path)
  if (kept) return kept
  const privateKey = makeKey(algorithm)
  await replaceFiles([keyFile(path, privateKey)])
  return privateKey
}

/** The kind of the authority's own key; where that is none that we make, the usual one. */
function algorithmOf([leaf]: readonly Uint8Array[]): KeyAlgorithm {
  return (leaf && keyAlgorithmOfSpki(readCertificate(leaf).subjectPublicKeyInfo)) ?? 'p256'
}
