// To which keys mail for an address is encrypted: the party's own authority knows, and tells parties alone.
import { fieldOf, ShapeError } from '@countersign/protocol'
import { type Certificate, DerError, readCertificate, X509Error } from '@countersign/x509'
import { connect } from '../client/connect.ts'
import { createIdentity } from '../identity/create.ts'
import { readCredential } from '../identity/files.ts'
import { EnrollmentError } from './error.ts'
import { exchangeJson } from './exchange.ts'
import { authorityTarget, openHome, type RenewOptions, readTrust } from './home.ts'

/** What the authority says of an address: nothing of it is judged yet. */
export interface FoundMailKeys {
  readonly certificates: readonly Certificate[]
  readonly issuers: readonly Certificate[]
}

/** As many as the authority tells. */
const MAX_KEYS = 100
const MAX_ISSUERS = 1000
const MAX_BASE64 = 65_536

/**
 * Asks the authority of the identity in `directory` for the certificates of an address.
 * @param address Local part as it stands, domain in lower case.
 * @throws {MeetingRefusedError | EnrollmentError | IdentityError | TrustFileError}
 */
export async function findMailKeys(
  directory: string,
  address: string,
  options: RenewOptions = {},
): Promise<FoundMailKeys> {
  const home = await openHome(directory, options)
  const { credential } = await readCredential(home.paths)
  const trust = await readTrust(home.paths, 'require')
  const connected = await connect({ ...authorityTarget(home), trust, identity: createIdentity(credential) })
  const { reference } = connected.meeting
  const path = `/v1/mail/keys?address=${encodeURIComponent(address)}`
  const { name: host } = home.authority
  const json = await exchangeJson(connected, { ...home.waiting, method: 'GET', path, host, status: 200 })
  try {
    const answer = fieldOf(json)
    const keys = answer.get('keys').list(MAX_KEYS)
    return {
      certificates: keys.map((key) => certificateOf(key.get('certificate').text(MAX_BASE64))),
      issuers: answer
        .get('issuers')
        .list(MAX_ISSUERS)
        .map((issuer) => certificateOf(issuer.text(MAX_BASE64))),
    }
  } catch (cause) {
    const isForm = cause instanceof ShapeError || cause instanceof DerError || cause instanceof X509Error
    if (!(isForm || cause instanceof SyntaxError)) throw cause
    throw new EnrollmentError('ERR_ENROLL_ANSWER', { detail: cause.message, reference }, { cause })
  }
}

function certificateOf(base64: string): Certificate {
  return readCertificate(Uint8Array.fromBase64(base64))
}
