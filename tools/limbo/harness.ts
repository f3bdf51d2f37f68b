// One case of x509-limbo's format, asked of the verifier as a door would ask it.
import { createCheckSignature } from '@countersign/mtls'
import {
  anchorOf,
  type CrlIndex,
  DEFAULT_BUDGET,
  indexCrl,
  type PathContext,
  type PolicyQuestion,
  PROFILES,
  type Profile,
  type ReferenceIdentity,
  type TrustAnchor,
  type Verdict,
  verifyPath,
  webpkiProfile,
} from '@countersign/verify'
import { DerError, PemError, readCertificate, readCertificateList, readPem, X509Error } from '@countersign/x509'
import { getPublicSuffix } from 'tldts'

interface PeerName {
  readonly kind: 'DNS' | 'IP' | 'RFC822'
  readonly value: string
}

/** What of a case is read. @see limbo-schema.json of x509-limbo; `policy` and `revocation` are additions that a case may carry */
export interface LimboCase {
  readonly id: string
  readonly expected_result: 'SUCCESS' | 'FAILURE'
  readonly validation_kind: 'SERVER' | 'CLIENT'
  readonly validation_time?: string | null
  readonly trusted_certs: readonly string[]
  readonly untrusted_intermediates: readonly string[]
  readonly peer_certificate: string
  readonly key_usage?: readonly string[]
  readonly expected_peer_name?: PeerName | null
  readonly expected_peer_names?: readonly PeerName[]
  readonly max_chain_depth?: number | null
  readonly crls?: readonly string[]
  /** Refuse where no CRL tells the status of a certificate. */
  readonly revocation?: 'require-crl'
  readonly policy?: PolicyQuestion
}

export interface LimboResult {
  readonly id: string
  readonly actual_result: 'SUCCESS' | 'FAILURE'
  /** The findings, or what could not be read; null where it is accepted. */
  readonly context: string | null
}

const KINDS = { DNS: 'dNSName', IP: 'iPAddress', RFC822: 'rfc822Name' } as const satisfies Record<
  string,
  ReferenceIdentity['kind']
>

const WEBPKI = webpkiProfile((domain) => getPublicSuffix(domain, { allowPrivateDomains: true }) === domain)

/** The profile is the case's namespace, and nothing else of its id. */
function profileOf({ id, key_usage }: LimboCase): Profile {
  const profile = id.startsWith('webpki::') ? WEBPKI : PROFILES.private
  return key_usage?.includes('digitalSignature') ? { ...profile, leafKeyUsage: 'digitalSignature' } : profile
}

/** Decides one case. `now` is for cases without a time of their own. */
export function runCase(one: LimboCase, now: Temporal.Instant): LimboResult {
  const verdict = decide(one, now)
  if ('unreadable' in verdict) return { id: one.id, actual_result: 'FAILURE', context: verdict.unreadable }
  if (verdict.ok) return { id: one.id, actual_result: 'SUCCESS', context: null }
  const context = verdict.findings.map(({ code, depth, detail }) => `${code} at ${depth ?? '-'}: ${detail}`).join('; ')
  return { id: one.id, actual_result: 'FAILURE', context }
}

function decide(one: LimboCase, now: Temporal.Instant): Verdict | Unreadable {
  const questions = questionsOf(one, now)
  if ('unreadable' in questions) return questions
  const [first, ...more] = questions
  let verdict = verifyPath(first.peer, first.context)
  for (const { peer, context } of more) if (verdict.ok) verdict = verifyPath(peer, context)
  return verdict
}

interface Unreadable {
  readonly unreadable: string
}

/** What the verifier is asked. */
export interface LimboQuestion {
  readonly peer: readonly Uint8Array[]
  readonly context: PathContext
}

/** Several names must all be proved; each is a question of its own, as at a door. */
export function questionsOf(
  one: LimboCase,
  now: Temporal.Instant,
): readonly [LimboQuestion, ...LimboQuestion[]] | Unreadable {
  let anchors: readonly TrustAnchor[]
  let crls: readonly CrlIndex[]
  let peer: readonly Uint8Array[]
  try {
    anchors = one.trusted_certs.map((pem) => anchorOf(readCertificate(derOf(pem))))
    crls = (one.crls ?? []).map((pem) => indexCrl(readCertificateList(derOf(pem))))
    peer = [one.peer_certificate, ...one.untrusted_intermediates].map(derOf)
  } catch (error) {
    // Anchors and CRLs are ours: what cannot be read stops before the first question.
    if (error instanceof DerError || error instanceof X509Error || error instanceof PemError)
      return { unreadable: `${error.code}: ${error.message}` }
    throw error
  }
  const names = [...(one.expected_peer_names ?? []), ...(one.expected_peer_name ? [one.expected_peer_name] : [])]
  const context = {
    anchors,
    issuers: [],
    status: { mode: crls.length > 0 || one.revocation === 'require-crl' ? 'require' : 'prefer', crls },
    now: one.validation_time ? Temporal.Instant.from(one.validation_time) : now,
    purpose: one.validation_kind === 'SERVER' ? 'serverAuth' : 'clientAuth',
    profile: profileOf(one),
    ...(typeof one.max_chain_depth === 'number' && { maxPathLength: one.max_chain_depth }),
    ...(one.policy && { policy: one.policy }),
    budget: BUDGET,
    checkSignature: createCheckSignature(),
  } as const
  const [first, ...more] = names.map(({ kind, value }) => ({
    peer,
    context: { ...context, name: { kind: KINDS[kind], value } },
  }))
  return [first ?? { peer, context }, ...more]
}

/** A suite hands over whole stores as the peer's bag, eight times what a door reads, and asks for decisions, not for speed. */
const BUDGET = {
  ...DEFAULT_BUDGET,
  maxCertificates: 8 * DEFAULT_BUDGET.maxCertificates,
  maxOctets: 8 * DEFAULT_BUDGET.maxOctets,
  maxSignatures: 8 * DEFAULT_BUDGET.maxSignatures,
  maxSteps: 8 * DEFAULT_BUDGET.maxSteps,
  maxDepth: 4 * DEFAULT_BUDGET.maxDepth,
}

function derOf(pem: string): Uint8Array {
  const [block] = readPem(pem)
  if (block === undefined) throw new PemError('ERR_PEM_EMPTY', 0, 1)
  return block.der
}
