// What lists say of a party, judged by us and by `openssl verify`, with each disagreement and its reason.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { suite, test } from 'node:test'
import { writePem } from '@countersign/x509'
import { CRL_ISSUER_CASES } from './chains/crl-issuer-cases.ts'
import { DELTA_CASES } from './chains/delta-cases.ts'
import { NOW } from './chains/house.ts'
import { anchor, anchorCrl, issuing, type ListCase, party } from './chains/lists.ts'
import { SCOPE_CASES } from './chains/scope-cases.ts'
import { file, withOpenssl } from './openssl.ts'
import { programPath } from './peer.ts'

const CASES = [...SCOPE_CASES, ...DELTA_CASES, ...CRL_ISSUER_CASES]

/** Cases that only one side accepts, whose side it is, and why. A line that is no longer true fails. */
const DISAGREED: readonly (readonly ['ours' | 'theirs', string, readonly string[]])[] = [
  [
    'ours',
    'RFC 5280 §6.3.3 assumes a point of the name of its issuer; OpenSSL does not',
    ['a list of its issuer by name, for a certificate that names no point'],
  ],
  [
    'theirs',
    'RFC 5280 §5.2.4 and §5.2.5 have the extension critical',
    ['a list of parties, not marked critical', 'a delta which releases, and is not marked critical'],
  ],
  ['theirs', 'RFC 5280 §5.1.2.5 wants nextUpdate in all lists', ['a delta beside a list without an end']],
  [
    'theirs',
    'our profile: only a hold ends (RFC 5280 §3.3)',
    [
      'a delta which takes back what is no hold',
      'a complete list that leaves out what an older one revokes',
      'a complete list that leaves out what an older delta revokes',
    ],
  ],
  [
    'theirs',
    'OpenSSL does not look at the times of a delta where its base is in force',
    ['a delta which releases, and has ended', 'a delta which releases, of the next second'],
  ],
  [
    'ours',
    'RFC 5280 §5.2.4 combines with a locally constructed list too; OpenSSL with one delta alone',
    [
      'a delta over a delta',
      'a delta over a delta in any order',
      'a delta upon a delta that releases what an older one holds',
    ],
  ],
  [
    'ours',
    'OpenSSL takes the first delta that fits; the last one is current (RFC 5280 §5.2.4)',
    ['a delta which releases what an older one holds'],
  ],
  [
    'theirs',
    'OpenSSL takes the first delta that fits; the last one is current (RFC 5280 §5.2.4)',
    ['a delta which holds what an older one released'],
  ],
  [
    'theirs',
    'RFC 5280 §5.2.3: two lists of one number say the same; where they do not, we take the worse',
    ['a complete list that leaves out what a delta of its number holds'],
  ],
  [
    'theirs',
    'RFC 5280 §5.2.3 numbers the lists of each scope apart: neither takes the place of the other',
    ['a complete list of another scope that leaves out what an older one holds'],
  ],
  [
    'theirs',
    'the command names the fault in the path of the list’s issuer, and goes on',
    [
      'another key that may not sign lists',
      'another key without a key usage',
      'another key whose certificate has ended',
    ],
  ],
  ['theirs', 'OpenSSL asks for no status of the issuer of a list', ['another key whose certificate is revoked']],
  [
    'theirs',
    'nobody can tell whose the entry is (RFC 5280 §5.3.3); OpenSSL leaves it aside',
    ['an indirect list with an entry of no name', 'an indirect list with an entry of two names'],
  ],
  [
    'ours',
    'OpenSSL takes the list in force, though a delta has made the ended one the newer (RFC 5280 §5.2.4)',
    ['a delta upon a silent list, which is newer than one that holds'],
  ],
]
const DISAGREEMENTS = new Map(
  DISAGREED.flatMap(([side, why, cases]) => cases.map((what) => [what, [side, why]] as const)),
)

function openssl({ holder = party, sent = [], crls }: ListCase): { readonly accepted: boolean; readonly text: string } {
  const certificates = (path: string, ders: readonly Uint8Array[]) =>
    file(path, ders.map((der) => writePem('CERTIFICATE', der)).join(''))
  const lists = [anchorCrl, ...crls].map(({ crl }) => writePem('X509 CRL', crl.der)).join('')
  const options = ['-x509_strict', '-no-CAstore', '-no-CApath', '-attime', String(NOW.epochMilliseconds / 1000)]
  options.push('-crl_check_all', '-extended_crl', '-use_deltas', '-CRLfile', file('lists.pem', lists))
  options.push('-CAfile', certificates('anchor.pem', [anchor.certificate.der]))
  options.push(
    '-untrusted',
    certificates(
      'sent.pem',
      [issuing, ...sent].map(({ certificate }) => certificate.der),
    ),
  )
  const asked = certificates('party.pem', [holder.certificate.der])
  const { status, stdout, stderr } = spawnSync(programPath('openssl'), ['verify', ...options, asked])
  return { accepted: status === 0, text: `${stdout}${stderr}`.replaceAll('\n', ' ') }
}

suite('lists and openssl verify', withOpenssl, () => {
  for (const one of CASES) {
    const ours = one.codes.length === 0
    const [side, why] = DISAGREEMENTS.get(one.what) ?? ['both', 'both']
    test(`${one.what}: ${why}`, () => {
      if (side !== 'both') assert.equal(ours, side === 'ours')
      const { accepted, text } = openssl(one)
      assert.equal(accepted, side === 'both' ? ours : side === 'theirs', text)
    })
  }

  test('every disagreement is about a case', () => {
    const names = new Set(CASES.map(({ what }) => what))
    assert.equal(names.size, CASES.length)
    assert.deepEqual(
      [...DISAGREEMENTS.keys()].filter((what) => !names.has(what)),
      [],
    )
  })
})
