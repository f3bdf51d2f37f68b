// BoringSSL's pki/testdata/verify_certificate_chain: a second opinion by Chromium's rules, with each difference and its reason.
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { anchorOf, type PathContext, PROFILES, type Purpose, verifyPath } from '@countersign/verify'
import { DerError, OID, readCertificate, readPem, X509Error } from '@countersign/x509'
import { checkSignature } from '../../../../interop/chains/check-signature.ts'
import { needsVectors } from '../../../../interop/peer.ts'

const SET = 'boringssl-pki/verify_certificate_chain'
const folder = join(process.env['COUNTERSIGN_VECTORS'] ?? '', SET)

/** The questions that we have, too. The others are Chromium's own: strict purposes, MLS, C2PA, leaves that are trusted as such. */
const PURPOSES: Readonly<Record<string, Purpose>> = { SERVER_AUTH: 'serverAuth', CLIENT_AUTH: 'clientAuth' }
const ANCHORS: readonly string[] = [
  'TRUSTED_ANCHOR',
  'TRUSTED_ANCHOR_WITH_CONSTRAINTS',
  'TRUSTED_ANCHOR_WITH_EXPIRATION',
  'TRUSTED_ANCHOR_WITH_EXPIRATION_AND_CONSTRAINTS',
]

const RFC5937 =
  'RFC 5937 §2: a constraint of an anchor binds from the first certificate on, whatever number stands in it'
const CONSISTENT = 'RFC 5280 §4.2.1.12: only for a purpose that is consistent with keyUsage, too'

/** Cases that only one side accepts, whose side it is, and why. A line that is no longer true fails. */
const DIFFERENCES: Readonly<Record<string, readonly ['ours' | 'theirs', string]>> = {
  'expired-root/not-after-ta-with-constraints.test': ['theirs', 'an anchor that came as a certificate ends with it'],
  'intermediate-basic-constraints-not-critical/main.test': ['theirs', 'RFC 5280 §4.2.1.9: it MUST be critical'],
  'issuer-and-subject-not-byte-for-byte-equal/anchor.test': ['theirs', 'SHA-1, and RSA keys of less than 2048 bits'],
  'issuer-and-subject-not-byte-for-byte-equal/target.test': ['theirs', 'SHA-1'],
  'many-names/ok-all-types.test': ['theirs', 'more names than the default budget of a search'],
  'policies-inhibit-anypolicy-by-root-ok/ta-with-constraints.test': ['theirs', RFC5937],
  'policies-inhibit-mapping-by-root-ok/ta-with-constraints.test': ['theirs', RFC5937],
  'policies-required-by-root-ok/ta-with-constraints.test': ['theirs', RFC5937],
  'policy-mappings-on-root-fail/ta-with-constraints.test': [
    'ours',
    'RFC 5937 §3.2: the mappings of an anchor have no part',
  ],
  'policy-mappings-on-root-ok/ta-with-constraints.test': ['theirs', 'as above: its own policies are what counts'],
  'root-eku-clientauth/serverauth-ta-with-expiration.test': ['theirs', 'all that an anchor’s certificate says binds'],
  'root-lacks-basic-constraints/ta-with-constraints.test': ['theirs', 'as above'],
  'target-has-keycertsign-but-not-ca/main.test': ['theirs', 'RFC 5280 §4.2.1.3: the cA bit MUST also be asserted'],
  'target-msapplicationpolicies-and-eku/main.test': [
    'theirs',
    'an extension of Windows, critical, which we do not process',
  ],
  'target-serverauth-various-keyusages/ec-decipherOnly.test': ['theirs', CONSISTENT],
  'target-serverauth-various-keyusages/rsa-decipherOnly.test': ['theirs', CONSISTENT],
}

interface Question {
  readonly isRefusalExpected: boolean
  readonly policies: readonly string[] | undefined
  readonly context: PathContext
  readonly peer: readonly Uint8Array[]
}

