// Somebody else's word for when something was there: the party's own authority says it, as RFC 3161 has it.
import { randomBytes } from 'node:crypto'
import type { Reference } from '@countersign/protocol'
import {
  CmsError,
  cmsFromBer,
  DerError,
  imprintOf,
  readSignedData,
  readTimeStampResp,
  readTSTInfo,
  writeTimeStampReq,
  X509Error,
} from '@countersign/x509'
import { connect } from '../client/connect.ts'
import { createIdentity } from '../identity/create.ts'
import { readCredential } from '../identity/files.ts'
import { EnrollmentError } from './error.ts'
import { exchangeOctets } from './exchange.ts'
import { authorityTarget, openHome, type RenewOptions, readTrust } from './home.ts'

/**
 * Asks the authority of the identity in `directory` for a time-stamp token over a digest.
 * @param sha256 32 octets.
 * @returns the token, a ContentInfo of signed data in DER. Whoever relies on it verifies it.
 * @throws {MeetingRefusedError | EnrollmentError | IdentityError | TrustFileError}
 */
export async function askTimeStamp(
  directory: string,
  sha256: Uint8Array,
  options: RenewOptions = {},
): Promise<Uint8Array> {
  const home = await openHome(directory, options)
  const { credential } = await readCredential(home.paths)
  const trust = await readTrust(home.paths, 'require')
  const connected = await connect({ ...authorityTarget(home), trust, identity: createIdentity(credential) })
  const { reference } = connected.meeting
  const { name: host } = home.authority
  // RFC 3161 §2.4.1: "a large random number", which shows that the answer is to this question.
  const nonce = BigInt(`0x${randomBytes(16).toString('hex')}`)
  const body = writeTimeStampReq({ messageImprint: imprintOf('SHA-256', sha256), nonce })
  const answer = await exchangeOctets(connected, {
    ...home.waiting,
    method: 'POST',
    path: '/v1/timestamps',
    octets: { type: 'application/timestamp-query', body },
    host,
    status: 200,
  })
  return tokenOf(new Uint8Array(answer), { sha256, nonce, reference })
}

/** What was asked, and at which meeting. */
export interface TimeStampQuestion {
  /** 32 octets. */
  readonly sha256: Uint8Array
  readonly nonce: bigint
  readonly reference: Reference
}

/** The token of an answer. @throws {EnrollmentError} where there is none, or it answers another question */
export function tokenOf(answer: Uint8Array, { sha256, nonce, reference }: TimeStampQuestion): Uint8Array {
  const refused = (text: string) => new EnrollmentError('ERR_ENROLL_ANSWER', { detail: text, reference })
  try {
    const { token, text = 'no reason' } = readTimeStampResp(answer)
    if (token === undefined) throw refused(`no time stamp: ${text}`)
    const { eContent } = readSignedData(cmsFromBer(token))
    const info = eContent && readTSTInfo(eContent)
    // "In that case it MUST have the same value", both of them.
    const isSame = info?.nonce === nonce && Buffer.compare(info.messageImprint.hashedMessage, sha256) === 0
    if (!isSame) throw refused('the time stamp is of another question')
    return token
  } catch (cause) {
    if (cause instanceof DerError || cause instanceof CmsError || cause instanceof X509Error)
      throw new EnrollmentError('ERR_ENROLL_ANSWER', { detail: 'it is no time stamp', reference }, { cause })
    throw cause
  }
}
