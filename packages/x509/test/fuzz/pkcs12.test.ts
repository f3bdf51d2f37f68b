// Opens mutations of PKCS #12 files and encrypted keys: nothing but declared errors, within the budget of work.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import {
  CmsError,
  type CryptoStep,
  DerError,
  OID,
  openPkcs12,
  openPrivateKey,
  PASSWORD_LIMITS,
  Pbes2Error,
  Pkcs12Error,
  performSteps,
  readAuthenticatedSafe,
  readPfx,
  writeAuthenticatedSafe,
  writeOctetString,
  writePfx,
  X509Error,
} from '@countersign/x509'
import { mutate, numbersFrom, ROUNDS, SEED } from '../../../../tools/testing/mutations.ts'
import { file, key, opened } from './protected.ts'

const isDeclared = (error: unknown) =>
  [DerError, X509Error, CmsError, Pbes2Error, Pkcs12Error].some((declared) => error instanceof declared)

const parts = readAuthenticatedSafe(readPfx(file).authSafe)

/** Says yes to every MAC and decrypts to `plain`, so that what is within is read; derives nothing. */
function blind(plain: () => Uint8Array, digest: Uint8Array): (step: CryptoStep) => Uint8Array {
  let iterations = 0
  return (step) => {
    if (step.op === 'hmac') return digest
    if (step.op === 'digest') iterations += step.times
    if (step.op === 'deriveKey' && step.derivation.kind === 'PBKDF2') iterations += step.derivation.iterations
    assert.ok(iterations <= PASSWORD_LIMITS.maxIterations, `${iterations} iterations`)
    return step.op === 'decrypt' ? plain() : new Uint8Array(32)
  }
}

suite('mutations of files under a password', () => {
  test('opened', () => {
    const below = numbersFrom(SEED)
    const { macData = assert.fail() } = readPfx(file)
    let whole = 0
    for (let round = 0; round < ROUNDS; round++) {
      // One of three is changed: the file, the parts that its MAC covers, what is decrypted.
      const which = below(3)
      const plain = opened.map((octets) => (which === 2 ? mutate(octets, opened, below) : octets))
      const authSafe = writeAuthenticatedSafe(parts)
      const safe = which === 1 ? mutate(authSafe, [authSafe], below) : authSafe
      const octets = which === 0 ? mutate(file, [file], below) : writePfx({ authSafe: safe, macData })
      let at = 0
      try {
        performSteps(
          openPkcs12(octets, 'x'),
          blind(() => plain[at++] ?? new Uint8Array(), macData.digest),
        )
        whole++
      } catch (error) {
        if (!isDeclared(error)) throw new Error(`seed ${SEED}, round ${round}: ${octets.toHex()}`, { cause: error })
      }
    }
    assert.ok(whole > ROUNDS / 100, 'hardly anything was opened: the mutations are too coarse')
  })

  test('a key, opened', () => {
    const below = numbersFrom(SEED)
    for (let round = 0; round < ROUNDS; round++) {
      const octets = mutate(key, [key], below)
      const plain = opened[1] ?? assert.fail('no key')
      try {
        performSteps(
          openPrivateKey(octets, Uint8Array.of(1)),
          blind(() => mutate(plain, [plain], below), new Uint8Array()),
        )
      } catch (error) {
        if (!isDeclared(error)) throw new Error(`seed ${SEED}, round ${round}: ${octets.toHex()}`, { cause: error })
      }
    }
  })

  test('as many parts as a file may have, each with work of its own', () => {
    const [encrypted = assert.fail()] = parts
    assert.equal(encrypted.contentType, OID['id-encryptedData'])
    const authSafe = writeAuthenticatedSafe(new Array(2_500).fill(encrypted))
    const { macData = assert.fail() } = readPfx(file)
    let derived = 0
    const perform = blind(() => writeOctetString(new Uint8Array()).with(0, 0x30), macData.digest)
    assert.throws(
      () =>
        performSteps(openPkcs12(writePfx({ authSafe, macData }), 'x'), (step) => {
          if (step.op === 'deriveKey') derived++
          return perform(step)
        }),
      { code: 'ERR_PBES2_WORK_LIMIT' },
    )
    assert.equal(derived, 1_999)
  })
})
