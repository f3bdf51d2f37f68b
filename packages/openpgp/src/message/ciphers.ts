import { MailError } from '@countersign/protocol'
import { enums } from 'openpgp'

/** A cipher as OpenSSL and as people name it; sizes in octets. */
export interface Cipher {
  readonly openssl: 'aes-128' | 'aes-192' | 'aes-256'
  readonly text: string
  readonly keyOctets: number
}

/** Blocks of 128 bits alone: ciphers of 64 bits must not be used. @see RFC 9580 §9.3, §12.5 */
const CIPHERS: Readonly<Record<number, Cipher>> = {
  [enums.symmetric.aes128]: { openssl: 'aes-128', text: 'AES-128', keyOctets: 16 },
  [enums.symmetric.aes192]: { openssl: 'aes-192', text: 'AES-192', keyOctets: 24 },
  [enums.symmetric.aes256]: { openssl: 'aes-256', text: 'AES-256', keyOctets: 32 },
}

/** A mode that authenticates. EAX, which RFC 9580 leaves open, is not in OpenSSL. @see RFC 9580 §9.6 */
export interface AeadMode {
  readonly openssl: 'ocb' | 'gcm'
  readonly text: string
  readonly nonceOctets: number
}

const MODES: Readonly<Record<number, AeadMode>> = {
  [enums.aead.ocb]: { openssl: 'ocb', text: 'OCB', nonceOctets: 15 },
  [enums.aead.gcm]: { openssl: 'gcm', text: 'GCM', nonceOctets: 12 },
}

/** @throws {MailError} for one that is weak or not known here */
export function cipherOf(algorithm: number): Cipher {
  return CIPHERS[algorithm] ?? notKnown(`the cipher ${algorithm}`)
}

/** @throws {MailError} for one that is not known here */
export function modeOf(algorithm: number): AeadMode {
  return MODES[algorithm] ?? notKnown(`the mode ${algorithm}`)
}

function notKnown(what: string): never {
  throw new MailError('ERR_MAIL_ALGORITHM', `${what} is weak or not known here`)
}
