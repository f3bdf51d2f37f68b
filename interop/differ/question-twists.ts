// What can be asked about a chain beyond its form: names, constraints on them, policies, statuses.
import type { ReferenceIdentity } from '@countersign/verify'
import {
  type Extension,
  type GeneralName,
  issuingDistributionPointExtension,
  nameOf,
  parseIpAddress,
  writeSequence,
} from '@countersign/x509'
import { hours, marked, name, sans } from '../chains/house.ts'
import { change, type Draft, type Place, STRANGER, take } from './draft.ts'
import { policyExtensions, randomInputs, randomSay } from './policies.ts'
import type { Random } from './random.ts'
import { randomDirectoryName, randomName, randomSubtrees, subtreesExtension } from './subtrees.ts'

const dns = (value: string): GeneralName => ({ kind: 'dNSName', value })
const ip = (text: string): GeneralName => ({ kind: 'iPAddress', octets: parseIpAddress(text) as Uint8Array })
const mail = (value: string): GeneralName => ({ kind: 'rfc822Name', value })

/** What a leaf presents, each with the word by which a disagreement is told. */
const PRESENTED: readonly (readonly [string, GeneralName])[] = [
  ['', dns('party.example')],
  ['', dns('PARTY.example')],
  ['', dns('other.example')],
  ['a wildcard under a top domain', dns('*.example')],
  ['a wildcard', dns('*.party.example')],
  ['a wildcard inside of a label', dns('p*y.example')],
  ['a wildcard in the second label', dns('a.*.example')],
  ['a wildcard alone', dns('*')],
  ['the dot of the root presented', dns('party.example.')],
  ['an address as a dns name', dns('192.0.2.1')],
  ['', ip('192.0.2.1')],
  ['', ip('192.0.2.2')],
  ['', ip('2001:db8::1')],
  ['', mail('carol@party.example')],
  ['', mail('Carol@party.example')],
  ['', mail('carol@PARTY.example')],
  ['', mail('dora@party.example')],
]

const REFERENCES: readonly (readonly [string, ReferenceIdentity])[] = [
  ['', { kind: 'dNSName', value: 'party.example' }],
  ['', { kind: 'dNSName', value: 'Party.Example' }],
  ['the dot of the root asked for', { kind: 'dNSName', value: 'party.example.' }],
  ['', { kind: 'dNSName', value: 'a.party.example' }],
  ['', { kind: 'dNSName', value: 'a.b.party.example' }],
  ['', { kind: 'iPAddress', value: '192.0.2.1' }],
  ['', { kind: 'iPAddress', value: '2001:db8:0::1' }],
  ['', { kind: 'rfc822Name', value: 'carol@party.example' }],
]

/** Presents random names, and asks for one that may be among them. */
export function twistNames(draft: Draft, random: Random): void {
  const last = draft.places.length - 1
  const [word, reference] = random.pick(REFERENCES)
  const none = random.once(6)
  const presented = none ? [] : random.some(PRESENTED, 1, 4)
  const subject = random.once(3) ? nameOf([]) : name(random.once(2) ? reference.value : 'party')
  const isEmpty = subject.rdnSequence.length === 0
  const critical = random.once(isEmpty ? 2 : 8)
  const subjectAltName = none ? null : marked(critical, sans(...presented.map(([, each]) => each)))
  if (!change(draft, last, { extensions: { subjectAltName }, subject })) return
  draft.name = reference
  for (const each of ['a name is asked for', word, ...presented.map(([each]) => each)])
    if (each !== '') draft.twists.add(each)
  if (none) draft.twists.add('leaf: no subjectAltName')
  if (isEmpty) draft.twists.add('leaf: an empty subject')
}

/** Constrains names in one or two authorities, and gives names to those below. */
export function twistConstraints(draft: Draft, random: Random): void {
  const last = draft.places.length - 1
  for (const i of random.some([...draft.places.keys()].slice(0, -1), 1, 2)) {
    const critical = !random.once(10)
    if (!change(draft, i, { more: [marked(critical, subtreesExtension(randomSubtrees(random)))] })) continue
    const { role } = draft.places[i] as Place
    draft.twists.add(`${role}: constraints on names${critical ? '' : ', not critical'}`)
  }
  const names = Array.from({ length: 1 + random.below(3) }, () => randomName(random))
  if (change(draft, last, { extensions: { subjectAltName: sans(...names) } }) && random.once(2))
    change(draft, last, { subject: randomDirectoryName(random) })
  if (names.some((each) => each.kind === 'uniformResourceIdentifier')) draft.twists.add('leaf: a uri')
}

/** Says something of policies in each certificate, and asks for some. */
export function twistPolicies(draft: Draft, random: Random): void {
  for (const [i, place] of draft.places.entries()) {
    if (place.role === 'anchor' && !random.once(6)) continue
    const { selfIssued, ...say } = randomSay(random, place.role !== 'leaf')
    if (selfIssued && place.role !== 'anchor' && take(draft, `${i} subject`)) {
      place.selfIssued = true
      draft.twists.add(`${place.role}: self-issued`)
    }
    const critical = !random.once(12)
    const marks = (each: Extension) => (each.critical && !critical ? marked(false, each) : each)
    const extensions = policyExtensions(say).map(marks)
    if (extensions.length === 0 || !change(draft, i, { more: extensions })) continue
    if (place.role === 'anchor') draft.twists.add('anchor: policies')
  }
  draft.policy = randomInputs(random)
  draft.twists.add('policies')
}

/** Asks for the status of each certificate by lists, one of which may be wrong. */
export function twistStatus(draft: Draft, random: Random): void {
  draft.status = true
  draft.twists.add('statuses')
  if (random.once(4)) return
  const place = draft.places[random.below(draft.places.length - 1)] as Place
  const [what, different] = random.pick(LISTS)
  place.crl = different
  draft.twists.add(`list: ${what}`)
}

const WHOLE = {
  onlyContainsUserCerts: false,
  onlyContainsCACerts: false,
  onlyContainsAttributeCerts: false,
  indirectCRL: false,
} as const

const LISTS: readonly (readonly [string, Place['crl']])[] = [
  ['none', null],
  ['revokes the next', { revokesNext: {} }],
  ['revokes the next for its key', { revokesNext: { reasonCode: 'keyCompromise' } }],
  ['holds the next', { revokesNext: { reasonCode: 'certificateHold' } }],
  ['takes the next off', { revokesNext: { reasonCode: 'removeFromCRL' } }],
  ['of old', { nextUpdate: hours(-1) }],
  ['ends now', { nextUpdate: hours(0) }],
  ['begins now', { thisUpdate: hours(0) }],
  ['of tomorrow', { thisUpdate: hours(1), nextUpdate: hours(2) }],
  ['without an end', { nextUpdate: null }],
  ['by a stranger', { signer: STRANGER }],
  ['of another name', { issuer: name('Elsewhere') }],
  [
    'with an unknown critical extension',
    { extensions: { unknown: { extnID: '1.3.6.1.4.1.32473.2', critical: true, extnValue: writeSequence() } } },
  ],
  ['without a number', { extensions: { cRLNumber: null } }],
  ['without the key of its issuer', { extensions: { authorityKeyIdentifier: null } }],
  ...(['onlyContainsUserCerts', 'onlyContainsCACerts', 'onlyContainsAttributeCerts', 'indirectCRL'] as const).map(
    (scope): readonly [string, Place['crl']] => [
      scope,
      { extensions: { scope: issuingDistributionPointExtension({ ...WHOLE, [scope]: true }) } },
    ],
  ),
]
