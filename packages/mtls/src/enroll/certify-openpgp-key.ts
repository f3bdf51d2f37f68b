// A person's OpenPGP key, certified by the authority's own for the addresses of the certificate in hand.
import { connect } from '../client/connect.ts'
import { createIdentity } from '../identity/create.ts'
import { readCredential } from '../identity/files.ts'
import { type CertifiedOpenPgpKey, readCertifiedOpenPgpKey } from './answer.ts'
import { exchangeJson } from './exchange.ts'
import { authorityTarget, openHome, type RenewOptions, readTrust } from './home.ts'

/**
 * Asks the authority of the identity in `directory`. What comes is judged by nobody yet, and nothing is written.
 * @param key The public key in octets; the authority never sees the private one.
 * @throws {MeetingRefusedError | EnrollmentError | IdentityError | TrustFileError}
 */
export async function certifyOpenPgpKey(
  directory: string,
  key: Uint8Array,
  options: RenewOptions = {},
): Promise<CertifiedOpenPgpKey> {
  const home = await openHome(directory, options)
  const { credential } = await readCredential(home.paths)
  const trust = await readTrust(home.paths, 'require')
  const connected = await connect({ ...authorityTarget(home), trust, identity: createIdentity(credential) })
  const { reference } = connected.meeting
  const json = await exchangeJson(connected, {
    ...home.waiting,
    method: 'POST',
    path: '/v1/mail/keys',
    host: home.authority.name,
    status: 201,
    body: { key: key.toBase64() },
  })
  return readCertifiedOpenPgpKey(json, reference)
}
