import assert from 'node:assert/strict'
import { createPublicKey, hash, randomBytes } from 'node:crypto'
import { suite, test } from 'node:test'
import {
  readKeyRevocationList,
  type SshOption,
  type SshTbsCertificate,
  writeKeyRevocationList,
  writeSshCertificate,
  writeSshPublicKey,
  writeSshTbsCertificate,
} from '@countersign/ssh'
import { newSshKey } from '../../../../tools/testing/ssh-keys.ts'
import { readCredential } from '../../src/ssh/certificate.ts'
import type { KnownStatus } from '../../src/ssh/known.ts'

const now = Temporal.Instant.from('2026-11-28T06:00:00Z')
const authority = newSshKey('Ed25519')
const user = newSshKey('P-256')
const issuerSpki = hash('sha256', createPublicKey(authority.privateKey).export({ type: 'spki', format: 'der' }), 'hex')

function certificate(changed: Partial<SshTbsCertificate> = {}, by = authority): string {
  const tbs = writeSshTbsCertificate({
    nonce: new Uint8Array(randomBytes(32)),
    key: user.key,
    serial: 0x8000_0000_0000_0001n,
    role: 'user',
    keyId: 'ops/alice',
    principals: ['ops/alice'],
    validAfter: now.subtract({ minutes: 5 }),
    validBefore: now.add({ hours: 16 }),
    criticalOptions: [],
    extensions: [],
    signatureKey: authority.key,
    ...changed,
  })
  return writeSshCertificate(tbs, by.sign(tbs)).toBase64()
}

function status(revoked: Parameters<typeof writeKeyRevocationList>[0] = list(), at = now): KnownStatus {
  return {
    authorities: [writeSshPublicKey(authority.key)],
    revoked: readKeyRevocationList(writeKeyRevocationList(revoked)),
    at,
  }
}
function list(more: Partial<Parameters<typeof writeKeyRevocationList>[0]> = {}) {
  return { version: 3n, generatedAt: now, ...more }
}

function judge(
  base64: string,
  known: KnownStatus | undefined = status(),
  { revocation = 'require', announced = '' }: { revocation?: 'require' | 'prefer'; announced?: string } = {},
) {
  const trust = {
    revocation,
    announced: (spki: string, serial: bigint) =>
      announced === `${spki}:${serial.toString(16)}`
        ? { issuerSpkiSha256: spki, serialNumber: serial, party: 'ops/alice', at: now, reason: 'superseded' as const }
        : undefined,
  }
  const read = readCredential(base64, { trust, known: () => known })
  const standing = read?.standing.ask(now)
  return standing === undefined ? 'unread' : standing.ok ? 'ok' : standing.code
}

suite('a certificate of SSH at the door', () => {
  test('says who its holder is, and by which keys its sessions are found', () => {
    const trust = { revocation: 'require', announced: () => undefined } as const
    const read = readCredential(certificate(), { trust, known: () => status() })
    assert.equal(read?.side.party, 'ops/alice')
    assert.deepEqual(read?.side.identities, [{ kind: 'sshPrincipal', value: 'ops/alice' }])
    assert.ok(read?.keys.includes(`certificate:${issuerSpki}:8000000000000001`))
    const spki = hash('sha256', createPublicKey(user.privateKey).export({ type: 'spki', format: 'der' }), 'hex')
    assert.ok(read?.keys.includes(`key:${spki}`), 'by the key as X.509 has it')
  })

  const other = newSshKey('Ed25519')
  const serials = [{ first: 0x8000_0000_0000_0001n, last: 0x8000_0000_0000_0001n }]
  const option: SshOption = { name: 'unknown@example.org', data: new Uint8Array() }
  for (const [what, found, code] of [
    ['one that is good', judge(certificate()), 'ok'],
    ['one of a host', judge(certificate({ role: 'host', principals: ['a.example'] })), 'ERR_CALLER_WRONG_PURPOSE'],
    ['one by another authority', judge(certificate({ signatureKey: other.key }, other)), 'ERR_CALLER_UNKNOWN_ISSUER'],
    ['one that the authority has not signed', judge(certificate({}, other)), 'ERR_CALLER_BAD_SIGNATURE'],
    ['one that ends now', judge(certificate({ validBefore: now })), 'ERR_CALLER_EXPIRED'],
    [
      'one that begins in a second',
      judge(certificate({ validAfter: now.add({ seconds: 1 }) })),
      'ERR_CALLER_NOT_YET_VALID',
    ],
    ['one of nobody who could be a party', judge(certificate({ keyId: 'a party' })), 'ERR_CALLER_INVALID_PATH'],
    [
      'one that is on the list',
      judge(certificate(), status(list({ certificates: [{ serials, keyIds: [] }] }))),
      'ERR_CALLER_REVOKED',
    ],
    [
      'one whose key is on the list',
      judge(certificate(), status(list({ keys: [writeSshPublicKey(user.key)] }))),
      'ERR_CALLER_REVOKED',
    ],
    [
      'one whose authority is',
      judge(certificate(), status(list({ keys: [writeSshPublicKey(authority.key)] }))),
      'ERR_CALLER_REVOKED',
    ],
    [
      'one that was told of',
      judge(certificate(), status(), { announced: `${issuerSpki}:8000000000000001` }),
      'ERR_CALLER_REVOKED',
    ],
    [
      'its neighbour',
      judge(certificate({ serial: 0x8000_0000_0000_0002n }), status(), { announced: `${issuerSpki}:8000000000000001` }),
      'ok',
    ],
    [
      'one of which a day-old list says nothing',
      judge(certificate(), status(list(), now.subtract({ hours: 25 }))),
      'ERR_CALLER_STATUS_UNKNOWN',
    ],
    [
      'the same where a list is preferred',
      judge(certificate(), status(list(), now.subtract({ hours: 25 })), { revocation: 'prefer' }),
      'ok',
    ],
  ] as const)
    test(`${what}: ${code}`, () => {
      assert.equal(found, code)
    })

  test('without any list nobody counts, however much it is preferred', () => {
    const trust = { revocation: 'prefer', announced: () => undefined } as const
    const standing = readCredential(certificate(), { trust, known: () => undefined })?.standing.ask(now)
    assert.deepEqual(standing, { ok: false, code: 'ERR_CALLER_STATUS_UNKNOWN' })
  })

  test('an option that must be heeded and is not known', () => {
    // Nobody writes it: it is put in place of one that is known.
    const forced = certificate({
      criticalOptions: [{ ...option, name: 'force-command', data: new Uint8Array([0, 0, 0, 1, 0x61]) }],
    })
    const hex = Uint8Array.fromBase64(forced)
      .toHex()
      .replace(Buffer.from('force-command').toString('hex'), Buffer.from('force-commune').toString('hex'))
    // Its signature is another one's then.
    assert.equal(judge(Uint8Array.fromHex(hex).toBase64()), 'ERR_CALLER_BAD_SIGNATURE')
  })

  for (const [what, text] of [
    ['nothing', ''],
    ['no base64', '%%%%'],
    ['a key', writeSshPublicKey(user.key).toBase64()],
    ['half of one', certificate().slice(0, 200)],
    ['one that is too large', 'A'.repeat(30_000)],
  ] as const)
    test(`${what} is not read`, () => {
      assert.equal(judge(text), 'unread')
    })
})
