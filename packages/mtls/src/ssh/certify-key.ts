// A certificate of SSH, by the certificate in hand; and what everybody needs to judge one.
import { fieldOf, type SshEnrollmentProfile, sshEnrollmentMessage } from '@countersign/protocol'
import {
  parseKeyLine,
  readSshCertificate,
  type SshCertificate,
  SshError,
  type SshMessageSignature,
  writeSshMessageSignature,
  writeSshPublicKey,
} from '@countersign/ssh'
import { connect } from '../client/connect.ts'
import { EnrollmentError } from '../enroll/error.ts'
import { exchangeJson, exchangeOctets } from '../enroll/exchange.ts'
import { authorityTarget, openHome, type RenewOptions, readTrust } from '../enroll/home.ts'
import { channelBinding } from '../gate/exporter.ts'
import { createIdentity } from '../identity/create.ts'
import { readCredential } from '../identity/files.ts'
import type { Connected } from '../model.ts'
import { checkSshSignature } from './signature.ts'

/** What the authority gave for a key. */
export interface CertifiedSshKey {
  readonly party: string
  readonly certificate: SshCertificate
  /** The keys of those that sign for SSH, each as a line. */
  readonly authorities: readonly string[]
}

const MAX_PARTY = 256
const MAX_CERTIFICATE_OCTETS = 65_536
const MAX_AUTHORITIES = 32
const MAX_LINE = 16_384

/**
 * Asks the authority of the identity in `directory` for a certificate. What comes is for that key, of that role, and signed by
 * one of the authority's keys for SSH.
 * @param sign Signs a message with the key that is to be certified, for the namespace of enrollment.
 * @throws {MeetingRefusedError | EnrollmentError | IdentityError | TrustFileError}
 */
export async function certifySshKey(
  directory: string,
  profile: SshEnrollmentProfile,
  sign: (message: Uint8Array) => Promise<SshMessageSignature>,
  options: RenewOptions = {},
): Promise<CertifiedSshKey> {
  const { connected, host, waiting } = await meetAuthority(directory, options)
  const { reference } = connected.meeting
  try {
    const signature = await sign(sshEnrollmentMessage(channelBinding(connected.socket), profile))
    const body = { profile, signature: writeSshMessageSignature(signature).toBase64() }
    const path = '/v1/ssh/certificates'
    const json = await exchangeJson(connected, { ...waiting, method: 'POST', path, host, status: 201, body })
    const answer = fieldOf(json)
    const certificate = readSshCertificate(answer.get('certificate').octets(MAX_CERTIFICATE_OCTETS))
    const authorities = answer
      .get('authorities')
      .list(MAX_AUTHORITIES)
      .map((line) => line.text(MAX_LINE))
    const isOurs =
      certificate.role === (profile === 'ssh-host' ? 'host' : 'user') &&
      Buffer.compare(writeSshPublicKey(certificate.key), writeSshPublicKey(signature.key)) === 0 &&
      authorities.some((line) => isSame(parseKeyLine(line).blob, writeSshPublicKey(certificate.signatureKey))) &&
      checkSshSignature(certificate.signatureKey, certificate.signature, certificate.tbs)
    if (!isOurs)
      throw new EnrollmentError('ERR_ENROLL_ANSWER', { detail: 'it is not a certificate for this key', reference })
    return { party: answer.get('party').text(MAX_PARTY), certificate, authorities }
  } catch (cause) {
    if (!(cause instanceof SshError)) throw cause
    throw new EnrollmentError('ERR_ENROLL_ANSWER', { detail: cause.message, reference }, { cause })
  } finally {
    connected.socket.destroy()
  }
}

/** What is known of certificates of SSH, as an authority tells everybody. */
export interface SshStatus {
  /** One key a line. */
  readonly authorities: string
  /** PROTOCOL.krl. */
  readonly revoked: Uint8Array
}

/**
 * Asks the authority of the identity in `directory`. Whoever relies on what comes reads it. `ref`: whether a process stays alive
 * for it (default true).
 * @throws as {@link certifySshKey}
 */
export async function fetchSshStatus(
  directory: string,
  { ref = true, ...options }: RenewOptions & { readonly ref?: boolean } = {},
): Promise<SshStatus> {
  const ask = async (path: string) => {
    const { connected, host, waiting } = await meetAuthority(directory, options)
    return exchangeOctets(connected, { ...waiting, method: 'GET', path, host, status: 200, ref })
  }
  const [authorities, revoked] = await Promise.all([ask('/ssh/ca.pub'), ask('/ssh/revoked.krl')])
  return { authorities: authorities.toString('utf8'), revoked: new Uint8Array(revoked) }
}

async function meetAuthority(
  directory: string,
  options: RenewOptions,
): Promise<{
  readonly connected: Connected
  readonly host: string
  readonly waiting: { readonly timeoutMs?: number }
}> {
  const home = await openHome(directory, options)
  const { credential } = await readCredential(home.paths)
  const trust = await readTrust(home.paths, 'require')
  const connected = await connect({ ...authorityTarget(home), trust, identity: createIdentity(credential) })
  return { connected, host: home.authority.name, waiting: home.waiting }
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0
}
