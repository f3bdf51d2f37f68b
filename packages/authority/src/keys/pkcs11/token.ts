// One private key on a token: found by its URI, used through one session. Every call blocks; see holder.ts.
import { createPublicKey, hash, type KeyObject, verify, type webcrypto } from 'node:crypto'
import { CK, type Cryptoki, describe, type Handle, loadCryptoki, resultOf } from './cryptoki.ts'
import { KeyFault } from './fault.ts'
import { type At, findObjects, numberOf, readAttribute } from './objects.ts'
import { type Kind, readPublicKey } from './public-key.ts'
import type { KeyUri } from './uri.ts'

/** A key that this process can use. */
export interface TokenKey {
  readonly publicKey: webcrypto.JsonWebKey
  /** ECDSA as r and s, each in the octets of the order; checked with the public key. @throws {KeyFault} */
  sign(octets: Uint8Array): Uint8Array
  close(): void
}

/** Opens the key that `uri` names. @throws {KeyFault} */
export async function openToken(uri: KeyUri, pin: string | undefined): Promise<TokenKey> {
  const cryptoki = await loadCryptoki(uri.modulePath)
  try {
    const slot = findSlot(cryptoki, uri)
    const session = cryptoki.C_OpenSession(slot, CK.CKF_SERIAL_SESSION)
    if ((cryptoki.C_GetTokenInfo(slot).flags & CK.CKF_LOGIN_REQUIRED) !== 0) logIn(cryptoki, session, pin)
    const at: At = { cryptoki, session }
    const key = findKey(at, uri)
    const kind = readPublicKey(at, key)
    const signing: Signing = {
      ...kind,
      key,
      // A key of a smart card that asks for its PIN at each signature.
      pin: asksEachTime(at, key) ? pin : undefined,
      verifier: createPublicKey({ key: kind.publicKey, format: 'jwk' }),
    }
    return {
      publicKey: kind.publicKey,
      sign: (octets) => sign(at, signing, octets),
      close: () => cryptoki.C_Finalize(),
    }
  } catch (cause) {
    throw faultOf(cause)
  }
}

function findSlot(cryptoki: Cryptoki, { library, slot, token, text }: KeyUri): Handle {
  const info = cryptoki.C_GetInfo()
  const version = `${info.libraryVersion.major}.${info.libraryVersion.minor}`
  if (
    !matches(library.manufacturer, info.manufacturerID) ||
    !matches(library.description, info.libraryDescription) ||
    (library.version ?? version) !== version
  )
    throw new KeyFault('ERR_AUTHORITY_KEY_MODULE', `this module is not the library that ${text} names`)
  const found = cryptoki.C_GetSlotList(true).filter((each) => {
    const its = cryptoki.C_GetSlotInfo(each)
    const of = tokenInfo(cryptoki, each)
    return (
      of !== undefined &&
      (of.flags & CK.CKF_TOKEN_INITIALIZED) !== 0 &&
      (slot.id === undefined || slot.id === numberOf(each)) &&
      matches(slot.description, its.slotDescription) &&
      matches(slot.manufacturer, its.manufacturerID) &&
      matches(token.label, of.label) &&
      matches(token.manufacturer, of.manufacturerID) &&
      matches(token.serial, of.serialNumber) &&
      matches(token.model, of.model)
    )
  })
  const [only, ...others] = found
  if (only === undefined) throw new KeyFault('ERR_AUTHORITY_KEY_TOKEN', 'there is no such token')
  if (others.length > 0)
    throw new KeyFault('ERR_AUTHORITY_KEY_ABSENT', `${found.length} tokens match`, {
      next: 'name one of them, by token or serial',
    })
  return only
}

/** Undefined for a slot whose token cannot be read: another one may be meant. */
function tokenInfo(cryptoki: Cryptoki, slot: Handle): ReturnType<Cryptoki['C_GetTokenInfo']> | undefined {
  try {
    return cryptoki.C_GetTokenInfo(slot)
  } catch (cause) {
    if (resultOf(cause) === undefined) throw cause
    return undefined
  }
}

