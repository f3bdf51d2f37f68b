// To which keys mail for an address is encrypted: the party's own authority knows, and tells parties alone.
import { connect } from '../client/connect.ts'
import { createIdentity } from '../identity/create.ts'
import { readCredential } from '../identity/files.ts'
import { type FoundMailKeys, readMailKeysAnswer } from './answer.ts'
import { exchangeJson } from './exchange.ts'
import { authorityTarget, openHome, type RenewOptions, readTrust } from './home.ts'

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
  return readMailKeysAnswer(json, reference)
}
