// Writing a PKCS #12 file, RFC 7292 §5.1: one key with its certificates, as every program of today reads it.

import { readContentInfo } from '../cms/content-info.ts'
import { writeEncryptedData } from '../cms/enveloped-data.ts'
import type { ContentInfo } from '../cms/model.ts'
import { askOctets, type CryptoSteps } from '../crypto-step.ts'
import { TAG } from '../der/tag.ts'
import { writeElement, writeExplicit, writeOctetString, writeOid, writeSequence } from '../der/write.ts'
import { sealPrivateKey } from '../key/encrypted-private-key.ts'
import type { Attribute, PrivateKeyInfo } from '../model.ts'
import { OID } from '../oid.ts'
import { openBudget } from '../password/derivation.ts'
import { encryptPbes2, type NewProtection } from '../password/pbes2.ts'
import { Pkcs12Error } from './error.ts'
import { newMacData, passwordForms } from './mac.ts'
import { type SafeBag, writeAuthenticatedSafe, writePfx, writeSafeContents } from './pfx.ts'

/** An identity that goes into a file. */
export interface NewPkcs12 {
  /** Secret. */
  readonly privateKey: PrivateKeyInfo
  /** The key's own certificate first, then those above it. */
  readonly certificates: readonly [Uint8Array, ...Uint8Array[]]
  /** What browsers and phones show. */
  readonly friendlyName: string
  /** Random octets: two salts of 16 and two ivs of 16 for key and certificates, and the salt of the MAC of 16. */
  readonly entropy: Uint8Array
  /** Of each of the three derivations. */
  readonly iterations: number
}

/** The octets of {@link NewPkcs12.entropy}. */
export const PKCS12_ENTROPY_OCTETS = 80

/**
 * Writes an identity under a password: PBES2 with PBKDF2, HMAC-SHA-256 and AES-256-CBC; a MAC with SHA-256; key and
 * certificate bear the same localKeyId and friendlyName, without which NSS does not bring them together.
 * @throws {RangeError} when the entropy or the iterations are too few, or the name is none of a BMPString.
 * @throws {Pkcs12Error | Pbes2Error} when the performer does not have an operation, or we would not open it again.
 * @see RFC 7292 §5.1
 */
export function* sealPkcs12(identity: NewPkcs12, password: string): CryptoSteps<Uint8Array> {
  const { privateKey, certificates, friendlyName, entropy, iterations } = identity
  if (entropy.length !== PKCS12_ENTROPY_OCTETS) throw new RangeError(`not ${PKCS12_ENTROPY_OCTETS} octets of entropy`)
  // A BMPString has no surrogates, X.680 §41.
  if (!/^[^\ud800-\udfff]+$/.test(friendlyName)) throw new RangeError('a name that is empty, or beyond the BMP')
  const [keySalt, keyIv, bagSalt, bagIv, macSalt] = [0, 16, 32, 48, 64].map((at) => entropy.subarray(at, at + 16)) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ]
  const protection = (salt: Uint8Array, iv: Uint8Array): NewProtection => ({ salt, iv, iterations })
  const forms = passwordForms(password)
  const budget = openBudget()
  const localKeyId = yield* askOctets({ op: 'digest', hash: 'SHA-256', octets: certificates[0], times: 1 })
  if (localKeyId === undefined) throw new Pkcs12Error('ERR_PKCS12_MAC')
  const bagAttributes: Attribute[] = [
    { type: OID['id-friendlyName'], values: [writeElement(TAG.bmpString, utf16(friendlyName))] },
    { type: OID['id-localKeyId'], values: [writeOctetString(localKeyId)] },
  ]
  const key: SafeBag = {
    bagId: OID['id-pkcs8ShroudedKeyBag'],
    bagValue: yield* sealPrivateKey(privateKey, forms.utf8, protection(keySalt, keyIv), budget),
    bagAttributes,
  }
  const bags = certificates.map((der, index): SafeBag => ({ ...certBag(der), ...(index === 0 && { bagAttributes }) }))
  const { algorithm, encrypted } = yield* encryptPbes2(
    writeSafeContents(bags),
    forms.utf8,
    protection(bagSalt, bagIv),
    budget,
  )
  const encryptedData = writeEncryptedData({
    version: 0,
    encryptedContentInfo: {
      contentType: OID['id-data'],
      contentEncryptionAlgorithm: algorithm,
      encryptedContent: encrypted,
    },
  })
  const data: ContentInfo = { contentType: OID['id-data'], content: writeOctetString(writeSafeContents([key])) }
  const authSafe = writeAuthenticatedSafe([readContentInfo(encryptedData), data])
  return writePfx({ authSafe, macData: yield* newMacData(authSafe, forms, { macSalt, iterations }, budget) })
}

function certBag(der: Uint8Array): SafeBag {
  const bagValue = writeSequence(writeOid(OID['id-x509Certificate']), writeExplicit(0, writeOctetString(der)))
  return { bagId: OID['id-certBag'], bagValue }
}

/** A BMPString's contents: the password's form without its final zero. */
function utf16(text: string): Uint8Array {
  return passwordForms(text).bmp.subarray(0, -2)
}
