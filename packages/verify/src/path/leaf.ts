// What the leaf of a TLS meeting must satisfy: RFC 5280 §4.2.1.3, §4.2.1.6, §4.2.1.9 and §4.2.1.12, RFC 9525 §6, X509-SVID §5.2.
import { type Certificate, formatIpAddress, isEmptyName, type KeyUsageBit, OID } from '@countersign/x509'
import type { AnyPathContext, Purpose, ReferenceIdentity } from '../model.ts'
import { identitiesOf, matchesName, normalReference } from '../names/match.ts'
import { isSpiffe, readUri, whyNotWorkload } from '../names/uri.ts'
import { PROFILES, type Profile } from '../profile.ts'
import { fewOf, shown } from '../text.ts'
import { isCritical } from './extensions.ts'
import type { Fault } from './fault.ts'
import { purposesFound } from './issuer.ts'

/** Judges the certificate that a peer presents for itself. */
export function judgeLeaf(
  leaf: Certificate,
  { purpose, name, profile = PROFILES.private }: AnyPathContext,
  fault: Fault,
): void {
  if (profile.authorityAsLeaf === 'refused' && leaf.basicConstraints?.cA === true)
    fault('ERR_VERIFY_CA_AS_LEAF', 'the certificate of an authority stands for a party')
  judgeLeafKeyUsage(leaf, purpose, profile, fault)
  // §4.2.1.10: "MUST be used only in a CA certificate".
  if (leaf.nameConstraints !== undefined && leaf.basicConstraints?.cA !== true)
    fault('ERR_VERIFY_NAME_CONSTRAINTS', 'the certificate is of no authority, and has name constraints')
  if (leaf.version === 3) judgeLeafPurpose(leaf, purpose, profile, fault)
  const empty = isEmptyName(leaf.subject)
  const critical = isCritical(leaf, OID.subjectAltName)
  // §4.1.2.6: with an empty subject the alternative names are all there is, and must not be skipped by anyone.
  if (empty && leaf.basicConstraints?.cA === true)
    fault('ERR_VERIFY_SUBJECT', 'the certificate is of an authority, and its subject is empty')
  else if (empty && !critical)
    fault('ERR_VERIFY_SUBJECT', 'the subject is empty and no critical subjectAltName stands for it')
  if (critical && !empty && profile.subjectAltName === 'critical-if-alone')
    fault('ERR_VERIFY_CRITICAL_EXTENSION', 'subjectAltName is critical, and the subject is not empty', {
      found: ['subjectAltName'],
    })
  if (profile.commonName === 'repeated') judgeCommonName(leaf, fault)
  if (profile.isPublicSuffix !== undefined) judgeWildcards(leaf, profile.isPublicSuffix, fault)
  judgeSpiffe(leaf, fault)
  if (name !== undefined) judgeName(leaf, name, fault)
}

/** §4.2.1.12: the bits of which one is consistent with the purpose. */
const CONSISTENT = {
  serverAuth: ['digitalSignature', 'keyEncipherment', 'keyAgreement'],
  clientAuth: ['digitalSignature', 'keyAgreement'],
  // Of a signer and of a recipient; which of both it must be is for whoever uses the key to ask (RFC 8550 §4.4.2).
  emailProtection: ['digitalSignature', 'nonRepudiation', 'keyEncipherment', 'keyAgreement'],
  timeStamping: ['digitalSignature', 'nonRepudiation'],
} as const satisfies Record<Purpose, readonly KeyUsageBit[]>

function judgeLeafKeyUsage(
  { keyUsage, extendedKeyUsage, basicConstraints }: Certificate,
  purpose: Purpose,
  profile: Profile,
  fault: Fault,
): void {
  if (keyUsage === undefined) return
  const isOfPeer = purpose === 'serverAuth' || purpose === 'clientAuth'
  if (profile.leafKeyUsage === 'digitalSignature' && isOfPeer && !keyUsage.has('digitalSignature'))
    fault('ERR_VERIFY_KEY_USAGE', `keyUsage is ${[...keyUsage].join(', ')}, without digitalSignature`, {
      found: [...keyUsage],
      wanted: 'digitalSignature',
    })
  // "If a certificate contains both […] then both extensions MUST be processed independently and the certificate MUST only be
  // used for a purpose consistent with both extensions."
  else if (extendedKeyUsage !== undefined && !CONSISTENT[purpose].some((bit) => keyUsage.has(bit)))
    fault('ERR_VERIFY_KEY_USAGE', `keyUsage is ${[...keyUsage].join(', ')}, which ${purpose} has no use for`, {
      found: [...keyUsage],
      wanted: CONSISTENT[purpose].join(' or '),
    })
  // §4.2.1.3: "If the keyCertSign bit is asserted, then the cA bit in the basic constraints extension MUST also be asserted."
  if (keyUsage.has('keyCertSign') && basicConstraints?.cA !== true)
    fault('ERR_VERIFY_KEY_USAGE', 'keyUsage has keyCertSign, and the certificate is of no authority', {
      found: ['keyCertSign'],
    })
}