/** Reads a `.test` file; undefined where it asks what we cannot be asked. */
function readQuestion(name: string): Question | undefined {
  const [head = '', errors = ''] = readFileSync(join(folder, name), 'utf8').split('expected_errors:')
  const values = new Map(
    [...head.matchAll(/^([a-z_]+): *(.*)$/gm)].map(([, key, value]) => [key as string, value as string]),
  )
  const purpose = PURPOSES[values.get('key_purpose') ?? '']
  const trust = values.get('last_cert_trust') ?? ''
  if (purpose === undefined || !ANCHORS.includes(trust)) return undefined
  const pem = readFileSync(join(folder, name, '..', values.get('chain') as string), 'latin1')
  const ders = [...pem.matchAll(/^-----BEGIN CERTIFICATE-----\n[^-]+-----END CERTIFICATE-----$/gm)].flatMap(([block]) =>
    readPem(block).map(({ der }) => der),
  )
  const anchor = anchorOf(readCertificate(ders.at(-1) as Uint8Array))
  const { name: subject, subjectPublicKeyInfo } = anchor
  const oids = (key: string) =>
    values
      .get(key)
      ?.split(',')
      .map((oid) => (oid === 'anyPolicy' ? OID.anyPolicy : oid.trim()))
  return {
    isRefusalExpected: errors.includes('ERROR:'),
    policies: oids('expected_user_constrained_policy_set'),
    peer: ders.slice(0, -1),
    context: {
      // An anchor without constraints is a name and a key.
      anchors: [trust === 'TRUSTED_ANCHOR' ? { name: subject, subjectPublicKeyInfo } : anchor],
      issuers: [],
      status: { mode: 'prefer', crls: [] },
      now: timeOf(values.get('utc_time') as string),
      purpose,
      profile: PROFILES.private,
      checkSignature,
    },
  }
}

/** `DEFAULT` is the moment at which the chains were made. */
function timeOf(utcTime: string): Temporal.Instant {
  const [, year, month, day, hour, minute, second] =
    /^(..)(..)(..)(..)(..)(..)Z$/.exec(utcTime === 'DEFAULT' ? '211005120000Z' : utcTime) ?? []
  return Temporal.Instant.from(`20${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
}

suite('boringssl-pki verify_certificate_chain', needsVectors(SET), () => {
  if (!existsSync(folder)) return
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.test'))
  const seen = new Set<string>()
  for (const name of names.sort()) {
    let question: Question | undefined
    let unreadable: string | undefined
    try {
      question = readQuestion(name)
    } catch (error) {
      if (!(error instanceof DerError || error instanceof X509Error)) throw error
      unreadable = error.code
    }
    if (question === undefined && unreadable === undefined) continue
    seen.add(name)
    test(name, () => {
      const verdict = question && verifyPath(question.peer, question.context)
      const told = verdict?.ok
        ? 'accepted'
        : (verdict?.findings ?? []).map(({ code, detail }) => `${code}: ${detail}`).join('; ')
      const expected = question?.isRefusalExpected === false
      const [side, why] = DIFFERENCES[name] ?? ['both', 'no reason is known']
      assert.equal(
        verdict?.ok === true,
        side === 'ours' || (side === 'both' && expected),
        `${why}; ${unreadable ?? told}`,
      )
      assert.equal(
        expected,
        side === 'theirs' || (side === 'both' && verdict?.ok === true),
        `${why}; ${unreadable ?? told}`,
      )
      if (verdict?.ok && question?.policies && side === 'both')
        assert.deepEqual(verdict.policies.toSorted(), question.policies.toSorted())
    })
  }
  test('every difference has its case, and most cases could be asked', () => {
    assert.deepEqual(
      Object.keys(DIFFERENCES).filter((name) => !seen.has(name)),
      [],
    )
    assert.ok(seen.size > 100, `${seen.size}`)
  })
})
