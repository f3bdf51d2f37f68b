// What shows that a PKCS #12 file is whole: RFC 7292 Appendix A and B, or PBMAC1 (RFC 9879).
import { readAlgorithmIdentifierAt } from '../algorithm.ts'
import { askOctets, type CryptoSteps, type HashName } from '../crypto-step.ts'
import { enter, leave } from '../der/cursor.ts'
import { TAG } from '../der/tag.ts'
import { joinOctets } from '../der/write.ts'
import type { AlgorithmIdentifier } from '../model.ts'
import { OID } from '../oid.ts'
import { digestAlgorithmOf, hashOf, hmacHashOf, readParameters } from '../parameters.ts'
import { deriveKey, type PasswordBudget, readKeyDerivation, spend } from '../password/derivation.ts'
import { sameSecret } from '../same-secret.ts'
import { Pkcs12Error } from './error.ts'
import type { MacData, Pfx } from './pfx.ts'

/** A password in the two forms that PKCS #12 has, in octets. Secret. */
export interface PasswordForms {
  /** RFC 7292 B.1: UTF-16, big-endian, with a zero at its end; of no octets where there is no password. */
  readonly bmp: Uint8Array
  /** RFC 9879 §6, and PBES2 by custom. */
  readonly utf8: Uint8Array
}

/** The forms of a password. Characters beyond the BMP are surrogates, as every program writes them. */
export function passwordForms(password: string): PasswordForms {
  const bmp = new Uint8Array(2 * password.length + 2)
  for (let i = 0; i < password.length; i++) {
    bmp[2 * i] = password.charCodeAt(i) >> 8
    bmp[2 * i + 1] = password.charCodeAt(i) & 0xff
  }
  return { bmp, utf8: new TextEncoder().encode(password) }
}

/** Whether the MAC is that of `authSafe` under the password. @throws {Pkcs12Error | Pbes2Error} when its algorithm is none of ours, or costs too much. */
export function* isMacRight(
  { authSafe, macData }: Pfx,
  password: PasswordForms,
  budget: PasswordBudget,
): CryptoSteps<boolean> {
  if (macData === undefined) throw new Pkcs12Error('ERR_PKCS12_INTEGRITY')
  const { digestAlgorithm, digest } = macData
  const mac =
    digestAlgorithm.algorithm === OID['id-PBMAC1']
      ? yield* pbmac1(digestAlgorithm, authSafe, password.utf8, budget)
      : yield* appendixB(macData, authSafe, password.bmp, budget)
  return sameSecret(mac, digest)
}

/** RFC 9879 §4, §5: the length of the key is said; hashes of 160 bits or less are not accepted. */
function* pbmac1(
  algorithm: AlgorithmIdentifier,
  authSafe: Uint8Array,
  password: Uint8Array,
  budget: PasswordBudget,
): CryptoSteps<Uint8Array> {
  const parameters = readParameters(algorithm, (c) => {
    const outer = enter(c, TAG.sequence)
    const keyDerivationFunc = readAlgorithmIdentifierAt(c)
    const messageAuthScheme = readAlgorithmIdentifierAt(c)
    leave(c, outer)
    return { keyDerivationFunc, messageAuthScheme }
  })
  const hash = parameters && hmacHashOf(parameters.messageAuthScheme)
  if (parameters === undefined || hash === undefined || hash === 'SHA-1') throw new Pkcs12Error('ERR_PKCS12_MAC')
  const read = readKeyDerivation(parameters.keyDerivationFunc)
  // RFC 9879 §5 has the key as long as the hash; one that is longer than any hash is hardly meant.
  const { keyLength } = read
  if (keyLength === undefined || keyLength < 20 || keyLength > 64) throw new Pkcs12Error('ERR_PKCS12_MAC')
  const key = yield* deriveKey(read, keyLength, password, budget)
  return yield* hmac(hash, key, authSafe)
}

/** The blocks of SHA-384 and SHA-512 are of 128 octets, of the others 64: the v of RFC 7292 B.2. */
const BLOCK_OCTETS: Readonly<Record<HashName, number>> = { 'SHA-1': 64, 'SHA-256': 64, 'SHA-384': 128, 'SHA-512': 128 }

/** The ID of a key for a MAC, RFC 7292 B.3. */
const MAC_ID = 3

/** RFC 7292 B.2 for one block, as a MAC key is as long as the hash (B.4); then the HMAC of Appendix A. */
function* appendixB(
  { digestAlgorithm, macSalt, iterations = 1 }: Omit<MacData, 'digest'>,
  authSafe: Uint8Array,
  password: Uint8Array,
  budget: PasswordBudget,
): CryptoSteps<Uint8Array> {
  const hash = hashOf(digestAlgorithm)
  if (hash === undefined) throw new Pkcs12Error('ERR_PKCS12_MAC')
  spend(budget, iterations)
  const block = BLOCK_OCTETS[hash]
  const octets = joinOctets(new Uint8Array(block).fill(MAC_ID), filled(macSalt, block), filled(password, block))
  const key = yield* askOctets({ op: 'digest', hash, octets, times: iterations })
  if (key === undefined) throw new Pkcs12Error('ERR_PKCS12_MAC')
  return yield* hmac(hash, key, authSafe)
}

/** Copies of `octets` to a whole number of blocks; none for none. */
function filled(octets: Uint8Array, block: number): Uint8Array {
  const length = block * Math.ceil(octets.length / block)
  return Uint8Array.from({ length }, (_, i) => octets[i % octets.length] as number)
}

function* hmac(hash: HashName, key: Uint8Array, octets: Uint8Array): CryptoSteps<Uint8Array> {
  const mac = yield* askOctets({ op: 'hmac', hash, key, octets })
  if (mac === undefined) throw new Pkcs12Error('ERR_PKCS12_MAC')
  return mac
}

/** Makes the MAC of RFC 7292 with SHA-256, which every program reads; PBMAC1 is younger than most. */
export function* newMacData(
  authSafe: Uint8Array,
  password: PasswordForms,
  { macSalt, iterations }: { readonly macSalt: Uint8Array; readonly iterations: number },
  budget: PasswordBudget,
): CryptoSteps<MacData> {
  const digestAlgorithm = digestAlgorithmOf('SHA-256')
  const mac = { digestAlgorithm, macSalt, iterations }
  return { ...mac, digest: yield* appendixB(mac, authSafe, password.bmp, budget) }
}
