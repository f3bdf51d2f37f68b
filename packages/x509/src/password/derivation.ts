// Keys from passwords: PBKDF2 (RFC 8018 §5.2, A.2) and scrypt (RFC 7914 §7), within what a file may ask for.
import { readAlgorithmIdentifierAt, writeAlgorithmIdentifier } from '../algorithm.ts'
import { askOctets, type CryptoSteps, type KeyDerivation } from '../crypto-step.ts'
import { type DerCursor, enter, leave, peekTag, readContents } from '../der/cursor.ts'
import { readUnsigned } from '../der/primitive.ts'
import { TAG } from '../der/tag.ts'
import { writeInteger, writeOctetString, writeSequence } from '../der/write.ts'
import type { AlgorithmIdentifier } from '../model.ts'
import { OID } from '../oid.ts'
import { HASH_OCTETS, hmacAlgorithmOf, hmacHashOf, readParameters } from '../parameters.ts'
import { Pbes2Error } from './error.ts'

/**
 * What one file may cost who opens it, all its passwords together: who made it chose the counts. The work is counted in
 * iterations of PBKDF2 for each block of its hash, and in N·r·p of scrypt, which take about as long: at most some two
 * seconds. Six derivations with the 600,000 that OWASP asks of HMAC-SHA-256 fit in, as GnuTLS writes a key and its path
 * (one for the MAC, the key, and each of four certificates), and scrypt with 128 MiB.
 */
export const PASSWORD_LIMITS: PasswordLimits = { maxIterations: 4_000_000, maxMemoryOctets: 134_217_728 }

/** As {@link PASSWORD_LIMITS}. */
export interface PasswordLimits {
  readonly maxIterations: number
  readonly maxMemoryOctets: number
}

/** What is left of the limits while a file is opened. */
export interface PasswordBudget {
  iterationsLeft: number
  readonly maxMemoryOctets: number
}

/** A budget for one file. */
export function openBudget({ maxIterations, maxMemoryOctets }: PasswordLimits = PASSWORD_LIMITS): PasswordBudget {
  return { iterationsLeft: maxIterations, maxMemoryOctets }
}

/** Takes work from a budget. @throws {Pbes2Error} when there is not enough. */
export function spend(budget: PasswordBudget, iterations: number): void {
  budget.iterationsLeft -= iterations
  if (budget.iterationsLeft < 0) throw new Pbes2Error('ERR_PBES2_WORK_LIMIT')
}

/** A derivation as a file has it, with the length of its key where it says it. */
export interface ReadDerivation {
  readonly derivation: KeyDerivation
  readonly keyLength?: number
}

/** Reads a key derivation function. @throws {Pbes2Error} when it is none of ours. @throws {DerError} when it is malformed. */
export function readKeyDerivation(algorithm: AlgorithmIdentifier): ReadDerivation {
  const read = { [OID['id-PBKDF2']]: readPbkdf2, [OID['id-scrypt']]: readScrypt }[algorithm.algorithm]
  const derivation = read && readParameters(algorithm, read)
  if (derivation === undefined) throw new Pbes2Error('ERR_PBES2_ALGORITHM')
  return derivation
}

/** RFC 8018 A.2. A salt of another source is "reserved for future versions". */
function readPbkdf2(c: DerCursor): ReadDerivation {
  const outer = enter(c, TAG.sequence)
  const salt = readContents(c, TAG.octetString)
  const iterations = readUnsigned(c)
  const keyLength = readOptionalLength(c)
  const hash = c.at < c.end ? hmacHashOf(readAlgorithmIdentifierAt(c)) : 'SHA-1'
  leave(c, outer)
  if (hash === undefined) throw new Pbes2Error('ERR_PBES2_ALGORITHM')
  if (iterations === 0) throw new Pbes2Error('ERR_PBES2_ITERATIONS')
  return { derivation: { kind: 'PBKDF2', salt, iterations, hash }, ...keyLength }
}

/** RFC 7914 §7.1. */
function readScrypt(c: DerCursor): ReadDerivation {
  const outer = enter(c, TAG.sequence)
  const salt = readContents(c, TAG.octetString)
  const cost = readUnsigned(c)
  const blockSize = readUnsigned(c)
  const parallelization = readUnsigned(c)
  const keyLength = readOptionalLength(c)
  leave(c, outer)
  if (cost < 2 || !Number.isInteger(Math.log2(cost)) || blockSize === 0 || parallelization === 0)
    throw new Pbes2Error('ERR_PBES2_COST')
  return { derivation: { kind: 'scrypt', salt, cost, blockSize, parallelization }, ...keyLength }
}

function readOptionalLength(c: DerCursor): { keyLength?: number } {
  return peekTag(c) === TAG.integer ? { keyLength: readUnsigned(c) } : {}
}

/** Writes PBKDF2; the length of the key stands where RFC 9879 §5 asks for it. */
export function writePbkdf2(
  derivation: Extract<KeyDerivation, { kind: 'PBKDF2' }>,
  keyLength?: number,
): AlgorithmIdentifier {
  const { salt, iterations, hash } = derivation
  return {
    algorithm: OID['id-PBKDF2'],
    parameters: writeSequence(
      writeOctetString(salt),
      writeInteger(iterations),
      ...(keyLength === undefined ? [] : [writeInteger(keyLength)]),
      ...(hash === 'SHA-1' ? [] : [writeAlgorithmIdentifier(hmacAlgorithmOf(hash))]),
    ),
  }
}

/** Derives a key within the budget. Secret. @throws {Pbes2Error} when it costs more than is left, or cannot be had. */
export function* deriveKey(
  { derivation, keyLength }: ReadDerivation,
  keyOctets: number,
  password: Uint8Array,
  budget: PasswordBudget,
): CryptoSteps<Uint8Array> {
  if (keyLength !== undefined && keyLength !== keyOctets) throw new Pbes2Error('ERR_PBES2_KEY_LENGTH')
  if (derivation.kind === 'PBKDF2')
    spend(budget, derivation.iterations * Math.ceil(keyOctets / HASH_OCTETS[derivation.hash]))
  else {
    const { cost, blockSize, parallelization } = derivation
    // RFC 7914 §5, §6: N blocks of 128·r octets in V, and p in B.
    if (128 * blockSize * Math.max(cost, parallelization) > budget.maxMemoryOctets)
      throw new Pbes2Error('ERR_PBES2_MEMORY_LIMIT')
    spend(budget, cost * blockSize * parallelization)
  }
  const key = yield* askOctets({ op: 'deriveKey', derivation, password, keyOctets })
  if (key === undefined) throw new Pbes2Error('ERR_PBES2_ALGORITHM')
  return key
}
