// Where the Web Key Directory has the key of an address. @see draft-koch-openpgp-webkey-service-22 §3.1

import { createHash } from 'node:crypto'
import { MailError } from '@countersign/protocol'
import { comparedAddress } from '../keys/address.ts'

/** RFC 6189 §5.1.6 */
const ALPHABET = 'ybndrfg8ejkmcpqxot1uwisza345h769'

/** Where to look, in the order of the clause. */
export interface WkdAddresses {
  readonly domain: string
  /** 32 characters, by which the key is filed. */
  readonly hash: string
  readonly advanced: string
  /** Only to be asked where the host of `advanced` does not exist. */
  readonly direct: string
}

/** @throws {MailError} for what is no address */
export function wkdAddresses(address: string): WkdAddresses {
  const compared = comparedAddress(address)
  if (compared === undefined) throw new MailError('ERR_MAIL_RECIPIENT_KEY', 'what is given as an address is none')
  const at = compared.lastIndexOf('@')
  const local = compared.slice(0, at)
  const domain = compared.slice(at + 1)
  const hash = wkdHash(local)
  const tail = `hu/${hash}?l=${encodeURIComponent(local)}`
  return {
    domain,
    hash,
    advanced: `https://openpgpkey.${domain}/.well-known/openpgpkey/${domain}/${tail}`,
    direct: `https://${domain}/.well-known/openpgpkey/${tail}`,
  }
}

/** SHA-1 of the local part, its ASCII letters in lower case, as 32 characters. */
export function wkdHash(local: string): string {
  const lower = local.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
  return writeZBase32(createHash('sha1').update(lower, 'utf8').digest())
}

/** Five bits a character; SHA-1 has 160, so that nothing is left over. @see RFC 6189 §5.1.6 */
function writeZBase32(octets: Uint8Array): string {
  const bits = [...octets].map((octet) => octet.toString(2).padStart(8, '0')).join('')
  return (bits.match(/.{5}/g) ?? []).map((five) => ALPHABET[Number.parseInt(five, 2)]).join('')
}
