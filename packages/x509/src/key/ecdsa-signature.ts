// ECDSA-Sig-Value, RFC 3279 §2.2.3: what X.509 has where WebCrypto, PKCS#11 and SSH have two numbers side by side.
import { closeDer, enter, leave, openDer } from '../der/cursor.ts'
import { DerError } from '../der/error.ts'
import { readInteger } from '../der/primitive.ts'
import { TAG } from '../der/tag.ts'
import { writeInteger, writeSequence } from '../der/write.ts'
import type { CurveName } from './public-key.ts'

const COORDINATE_OCTETS: Readonly<Record<CurveName, number>> = { 'P-256': 32, 'P-384': 48, 'P-521': 66 }

/**
 * Reads the value of an ECDSA signature as r and s, each in the octets of a coordinate of `curve` (IEEE P1363).
 * @throws {DerError} when it is none, or a number is not positive or has more octets.
 * @see RFC 3279 §2.2.3
 */
export function readEcdsaSignature(der: Uint8Array, curve: CurveName): Uint8Array {
  const octets = COORDINATE_OCTETS[curve]
  const c = openDer(der, { maxOctets: 256, maxElements: 3, maxDepth: 1 })
  const outer = enter(c, TAG.sequence)
  const digits = [0, 1].map(() => {
    const at = c.at
    const number = readInteger(c, octets + 1)
    const text = number.toString(16).padStart(2 * octets, '0')
    if (number <= 0n || text.length !== 2 * octets) throw new DerError('ERR_DER_INTEGER_LIMIT', at)
    return text
  })
  leave(c, outer)
  closeDer(c)
  return Uint8Array.fromHex(digits.join(''))
}

/**
 * Writes the value of an ECDSA signature from r and s that stand side by side, each in half of the octets.
 * @throws {RangeError} when the octets have no two halves.
 * @see RFC 3279 §2.2.3
 */
export function writeEcdsaSignature(octets: Uint8Array): Uint8Array {
  if (octets.length === 0 || octets.length % 2 !== 0)
    throw new RangeError('two numbers of one length stand side by side')
  const middle = octets.length / 2
  const integer = (half: Uint8Array) => writeInteger(BigInt(`0x${half.toHex()}`))
  return writeSequence(integer(octets.subarray(0, middle)), integer(octets.subarray(middle)))
}