function judgeLeafPurpose(leaf: Certificate, purpose: Purpose, { leafPurpose }: Profile, fault: Fault): void {
  const purposes = leaf.extendedKeyUsage
  if (purpose === 'timeStamping') {
    // RFC 3161 §2.3: "only one instance of the extended key usage field extension", of this value, and "MUST be critical".
    if (purposes?.length !== 1 || purposes[0] !== OID.timeStamping || !isCritical(leaf, OID.extendedKeyUsage))
      fault('ERR_VERIFY_EXTENDED_KEY_USAGE', 'extendedKeyUsage is not timeStamping alone, and critical', {
        ...purposesFound(purposes ?? []),
        wanted: purpose,
      })
    return
  }
  const any = purposes?.includes(OID.anyExtendedKeyUsage) === true
  if (leafPurpose === 'not-excluded' && (purposes === undefined || any)) return
  if (!purposes?.includes(OID[purpose]))
    fault(
      'ERR_VERIFY_EXTENDED_KEY_USAGE',
      purposes === undefined ? `extendedKeyUsage is absent` : `extendedKeyUsage leaves out ${purpose}`,
      { ...purposesFound(purposes ?? []), wanted: purpose },
    )
  else if (leafPurpose === 'named-alone' && any)
    fault('ERR_VERIFY_EXTENDED_KEY_USAGE', `anyExtendedKeyUsage stands beside ${purpose}`, {
      ...purposesFound(purposes),
      wanted: purpose,
    })
  if (leafPurpose === 'named-alone' && isCritical(leaf, OID.extendedKeyUsage))
    fault('ERR_VERIFY_CRITICAL_EXTENSION', 'extendedKeyUsage is critical', { found: ['extendedKeyUsage'] })
}

/**
 * BR §7.1.4.3: a DNS name "character-for-character", an address in its one text form. The domain of a wildcard counts too (the
 * "FQDN portion", BR §1.6.1): whoever got the wildcard has proved it.
 */
function judgeCommonName({ subject, subjectAltName = [] }: Certificate, fault: Fault): void {
  // A set, as a peer may send thousands of either.
  const repeated = new Set(
    subjectAltName.flatMap((each) => {
      if (each.kind === 'iPAddress') return [formatIpAddress(each.octets)]
      if (each.kind !== 'dNSName') return []
      return each.value.startsWith('*.') ? [each.value, each.value.slice(2)] : [each.value]
    }),
  )
  for (const { type, text = '' } of subject.rdnSequence.flat())
    if (type === OID.commonName && !repeated.has(text))
      fault('ERR_VERIFY_COMMON_NAME', `the common name "${shown(text)}" is not in the subjectAltName`, {
        found: [text],
      })
}

/** BR §3.2.2.6: no wildcard stands directly under a registry's domain. */
function judgeWildcards(
  { subjectAltName = [] }: Certificate,
  isPublicSuffix: (domain: string) => boolean,
  fault: Fault,
) {
  for (const each of subjectAltName)
    if (each.kind === 'dNSName' && each.value.startsWith('*.') && isPublicSuffix(each.value.slice(2).toLowerCase()))
      fault('ERR_VERIFY_PUBLIC_SUFFIX', `the wildcard ${shown(each.value)} stands under a public suffix`, {
        found: [each.value],
      })
}

/** X509-SVID §2, §4.3 and §5.2. */
function judgeSpiffe({ subjectAltName = [], keyUsage }: Certificate, fault: Fault): void {
  const uris = subjectAltName.flatMap((name) => (name.kind === 'uniformResourceIdentifier' ? [name.value] : []))
  const id = uris.find((uri) => /^spiffe:/i.test(uri))
  if (id === undefined) return
  if (uris.length > 1)
    fault('ERR_VERIFY_SPIFFE', `the certificate has ${uris.length} uris where a spiffe id stands alone`, {
      ...fewOf(uris),
      count: uris.length,
      limit: 1,
    })
  const uri = readUri(id)
  const reason = uri === undefined || !isSpiffe(uri) ? 'the spiffe id is not a uri' : whyNotWorkload(uri)
  if (reason !== undefined) fault('ERR_VERIFY_SPIFFE', reason, { found: [id] })
  if (keyUsage?.has('cRLSign')) fault('ERR_VERIFY_SPIFFE', 'keyUsage of a workload has cRLSign', { found: [id] })
}

const KIND_WORDS = {
  dNSName: 'dns name',
  iPAddress: 'ip address',
  uniformResourceIdentifier: 'uri',
  rfc822Name: 'mail address',
} as const satisfies Record<ReferenceIdentity['kind'], string>

function judgeName(leaf: Certificate, name: ReferenceIdentity, fault: Fault): void {
  if (matchesName(leaf, name)) return
  const word = KIND_WORDS[name.kind]
  const wanted = shown(name.value)
  const presented = identitiesOf(leaf).filter(({ kind }) => kind === name.kind)
  const { found = [], others } = fewOf(presented.map(({ value }) => value))
  const facts = { found, ...(others !== undefined && { others }), wanted }
  if (normalReference(name) === undefined)
    fault('ERR_VERIFY_NAME', `"${wanted}" must be proved, and is no ${word}`, facts)
  else if (presented.length === 0) fault('ERR_VERIFY_NAME_ABSENT', `the certificate carries no ${word}`, facts)
  else {
    const listed = `${found.join(', ')}${others === undefined ? '' : ` and ${others} more`}`
    fault('ERR_VERIFY_NAME', `the certificate is for ${listed}, not for ${wanted}`, facts)
  }
}
