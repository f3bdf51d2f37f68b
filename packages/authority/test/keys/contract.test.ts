// The contract of keys, over every place where a key may be and every kind that it may be.
import assert from 'node:assert/strict'
import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { after, before, suite, test } from 'node:test'
import { inspect } from 'node:util'
import { type AlgorithmIdentifier, readSignatureAlgorithm, writeCertificate, writePem } from '@countersign/x509'
import { file, openssl, refusedByOpenssl } from '../../../../interop/openssl.ts'
import { authorityName, makeSerial } from '../../src/issuance/build.ts'
import { buildAndLint, type LintedTbs } from '../../src/issuance/lint.ts'
import type { Signer } from '../../src/keys/signer.ts'
import { START } from '../support/core.ts'
import { KEY_KINDS, KEY_SOURCES, type KeyKind, newKeyFile } from './support/key-sources.ts'

/** RFC 5758 §3.2, RFC 8410 §3, RFC 8017 A.2.4. */
const ALGORITHMS: Readonly<Record<KeyKind, readonly [string, string | undefined]>> = {
  'P-256': ['1.2.840.10045.4.3.2', undefined],
  'P-384': ['1.2.840.10045.4.3.3', undefined],
  Ed25519: ['1.3.101.112', undefined],
  'RSA-2048': ['1.2.840.113549.1.1.11', '0500'],
}

const WHILE_VALID = ['-attime', String(Math.floor(START.add({ hours: 1 }).epochMilliseconds / 1_000))]

/** What a root signs for itself, as the authority makes it. */
function linted({ publicKey }: Signer): LintedTbs {
  const subject = authorityName('Acme', 'Root 1')
  const content = { profile: 'root', subject, publicKey: publicKey.der, identities: [], now: START } as const
  const verdict = buildAndLint({ ...content, serial: makeSerial() })
  assert.ok(verdict.ok, JSON.stringify(verdict))
  return verdict.tbs
}

function hashOf(algorithm: AlgorithmIdentifier): string | undefined {
  const how = readSignatureAlgorithm(algorithm)
  return how !== undefined && 'hash' in how ? how.hash : undefined
}

for (const source of KEY_SOURCES)
  for (const kind of Object.keys(KEY_KINDS) as KeyKind[])
    suite(`the contract of keys: ${kind} in ${source.name}`, source.options, () => {
      let path: string
      let spki: Uint8Array
      let signer: Signer
      before(async () => {
        ;({ path, spki } = newKeyFile(kind))
        signer = await source.open({ after: (work) => void ends.unshift(work) }, path)
      })
      const ends: (() => unknown)[] = []
      after(async () => {
        for (const end of ends) await end()
      })

      test('the public key is the one that OpenSSL tells, and the algorithm that of its kind', async () => {
        assert.deepEqual(signer.publicKey.der, spki)
        const { algorithm, parameters } = signer.algorithm
        assert.deepEqual([algorithm, parameters?.toHex()], ALGORITHMS[kind])
      })

      test('OpenSSL accepts what was signed as it was linted, and nothing else', async () => {
        const tbs = linted(signer)
        const signature = await signer.sign(tbs)
        const verified = (name: string, signed: Uint8Array) => {
          const path = file(
            `${name}.pem`,
            writePem('CERTIFICATE', writeCertificate(signed, signer.algorithm, signature)),
          )
          return ['verify', '-x509_strict', '-check_ss_sig', ...WHILE_VALID, '-CAfile', path, path]
        }
        assert.match(openssl(...verified('signed', tbs)), /: OK\n$/)
        const other = Uint8Array.from(tbs)
        // keyUsage is at the end: cRLSign is taken away.
        other[other.length - 1] = 0x04
        assert.match(refusedByOpenssl(...verified('changed', other)), /verification failed/)
      })

      test('signatures that are asked for together are each of their own octets', async () => {
        const all = Array.from({ length: 64 }, () => linted(signer))
        const signatures = await Promise.all(all.map((tbs) => signer.sign(tbs)))
        const key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' })
        const hash = hashOf(signer.algorithm)
        for (const [index, tbs] of all.entries()) {
          assert.ok(verify(hash, tbs, key, signatures[index]!))
          assert.equal(verify(hash, tbs, key, signatures[(index + 1) % all.length]!), false)
        }
      })

      // P-256 and Ed25519 take some 30 µs, less than the way to any other thread or process.
      if (kind === 'P-384' || kind === 'RSA-2048')
        test('signing takes the event loop less time than signing there', async (t) => {
          const tbs = linted(signer)
          const key = createPrivateKey(readFileSync(path))
          const count = 200
          const cost = async (work: () => unknown): Promise<number> => {
            const before = process.threadCpuUsage()
            for (let i = 0; i < count; i++) await work()
            const { user, system } = process.threadCpuUsage(before)
            return (user + system) / count
          }
          await cost(() => signer.sign(tbs))
          const aside = await cost(() => signer.sign(tbs))
          const here = await cost(() => sign(hashOf(signer.algorithm), tbs, key))
          t.diagnostic(`${aside.toFixed(0)} µs of the loop for each, ${here.toFixed(0)} µs there`)
          assert.ok(aside < 0.75 * here, `${aside} µs, and ${here} µs there`)
        })

      test('the private key cannot be reached through it', async () => {
        assert.ok(Object.isFrozen(signer))
        const fields = Reflect.ownKeys(signer).filter((name) => name !== 'close' && name !== 'uri')
        assert.deepEqual(fields, ['publicKey', 'algorithm', 'sign'])
        const seen = inspect(signer, { depth: Infinity, showHidden: true, getters: true })
        assert.doesNotMatch(seen, /KeyObject|PRIVATE|1234/)
      })
    })
