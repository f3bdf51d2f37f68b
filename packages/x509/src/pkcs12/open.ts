// Opening a PKCS #12 file, RFC 7292 §5.2: the MAC first, then the parts.

import { writeContentInfo } from '../cms/content-info.ts'
import { readEncryptedData } from '../cms/enveloped-data.ts'
import type { ContentInfo } from '../cms/model.ts'
import type { CryptoSteps } from '../crypto-step.ts'
import { closeDer, enter, leave, openDer, readContents } from '../der/cursor.ts'
import { readOid } from '../der/oid.ts'
import { constructedContextTag, TAG } from '../der/tag.ts'
import { readText } from '../der/text.ts'
import { openPrivateKey, readEncryptedPrivateKeyInfo } from '../key/encrypted-private-key.ts'
import { readPrivateKeyInfo } from '../key/private-key.ts'
import { PKCS12_LIMITS } from '../limits.ts'
import type { AlgorithmIdentifier, PrivateKeyInfo } from '../model.ts'
import { OID } from '../oid.ts'
import { openBudget, type PasswordBudget } from '../password/derivation.ts'
import { decryptPbes2, isLegacyEncryption } from '../password/pbes2.ts'
import { Pkcs12Error } from './error.ts'
import { isMacRight, type PasswordForms, passwordForms } from './mac.ts'
import {
  octetsOf,
  type Pfx,
  pkcs12FromBer,
  readAuthenticatedSafe,
  readPfx,
  readSafeContents,
  type SafeBag,
} from './pfx.ts'

/** How people and programs find things in a file, RFC 2985 §5.5. */
export interface Pkcs12Names {
  readonly friendlyName?: string
  /** The same for a key and its certificate. */
  readonly localKeyId?: Uint8Array
}

/** What is in a PKCS #12 file, in its order. Secret where it has keys. */
export interface Pkcs12 {
  readonly keys: readonly (Pkcs12Names & { readonly privateKey: PrivateKeyInfo })[]
  /** Each the octets of one certificate, for its own reader. */
  readonly certificates: readonly (Pkcs12Names & { readonly der: Uint8Array })[]
  readonly crls: readonly (Pkcs12Names & { readonly der: Uint8Array })[]
  /** Secrets, and bags of types that we do not know. */
  readonly others: readonly SafeBag[]
}

const NO_PASSWORD: PasswordForms = { bmp: new Uint8Array(), utf8: new Uint8Array() }

/**
 * Opens a PKCS #12 file, DER or BER, under its password; of the empty password both readings are tried (RFC 7292 leaves
 * open whether "no password" has its final zero).
 * @throws {Pkcs12Error} when the password is wrong, or the file is protected by what protects no more.
 * @throws {Pbes2Error} when the file asks for too much work, or for an algorithm that we do not use.
 * @throws {DerError | CmsError | X509Error} when it is not one.
 * @see RFC 7292 §5.2
 */
export function* openPkcs12(file: Uint8Array, password: string): CryptoSteps<Pkcs12> {
  const pfx = readPfx(pkcs12FromBer(file))
  const budget = openBudget()
  const forms = yield* provedPassword(pfx, password, budget)
  const contents: Contents = { keys: [], certificates: [], crls: [], others: [] }
  for (const part of readAuthenticatedSafe(pfx.authSafe)) {
    const octets = yield* safeContentsOf(part, forms, budget)
    for (const bag of readSafeContents(octets)) yield* sortBag(bag, contents, forms, budget, MAX_BAG_DEPTH)
  }
  return contents
}

function* provedPassword(pfx: Pfx, password: string, budget: PasswordBudget): CryptoSteps<PasswordForms> {
  const given = passwordForms(password)
  for (const forms of password === '' ? [given, NO_PASSWORD] : [given])
    if (yield* isMacRight(pfx, forms, budget)) return forms
  throw new Pkcs12Error('ERR_PKCS12_PASSWORD')
}

type Contents = { [K in keyof Pkcs12]: Pkcs12[K][number][] }

