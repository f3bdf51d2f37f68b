// Renewal by the certificate in hand: a new key, tried before it takes the old one's place.
import type { KeyObject } from 'node:crypto'
import type { Certificate } from '@countersign/x509'
import { connect } from '../client/connect.ts'
import { MeetingRefusedError } from '../client/refused.ts'
import { keyAlgorithmOf, makeKey } from '../crypto/key-algorithm.ts'
import { presentedCertificates } from '../gate/presented.ts'
import { sideOf } from '../gate/side.ts'
import { createIdentity } from '../identity/create.ts'
import { removeDurably, replaceFiles } from '../identity/durable.ts'
import { IdentityError } from '../identity/error.ts'
import { readCredential, readPrivateKeyIfThere } from '../identity/files.ts'
import { withLock } from '../identity/lock.ts'
import { authorityFile, chainFile, crlFiles, finishPromotion, keyFile, promoteNext } from '../identity/write.ts'
import type { Credential } from '../model.ts'
import { newerCrls } from '../trust/trust.ts'
import { type IssuedAnswer, readIssuedAnswer } from './answer.ts'
import { EnrollmentError } from './error.ts'
import { exchangeJson } from './exchange.ts'
import { authorityTarget, type Home, openHome, type RenewOptions, readTrust } from './home.ts'
import { type Asked, judgeIssued } from './judge-answer.ts'
import { fetchStatus } from './refresh-status.ts'
import { writeRequest } from './request.ts'

/** What a renewal made. */
export interface Renewed {
  readonly party: string
  readonly notAfter: Temporal.Instant
}

/**
 * Renews the identity in `directory`: asks with the certificate in hand for one of a new key, judges what comes, meets
 * the authority with it, and only then puts both in their places. Whatever fails or ends in between, one working
 * identity is there: the old one, or the new one.
 * @throws {MeetingRefusedError | EnrollmentError | IdentityError | TrustFileError} and the old identity stays.
 */
export async function renew(directory: string, options: RenewOptions = {}): Promise<Renewed> {
  const home = await openHome(directory, options)
  return withLock(home.paths.lock, async () => {
    const { credential, unfinished } = await readCredential(home.paths)
    if (unfinished) await finishPromotion(home.paths)
    await refreshFirst(home)
    try {
      return await renewOnce(home, credential)
    } catch (error) {
      // The next attempt begins with a key that nobody has refused.
      if (!(error instanceof EnrollmentError && error.code === 'ERR_ENROLL_KEY_TAKEN')) throw error
      await removeDurably(home.paths.nextKey)
      return renewOnce(home, credential)
    }
  })
}

/** Lists that have run out while this machine slept must not keep it from renewing; where they cannot be had, those that are here decide. */
async function refreshFirst(home: Home): Promise<void> {
  try {
    await fetchStatus(home)
  } catch (error) {
    if (!(error instanceof MeetingRefusedError || error instanceof EnrollmentError)) throw error
  }
}

async function renewOnce(home: Home, credential: Credential): Promise<Renewed> {
  const { paths } = home
  const party = sideOf(credential.certificates[0], '').party
  if (party === undefined) throw new IdentityError('ERR_IDENTITY_MALFORMED', paths.chain, 'it names no party')
  const privateKey = await readOrMakeKey(paths.nextKey, credential.privateKey)
  const { answer, crls } = await ask(home, credential, { privateKey, party })
  const { certificates } = answer
  await replaceFiles([...crlFiles(paths, crls), chainFile(paths.nextChain, certificates)])
  try {
    await tryOut(home, { privateKey, certificates })
  } catch (error) {
    // What was not accepted once is not kept: the next renewal begins anew.
    await removeDurably(paths.nextChain)
    await removeDurably(paths.nextKey)
    throw error
  }
  await replaceFiles([authorityFile(paths, answer.authority)])
  await promoteNext(paths)
  return { party, notAfter: certificates[0].validity.notAfter }
}

/**
 * Gets a certificate to whose key mail is encrypted, by the certificate in hand: a person's own. Nothing is written.
 * @param privateKey A new key of the person's side; the authority never sees it.
 * @throws {MeetingRefusedError | EnrollmentError | IdentityError | TrustFileError}
 */
export async function certifyMailKey(
  directory: string,
  privateKey: KeyObject,
  options: RenewOptions = {},
): Promise<readonly [Certificate, ...Certificate[]]> {
  const home = await openHome(directory, options)
  const { credential } = await readCredential(home.paths)
  const { party, identities } = sideOf(credential.certificates[0], '')
  if (party === undefined) throw new IdentityError('ERR_IDENTITY_MALFORMED', home.paths.chain, 'it names no party')
  const addresses = identities.filter(({ kind }) => kind === 'rfc822Name').map(({ value }) => value)
  await refreshFirst(home)
  return (await ask(home, credential, { privateKey, party, addresses })).answer.certificates
}

async function ask(home: Home, credential: Credential, asked: Asked) {
  const { privateKey, party, addresses } = asked
  const { paths, anchors, authority, clock, waiting } = home
  const trust = await readTrust(paths, 'require')
  const connected = await connect({ ...authorityTarget(home), trust, identity: createIdentity(credential) })
  const { reference } = connected.meeting
  const presented = presentedCertificates(connected.socket)
  const json = await exchangeJson(connected, {
    ...waiting,
    method: 'POST',
    path: '/renew',
    host: authority.name,
    status: 201,
    body: {
      request: writeRequest(privateKey, party).toBase64(),
      ...(addresses && { beside: 'person-encryption' }),
    },
  })
  const answer: IssuedAnswer = readIssuedAnswer(json, reference)
  const context = { anchors, presented, name: authority.name, now: clock(), reference }
  const judged = judgeIssued(answer, asked, context)
  return {
    answer,
    crls: newerCrls(
      judged.crls.map(({ crl }) => crl),
      trust.crls,
    ),
  }
}

/** Meets the authority with the new credential: its gate judges it as every door will. */
async function tryOut(home: Home, credential: Credential): Promise<void> {
  const trust = await readTrust(home.paths, 'require')
  const connected = await connect({ ...authorityTarget(home), trust, identity: createIdentity(credential) })
  const { name: host } = home.authority
  await exchangeJson(connected, { ...home.waiting, method: 'GET', path: '/status', host, status: 200 })
}

/** The key of a renewal that did not come to its end is used again: what was issued for it must not be lost. */
async function readOrMakeKey(path: string, before: KeyObject): Promise<KeyObject> {
  const kept = await readPrivateKeyIfThere(path).catch((error: unknown) => {
    // A key that nobody uses yet and that cannot be read is no reason to be stranded.
    if (error instanceof IdentityError && error.code === 'ERR_IDENTITY_MALFORMED') return undefined
    throw error
  })
  if (kept) return kept
  const privateKey = makeKey(keyAlgorithmOf(before) ?? 'p256')
  await replaceFiles([keyFile(path, privateKey)])
  return privateKey
}
