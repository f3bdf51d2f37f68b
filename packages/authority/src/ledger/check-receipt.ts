// A receipt, judged offline: each entry that it has is in the ledger, and what it says is what its entries say.
import { hash } from 'node:crypto'
import { type Field, fieldOf, ShapeError } from '@countersign/protocol'
import { checkEd25519 } from './ed25519.ts'
import { LedgerError } from './error.ts'
import { finding, type LedgerFinding } from './finding.ts'
import type { VerifierKey } from './key.ts'
import { readTlogProof, verifyTlogProof } from './proof.ts'

/** An entry that was shown to be in the ledger. */
export interface ProvedEntry {
  /** In the ledger, from 0. */
  readonly index: number
  /** Of the ledger in whose checkpoint it was shown. */
  readonly size: number
  /** What the entry says. */
  readonly says: Readonly<Record<string, unknown>>
}

/** What a receipt is found to be; `findings` is empty where it holds. */
export interface ReceiptVerdict {
  readonly entries: readonly ProvedEntry[]
  readonly findings: readonly LedgerFinding[]
}

const MAX_ENTRIES = 100_000
const MAX_OCTETS = 65_535
const MAX_PROOF_CHARACTERS = 262_144

/**
 * Judges the answer to an act, or of what is shown, with the entries that belong to it as `ledger`; or an answer of
 * `GET /v1/ledger/entries`, which says nothing beside them.
 * @throws {ShapeError} when it is none of these.
 */
export function checkReceipt(receipt: unknown, key: VerifierKey): ReceiptVerdict {
  const field = fieldOf(receipt)
  const own = field.get('ledger')
  const listed = (own.present ? own : field.get('entries')).list(MAX_ENTRIES)
  const findings: LedgerFinding[] = []
  const entries = listed.flatMap((each) => {
    const judged = judgeEntry(each, key)
    if ('index' in judged) return [judged]
    findings.push(judged)
    return []
  })
  for (const claim of own.present ? claimsOf(field) : []) {
    const [where, says] = claim
    if (!entries.some((entry) => isSaid(says, entry.says)))
      findings.push(finding('ERR_LEDGER_RECEIPT_CLAIM', where, textOf(says)))
  }
  return { entries, findings }
}

function judgeEntry(field: Field, key: VerifierKey): ProvedEntry | LedgerFinding {
  const octets = field.get('entry').octets(MAX_OCTETS)
  const says = readEntry(octets, field.get('entry'))
  if (field.get('state').oneOf(['integrated', 'waiting']) === 'waiting')
    return finding('ERR_LEDGER_RECEIPT_WAITING', field.path, textOf(says))
  const proof = new TextEncoder().encode(field.get('proof').text(MAX_PROOF_CHARACTERS))
  const index = field.get('index').number(Number.MAX_SAFE_INTEGER)
  try {
    const checkpoint = verifyTlogProof(proof, octets, key, checkEd25519)
    if (checkpoint !== undefined && readTlogProof(proof).index === index) return { index, size: checkpoint.size, says }
    return finding('ERR_LEDGER_RECEIPT_PROOF', field.path, `entry ${index}: ${textOf(says)}`)
  } catch (error) {
    if (!(error instanceof LedgerError)) throw error
    if (error.code === 'ERR_LEDGER_PROOF_FORM') return finding('ERR_LEDGER_RECEIPT_PROOF', field.path, error.message)
    return finding('ERR_LEDGER_CHECKPOINT', field.path, error.message)
  }
}

function readEntry(octets: Uint8Array, field: Field): ProvedEntry['says'] {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(octets))
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value }
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof TypeError)) throw error
  }
  throw new ShapeError(field.path, 'an entry of a ledger')
}

/** What an entry must say, by its fields; times are compared as times. */
type Claim = readonly [where: string, says: Readonly<Record<string, string | Temporal.Instant>>]

/** What the receipt says beside its entries. */
function claimsOf(field: Field): readonly Claim[] {
  const text = (of: Field, name: string) => of.get(name).text(2048)
  const claims: Claim[] = []
  const revoked = field.get('revoked')
  const event = field.get('sequence').optional((each) => each.text(60)) ?? ''
  for (const one of revoked.present ? revoked.list(MAX_ENTRIES) : [])
    claims.push([
      one.path,
      { ...revocationOf(one), party: text(one, 'party'), serial: text(one, 'serialNumber'), event },
    ])

  const party = field.get('party')
  if (party.present && event !== '') {
    const lock = party.get('lock')
    const reason = lock.present ? lock.get('reason').optional((each) => each.text(256)) : undefined
    const until = lock.present ? lock.get('until').optional((each) => each.instant()) : undefined
    const kind = lock.present ? 'locked' : 'unlocked'
    const at = field.get('at').instant()
    claims.push([
      party.path,
      { kind, at, party: text(party, 'name'), event, ...(reason && { reason }), ...(until && { until }) },
    ])
  }

  const certificates = field.get('certificates')
  for (const one of certificates.present ? certificates.list(MAX_ENTRIES) : []) {
    const named = { party: text(one, 'party'), serial: text(one, 'serialNumber'), sha256: sha256Of(one) }
    const [profile, spkiSha256] = [text(one, 'profile'), text(one, 'spkiSha256')]
    claims.push([one.path, { kind: 'issued', at: one.get('issuedAt').instant(), ...named, profile, spkiSha256 }])
    const revocation = one.get('revocation')
    if (revocation.present)
      claims.push([revocation.path, { ...revocationOf(revocation), ...named, event: text(revocation, 'sequence') }])
  }

  const role = field.get('role').optional((each) => each.text(64))
  if (role !== undefined) claims.push([field.get('role').path, { kind: 'role', party: text(field, 'name'), role }])
  return claims
}

function revocationOf(field: Field): Claim[1] {
  return { kind: 'revoked', at: field.get('at').instant(), reason: field.get('reason').text(64) }
}

/** Of the certificate's own octets, where it is shown with them. */
function sha256Of(certificate: Field): string {
  const der = certificate.get('der').optional((each) => each.octets(1 << 20))
  const [, base64] = certificate.get('ssh').optional((each) => each.text(1 << 20).split(' ')) ?? []
  const octets =
    der ?? (base64 === undefined ? undefined : fieldOf(base64, certificate.get('ssh').path).octets(1 << 20))
  return octets === undefined ? certificate.get('sha256').text(64) : hash('sha256', octets, 'hex')
}

function isSaid(claim: Claim[1], says: ProvedEntry['says']): boolean {
  return Object.entries(claim).every(([name, value]) => {
    const said = says[name]
    if (typeof value === 'string') return String(said) === value
    // The store has milliseconds, an entry what the clock said.
    return typeof said === 'string' && Date.parse(said) === value.epochMilliseconds
  })
}

function textOf(says: Readonly<Record<string, unknown>>): string {
  return ['kind', 'party', 'serial', 'role', 'at']
    .flatMap((name) => (says[name] === undefined ? [] : [String(says[name])]))
    .join(' ')
}
