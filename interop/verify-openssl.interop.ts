// The same chains judged by us and by `openssl verify`, with each disagreement and its reason.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { OID, writePem } from '@countersign/x509'
import { type Case, chainOf, contextFor, run } from './chains/chain.ts'
import { checkSignature as usual } from './chains/check-signature.ts'
import { CONSTRAINT_CASES } from './chains/constraint-cases.ts'
import { CRL_CASES } from './chains/crl-cases.ts'
import { EXTENSION_CASES } from './chains/extension-cases.ts'
import { FORM_CASES } from './chains/form-cases.ts'
import { codesOf } from './chains/house.ts'
import { ISSUER_CASES } from './chains/issuer-cases.ts'
import { LEAF_CASES } from './chains/leaf-cases.ts'
import { POLICY_CASES } from './chains/policy-cases.ts'
import { STRENGTH_CASES } from './chains/strength-cases.ts'
import { needs, programPath } from './peer.ts'

const folder = mkdtempSync(join(tmpdir(), 'countersign-verify-'))
after(() => rmSync(folder, { recursive: true }))

/** Chains that only one side accepts, whose side it is, and why. A line that is no longer true fails. */
const DISAGREEMENTS: ReadonlyMap<string, readonly ['ours' | 'theirs', string]> = new Map(
  [
    [
      'ecdsa with sha-1',
      ['theirs', 'security level 1 of Debian lets SHA-1 in certificates pass; our profile does not'],
    ],
    ...[
      'a leaf that names another key of its issuer',
      'a leaf that names the beginning of the key of its issuer',
      'a leaf that names another certificate of its issuer by serial number',
      'a leaf that names another issuer of its issuer',
    ].map(
      (what) =>
        [what, ['ours', 'RFC 4158 §3.5.12: key identifiers are hints; to OpenSSL they tell who is no issuer']] as const,
    ),
    ['a leaf that expires now', ['ours', 'RFC 5280 §4.1.2.5 includes the last second; OpenSSL does not']],
    ['a leaf of version 1', ['theirs', 'OpenSSL takes leaves of any version; such a leaf has no names and no purpose']],
    ...[
      'an anchor that its own key signed under another name',
      'an anchor that another key signed, and which names it',
    ].map(
      (what) =>
        [what, ['ours', 'OpenSSL ends a path at a self-issued certificate, unless told -partial_chain']] as const,
    ),
    [
      'an anchor that names no key in its authority key identifier',
      ['theirs', 'RFC 5280 §4.2.1.1 leaves the extension out, or wants the key identifier in it'],
    ],
    [
      'an issuer without a key usage',
      ['ours', 'RFC 5280 §6.1.4 (n) asks only where it is present; strict mode asks for it'],
    ],
    [
      'an issuer for any purpose',
      ['ours', 'RFC 5280 §4.2.1.12 lets anyExtendedKeyUsage stand for all; OpenSSL skips it in issuers'],
    ],
    [
      'an authority as a leaf, which may sign certificates and all else',
      ['theirs', 'our profile, and SPIFFE X509-SVID §5.2'],
    ],
    ['an authority as a leaf', ['theirs', 'our profile, and SPIFFE X509-SVID §5.2']],
    [
      'a leaf whose key may only encipher',
      ['theirs', 'keyAgreement is enough for the TLS of old; RFC 9846 §4.5.1.2 wants a signature'],
    ],
    ['a leaf without a purpose', ['theirs', 'our profile: RFC 5280 lets an absent extendedKeyUsage allow all']],
    ['a leaf for the name', ['ours', 'the reference has the dot of the root, which OpenSSL compares as it stands']],
    ['a leaf with the name as its common name only', ['theirs', 'RFC 9525 §2 leaves the common name out']],
    ...LEAF_CASES.filter(({ codes }) => codes.includes('ERR_VERIFY_SPIFFE')).map(
      ({ what }) => [what, ['theirs', 'OpenSSL knows nothing of SPIFFE']] as const,
    ),
    ...EXTENSION_CASES.filter(({ codes }) => codes.includes('ERR_VERIFY_UNSUPPORTED')).map(
      ({ what }) => [what, ['theirs', 'not processed here yet']] as const,
    ),
    ['name constraints that are not critical', ['theirs', 'RFC 5280 §4.2.1.10: they MUST be critical']],
    ['policy constraints that are not critical', ['theirs', 'RFC 5280 §4.2.1.11: they MUST be critical']],
    ['inhibitAnyPolicy that is not critical', ['theirs', 'RFC 5280 §4.2.1.14: it MUST be critical']],
    [
      'an unknown qualifier of critical policies',
      ['theirs', 'RFC 5280 §4.2.1.4: whoever cannot interpret it MUST reject'],
    ],
    ...[
      'an anchor that requires a policy',
      'an anchor that names another policy',
      'an anchor that inhibits anyPolicy',
      'a mapping that the anchor inhibits',
      'a mapping by the anchor',
    ].map((what) => [what, ['theirs', 'RFC 5937: OpenSSL does not look at the policies of an anchor']] as const),
    ...EXTENSION_CASES.filter(({ what }) => what.startsWith('noRevAvail ') && !what.endsWith('critical')).map(
      ({ what, codes }) =>
        [what, [codes.length === 0 ? 'ours' : 'theirs', 'RFC 9608, which OpenSSL 3.0 does not know']] as const,
    ),
    ['name constraints in a leaf', ['theirs', 'RFC 5280 §4.2.1.10: they stand in certificates of authorities alone']],
    [
      'a wildcard that could stand for what is excluded',
      ['theirs', 'OpenSSL compares the wildcard as it stands, so that it reaches what is excluded'],
    ],
    ...CONSTRAINT_CASES.filter(({ what }) => what.startsWith('the base ')).map(
      ({ what }) => [what, ['theirs', 'OpenSSL does not look at a base until a name of its kind comes']] as const,
    ),
    ...CONSTRAINT_CASES.filter(({ what }) => /https:..(192|\[).*which cannot be compared/.test(what)).map(
      ({ what }) =>
        [what, ['theirs', 'RFC 5280 §4.2.1.10: with an address as its host "the application MUST reject"']] as const,
    ),
    ...CONSTRAINT_CASES.filter(({ what }) => what.includes('https://user@')).map(
      ({ what }) =>
        [
          what,
          [what.startsWith('permitted') ? 'ours' : 'theirs', 'OpenSSL takes the user of a URI for a part of its host'],
        ] as const,
    ),
    ...CONSTRAINT_CASES.filter(({ what }) => /SmtpUTF8Mailbox .* below .*"(\.school|xn--pss25c)/.test(what))
      .map(
        ({ what, codes }) =>
          [
            what,
            [
              codes.length === 0 ? 'ours' : 'theirs',
              'RFC 9598 §6: a domain with a leading period, and A-labels as they stand; OpenSSL 3.0 has RFC 8398',
            ],
          ] as const,
      )
      .filter(([what]) => !what.includes('not below')),
    ...CONSTRAINT_CASES.filter(({ what }) =>
      /^(\{"kind":"(dNSName|rfc822Name|uniformResourceIdentifier)","value":"(a\.example\.|\*?|carol@a\.example\.|https:..example\.\/)"\}|SmtpUTF8Mailbox .*@\P{ASCII}).*which cannot be compared/u.test(
        what,
      ),
    ).map(
      ({ what }) =>
        [what, ['theirs', 'it is no name of its kind, and OpenSSL takes it for one beside what is excluded']] as const,
    ),
    [
      'an SmtpUTF8Mailbox where other names are constrained',
      ['theirs', 'constraints on other names are not processed here, so that every name of the kind is refused'],
    ],
    ...STRENGTH_CASES.filter(
      ({ what, codes }) =>
        codes.length > 0 && !what.includes('by its numbers') && !codes.includes('ERR_VERIFY_BAD_SIGNATURE'),
    ).map(
      ({ what }) =>
        [what, ['theirs', 'our profile: `openssl verify` asks for no strength unless told -auth_level']] as const,
    ),
    ...['ml-dsa-44', 'ml-dsa-65', 'ml-dsa-87'].map(
      (what) => [`a party with a key of ${what}`, ['ours', 'RFC 9881, which OpenSSL 3.0 does not know']] as const,
    ),
    ['a list without an end', ['theirs', 'RFC 5280 §5.1.2.5 wants nextUpdate in all lists']],
    ['a list without a number', ['theirs', 'RFC 5280 §5.2.3 wants a number in all lists']],
    [
      'a list of a part that does not say so critically',
      ['theirs', 'RFC 5280 §5.2.5: "The issuing distribution point is a critical CRL extension"'],
    ],
    [
      'a delta that takes a compromise back',
      ['theirs', 'RFC 5280 §5.3.1 has removeFromCRL for holds and for what has expired; we hold issuers to it'],
    ],
    ['a compromise that the next list lacks', ['theirs', 'our profile: only a hold ends']],
    // It refuses this one too, as it does not know the extension.
  ].filter(([what]) => what !== 'critical issuerAltName') as [string, ['ours' | 'theirs', string]][],
)

const CASES = [
  ...FORM_CASES,
  ...ISSUER_CASES,
  ...LEAF_CASES,
  ...EXTENSION_CASES,
  ...CONSTRAINT_CASES,
  ...POLICY_CASES,
  ...STRENGTH_CASES,
  ...CRL_CASES,
].filter(comparable)

suite('openssl verify', needs('openssl', 'openssl'), () => {
  for (const one of CASES) {
    test(one.what, () => {
      const ours = codesOf(run(one))
      const theirs = openssl(one)
      const [side, why] = DISAGREEMENTS.get(one.what) ?? ['both', 'no reason is known']
      assert.equal(
        ours.length === 0,
        side === 'ours' || (side === 'both' && theirs.accepted),
        `${ours}; ${theirs.text}`,
      )
      assert.equal(
        theirs.accepted,
        side === 'theirs' || (side === 'both' && ours.length === 0),
        `${why}; ${theirs.text}`,
      )
    })
  }

  test('enough chains were compared, and every disagreement is about one of them', () => {
    assert.ok(CASES.length >= 60, `${CASES.length} chains`)
    const names = new Set(CASES.map(({ what }) => what))
    assert.deepEqual(
      [...DISAGREEMENTS.keys()].filter((what) => !names.has(what)),
      [],
    )
  })
})

/** OpenSSL is asked what both can be asked: a chain as usual, certificates as anchors, a name that its options take. */
function comparable(one: Case): boolean {
  if (one.ask !== undefined) return false
  const { anchors, checkSignature, budget, name, maxPathLength } = contextFor(one, chainOf(one))
  if (
    checkSignature !== usual ||
    budget !== undefined ||
    maxPathLength !== undefined ||
    name?.kind === 'uniformResourceIdentifier'
  )
    return false
  return anchors.length > 0 && anchors.every(({ certificate }) => certificate !== undefined)
}

const NAME_OPTIONS = { dNSName: '-verify_hostname', iPAddress: '-verify_ip', rfc822Name: '-verify_email' } as const

function openssl(one: Case): { readonly accepted: boolean; readonly text: string } {
  const chain = chainOf(one)
  const { anchors, name, now, purpose, status, policy } = contextFor(one, chain)
  const file = (path: string, label: string, ders: readonly Uint8Array[]) => {
    writeFileSync(join(folder, path), ders.map((der) => writePem(label, der)).join(''))
    return join(folder, path)
  }
  const roots = anchors.flatMap(({ certificate }) => (certificate === undefined ? [] : [certificate.der]))
  const crls = status.crls.map(({ crl }) => crl.der)
  const options = ['-x509_strict', '-no-CAstore', '-no-CApath', '-attime', String(now.epochMilliseconds / 1000)]
  options.push('-purpose', purpose === 'clientAuth' ? 'sslclient' : 'sslserver')
  if (name !== undefined && name.kind !== 'uniformResourceIdentifier') options.push(NAME_OPTIONS[name.kind], name.value)
  options.push('-policy_check')
  if (policy?.initialExplicitPolicy) options.push('-explicit_policy')
  if (policy?.initialAnyPolicyInhibit) options.push('-inhibit_any')
  if (policy?.initialPolicyMappingInhibit) options.push('-inhibit_map')
  for (const oid of policy?.initialPolicySet ?? [OID.anyPolicy]) options.push('-policy', oid)
  if (status.mode === 'require') options.push('-crl_check_all')
  else if (crls.length > 0) options.push('-crl_check')
  if (crls.length > 0) options.push('-extended_crl', '-use_deltas', '-CRLfile', file('crls.pem', 'X509 CRL', crls))
  options.push('-CAfile', file('anchors.pem', 'CERTIFICATE', roots))
  options.push('-untrusted', file('issuing.pem', 'CERTIFICATE', [chain.issuing.certificate.der]))
  const party = file('party.pem', 'CERTIFICATE', [chain.party.certificate.der])
  const { status: exit, stdout, stderr } = spawnSync(programPath('openssl'), ['verify', ...options, party])
  return { accepted: exit === 0, text: `${stdout}${stderr}`.replaceAll('\n', ' ') }
}