/** RFC 7512 §2.5, §5: what is absent matches all, and text is compared in one form. */
function matches(wanted: string | undefined, padded: string): boolean {
  return wanted === undefined || wanted === padded.replace(/[ \0]+$/, '').normalize('NFC')
}

function logIn(cryptoki: Cryptoki, session: Handle, pin: string | undefined): void {
  if (pin === undefined)
    throw new KeyFault('ERR_AUTHORITY_KEY_PIN', 'this token asks for a PIN', {
      next: 'name its file in the URI: &pin-source=file:/…',
    })
  try {
    cryptoki.C_Login(session, CK.CKU_USER, pin)
  } catch (cause) {
    // A module may keep who is logged in for all processes.
    if (resultOf(cause) !== 'CKR_USER_ALREADY_LOGGED_IN') throw cause
  }
}

function findKey(at: At, { object, text }: KeyUri): Handle {
  const named = [
    ...(object.label === undefined ? [] : [{ type: CK.CKA_LABEL, value: object.label }]),
    ...(object.id === undefined ? [] : [{ type: CK.CKA_ID, value: Buffer.from(object.id) }]),
  ]
  const [key, another] = findObjects(at, [{ type: CK.CKA_CLASS, value: CK.CKO_PRIVATE_KEY }, ...named])
  if (key === undefined) throw new KeyFault('ERR_AUTHORITY_KEY_ABSENT', `the token has no private key ${text}`)
  if (another !== undefined)
    throw new KeyFault('ERR_AUTHORITY_KEY_ABSENT', `the token has several private keys ${text}`)
  if (readAttribute(at, key, CK.CKA_SIGN)[0] !== 1)
    throw new KeyFault('ERR_AUTHORITY_KEY_KIND', 'this key may not sign')
  return key
}

interface Signing extends Kind {
  readonly key: Handle
  /** Where each signature asks for it. */
  readonly pin: string | undefined
  readonly verifier: KeyObject
}

function sign({ cryptoki, session }: At, signing: Signing, octets: Uint8Array): Uint8Array {
  const { key, pin, mechanism, digests, signatureOctets } = signing
  const input = digests && signing.hash !== null ? hash(signing.hash, octets, 'buffer') : Buffer.from(octets)
  let signature: Buffer
  try {
    cryptoki.C_SignInit(session, { mechanism }, key)
    if (pin !== undefined) cryptoki.C_Login(session, CK.CKU_CONTEXT_SPECIFIC, pin)
    signature = cryptoki.C_Sign(session, input, Buffer.alloc(signatureOctets))
  } catch (cause) {
    throw faultOf(cause)
  }
  // What a token that errs has signed must not leave; and no other key was taken for this one.
  if (!verify(signing.hash, octets, { key: signing.verifier, dsaEncoding: 'ieee-p1363' }, signature))
    throw new KeyFault('ERR_AUTHORITY_KEY_TOKEN', 'the token gave a signature that its public key does not verify')
  return Uint8Array.from(signature)
}

function asksEachTime(at: At, key: Handle): boolean {
  try {
    return readAttribute(at, key, CK.CKA_ALWAYS_AUTHENTICATE)[0] === 1
  } catch (cause) {
    // Modules older than PKCS #11 2.20 do not know the attribute.
    if (resultOf(cause) !== 'CKR_ATTRIBUTE_TYPE_INVALID') throw cause
    return false
  }
}

function faultOf(cause: unknown): KeyFault {
  if (cause instanceof KeyFault) return cause
  const result = resultOf(cause)
  if (result === undefined) throw cause
  if (/^CKR_(?:PIN_|USER_PIN_)/.test(result))
    return new KeyFault('ERR_AUTHORITY_KEY_PIN', `the token does not take the PIN: ${result}`, { cause })
  if (/^CKR_(?:KEY_TYPE_|KEY_FUNCTION_|KEY_SIZE_|MECHANISM_)/.test(result))
    return new KeyFault('ERR_AUTHORITY_KEY_KIND', `the token does not sign with this key: ${describe(cause)}`, {
      cause,
    })
  return new KeyFault('ERR_AUTHORITY_KEY_TOKEN', `the token does not answer: ${describe(cause)}`, { cause })
}