/** §4.1: data as it is, or under the password. */
function* safeContentsOf(part: ContentInfo, { utf8 }: PasswordForms, budget: PasswordBudget): CryptoSteps<Uint8Array> {
  if (part.contentType === OID['id-data']) return octetsOf(part.content)
  if (part.contentType === OID['id-envelopedData']) throw new Pkcs12Error('ERR_PKCS12_PRIVACY')
  if (part.contentType !== OID['id-encryptedData']) throw new Pkcs12Error('ERR_PKCS12_CONTENT')
  const { encryptedContentInfo: info } = readEncryptedData(writeContentInfo(part))
  if (info.contentType !== OID['id-data'] || info.encryptedContent === undefined)
    throw new Pkcs12Error('ERR_PKCS12_CONTENT')
  refuseLegacy(info.contentEncryptionAlgorithm)
  return yield* decryptPbes2(info.contentEncryptionAlgorithm, info.encryptedContent, utf8, budget)
}

function refuseLegacy(algorithm: AlgorithmIdentifier): void {
  if (isLegacyEncryption(algorithm)) throw new Pkcs12Error('ERR_PKCS12_LEGACY')
}

/** OpenSSL nests none, NSS one: the clause allows "arbitrary nesting". */
const MAX_BAG_DEPTH = 4

/** §4.2.1 to §4.2.6. */
function* sortBag(
  bag: SafeBag,
  contents: Contents,
  forms: PasswordForms,
  budget: PasswordBudget,
  depthLeft: number,
): CryptoSteps<void> {
  switch (bag.bagId) {
    case OID['id-keyBag']:
      contents.keys.push({ ...namesOf(bag), privateKey: readPrivateKeyInfo(bag.bagValue) })
      return
    case OID['id-pkcs8ShroudedKeyBag']:
      refuseLegacy(readEncryptedPrivateKeyInfo(bag.bagValue).encryptionAlgorithm)
      contents.keys.push({ ...namesOf(bag), privateKey: yield* openPrivateKey(bag.bagValue, forms.utf8, budget) })
      return
    case OID['id-certBag']:
      contents.certificates.push({ ...namesOf(bag), der: typedOctets(bag, OID['id-x509Certificate']) })
      return
    case OID['id-crlBag']:
      contents.crls.push({ ...namesOf(bag), der: typedOctets(bag, OID['id-x509CRL']) })
      return
    case OID['id-safeContentsBag']:
      if (depthLeft === 0) throw new Pkcs12Error('ERR_PKCS12_BAG_DEPTH')
      for (const inner of readSafeContents(bag.bagValue)) yield* sortBag(inner, contents, forms, budget, depthLeft - 1)
      return
    default:
      contents.others.push(bag)
  }
}

/** §4.2.3, §4.2.4: a type, and its value in an OCTET STRING. Certificates of SDSI are none. */
function typedOctets({ bagValue }: SafeBag, type: string): Uint8Array {
  const c = openDer(bagValue, PKCS12_LIMITS)
  const outer = enter(c, TAG.sequence)
  if (readOid(c) !== type) throw new Pkcs12Error('ERR_PKCS12_BAG')
  const outerValue = enter(c, constructedContextTag(0))
  const octets = readContents(c, TAG.octetString)
  leave(c, outerValue)
  leave(c, outer)
  closeDer(c)
  return octets
}

function namesOf({ bagAttributes = [] }: SafeBag): Pkcs12Names {
  const only = (type: string) => {
    const [value, ...more] = bagAttributes.flatMap((attribute) => (attribute.type === type ? attribute.values : []))
    if (more.length > 0) throw new Pkcs12Error('ERR_PKCS12_ATTRIBUTE')
    return value
  }
  const name = only(OID['id-friendlyName'])
  const keyId = only(OID['id-localKeyId'])
  return {
    ...(name && { friendlyName: bmpText(name) }),
    ...(keyId && { localKeyId: octetsOf(keyId) }),
  }
}

function bmpText(der: Uint8Array): string {
  const c = openDer(der, PKCS12_LIMITS)
  if (der[0] !== TAG.bmpString) throw new Pkcs12Error('ERR_PKCS12_ATTRIBUTE')
  const text = readText(c)
  closeDer(c)
  return text
}
