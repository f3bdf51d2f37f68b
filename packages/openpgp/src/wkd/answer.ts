import { MailError } from '@countersign/protocol'
import { addressOf, comparedAddress } from '../keys/address.ts'
import { readPublicKey } from '../keys/read.ts'

/** The policy file: we have no keyword to say, and the file must be there. @see draft-koch-openpgp-webkey-service-22 §4.5 */
export const WKD_POLICY = ''

/** What is answered for an address: its key in octets with that user id alone. @see draft-koch-openpgp-webkey-service-22 §3.1, §5 */
export async function wkdAnswer(octets: Uint8Array, address: string): Promise<Uint8Array> {
  const compared = comparedAddress(address)
  const key = await readPublicKey(octets)
  key.users = key.users.filter(({ userID }) => userID !== null && addressOf(userID.userID) === compared)
  if (compared === undefined || key.users.length === 0)
    throw new MailError('ERR_MAIL_RECIPIENT_KEY', 'the key has no user id with this address')
  return key.write()
}
