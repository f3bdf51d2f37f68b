// Meetings between our own parts; what comes in is untrusted until it has been read here.
import type { Facts, Finding, FindingCode } from '@countersign/verify'
import { FINDINGS } from '@countersign/verify'
import { identityField } from './identity-json.ts'
import type { Field, Json } from './json.ts'
import { fieldOf, ShapeError, writeJson } from './json.ts'
import type {
  CertificateSummary,
  Decision,
  Meeting,
  Proof,
  ProofKind,
  Refusal,
  Side,
  Step,
  StepEvidence,
  Steps,
  Trouble,
} from './meeting.ts'
import { PROOF_BINDINGS, PROOF_KINDS } from './meeting.ts'
import { BRIEF, mostCharacters, mostItems, withinLimits } from './meeting-limits.ts'
import { REASONS } from './receipt-json.ts'
import type { Reference } from './reference.ts'
import { parseReference } from './reference.ts'
import type { RefusalCode } from './refusals.ts'
import { REFUSALS } from './refusals.ts'

const FINDING_CODES = Object.keys(FINDINGS) as FindingCode[]
const REFUSAL_CODES = Object.keys(REFUSALS) as RefusalCode[]

/** Writes a meeting for the operator's record, which {@link readMeeting} reads whatever a peer has claimed in it. */
export function writeMeeting(meeting: Meeting): Json {
  return withinLimits(writeJson(meeting))
}

/**
 * The same, for who keeps many: what a peer has claimed at length, who may be a stranger, is cut off where the record would
 * have more than `most` characters. One that was cut has 20,000 octets at most, whatever was claimed.
 */
export function writeBriefMeeting(meeting: Meeting, most: number): string {
  const whole = JSON.stringify(writeMeeting(meeting))
  return whole.length <= most ? whole : JSON.stringify(withinLimits(writeJson(meeting), BRIEF))
}

/** The meeting as its other side may see it: without the notes and the reason of a lock, which are for the operator. */
export function publicMeeting(meeting: Meeting): Meeting {
  const troubles = meeting.troubles?.map(({ at, code }) => ({ at, code }))
  const shown = troubles === undefined ? meeting : { ...meeting, troubles }
  if (meeting.outcome.ok) return shown
  const { code, detail } = meeting.outcome.refusal
  const refusal = { code, ...(detail !== undefined && { detail: withoutLock(detail) }) }
  return { ...shown, outcome: { ok: false, refusal } }
}

function withoutLock(detail: NonNullable<Refusal['detail']>): NonNullable<Refusal['detail']> {
  if (!('lock' in detail)) return detail
  const { lock: _, ...rest } = detail
  return rest
}

/** Reads a meeting from untrusted JSON into a fresh value. @throws {ShapeError} naming the field. */
export function readMeeting(value: unknown): Meeting {
  const field = fieldOf(value)
  const address = field.get('address').optional((f) => plainOf(f, 'address'))
  const troubles = field.get('troubles').optional((f) => f.list(mostItems('troubles')).map(troubleField))
  return {
    reference: referenceField(field.get('reference')),
    door: plainOf(field.get('door'), 'door'),
    seenBy: field.get('seenBy').oneOf(['caller', 'callee']),
    at: field.get('at').instant(),
    resumed: field.get('resumed').boolean(),
    ...(address === undefined ? {} : { address }),
    caller: sideField(field.get('caller')),
    callee: sideField(field.get('callee')),
    steps: stepsField(field.get('steps')),
    outcome: outcomeField(field.get('outcome')),
    ...(troubles === undefined ? {} : { troubles }),
  }
}

function troubleField(field: Field): Trouble {
  const note = optionalTextOf(field, 'note')
  const upstreamReference = field.get('upstreamReference').optional(referenceField)
  return {
    at: field.get('at').instant(),
    code: field.get('code').oneOf(REFUSAL_CODES),
    ...(note === undefined ? {} : { note }),
    ...(upstreamReference === undefined ? {} : { upstreamReference }),
  }
}

function textOf(field: Field, key: string): string {
  return field.get(key).text(mostCharacters(key))
}

function optionalTextOf(field: Field, key: string): string | undefined {
  return field.get(key).optional((f) => f.text(mostCharacters(key)))
}

/** A text by which records are kept: a database may have no NUL. */
function plainOf(field: Field, key: string): string {
  const text = field.text(mostCharacters(key))
  if (text.includes('\0')) throw new ShapeError(field.path, 'a text without NUL')
  return text
}

function sha256Field(field: Field): string {
  const text = field.text(64)
  if (!/^[0-9a-f]{64}$/.test(text)) throw new ShapeError(field.path, 'a SHA-256 in hexadecimal')
  return text
}

/** RFC 7638 §3.1. */
function thumbprintField(field: Field): string {
  const text = field.text(43)
  if (!/^[A-Za-z0-9_-]{43}$/.test(text)) throw new ShapeError(field.path, 'a SHA-256 in base64url')
  return text
}

function shownField(field: Field): Pick<Proof, 'kind' | 'binding'> {
  return { kind: field.get('kind').oneOf(PROOF_KINDS), binding: field.get('binding').oneOf(PROOF_BINDINGS) }
}

function referenceField(field: Field): Reference {
  const reference = parseReference(field.text(32))
  if (reference === undefined) throw new ShapeError(field.path, 'a reference')
  return reference
}

function sideField(field: Field): Side {
  const party = optionalTextOf(field, 'party')
  const authority = field.get('authority').optional((f) => plainOf(f, 'authority'))
  const certificate = field.get('certificate').optional(certificateField)
  return {
    name: textOf(field, 'name'),
    ...(party === undefined ? {} : { party }),
    ...(authority === undefined ? {} : { authority }),
    identities: field.get('identities').list(mostItems('identities')).map(identityField),
    ...(certificate === undefined ? {} : { certificate }),
  }
}

function certificateField(field: Field): CertificateSummary {
  const issuerCommonName = optionalTextOf(field, 'issuerCommonName')
  return {
    sha256: sha256Field(field.get('sha256')),
    spkiSha256: sha256Field(field.get('spkiSha256')),
    serialNumber: plainOf(field.get('serialNumber'), 'serialNumber'),
    subject: plainOf(field.get('subject'), 'subject'),
    issuer: plainOf(field.get('issuer'), 'issuer'),
    ...(issuerCommonName === undefined ? {} : { issuerCommonName }),
    notBefore: field.get('notBefore').instant(),
    notAfter: field.get('notAfter').instant(),
  }
}

function stepsField(field: Field): Steps {
  const [a, b, c, d, e, f, more] = field.list(6).map(stepField)
  if (!a || !b || !c || !d || !e || !f || more) throw new ShapeError(field.path, 'six steps')
  return [a, b, c, d, e, f]
}

function stepField(field: Field): Step {
  const evidence = field.get('evidence').optional(evidenceField)
  const at = field.get('at').optional((f) => f.instant())
  return {
    by: field.get('by').oneOf(['caller', 'callee', 'both']),
    outcome: field.get('outcome').oneOf(['proved', 'refused', 'not reached']),
    ...(evidence === undefined ? {} : { evidence }),
    ...(at === undefined ? {} : { at }),
  }
}

/** Of one message: more than its header may name. */
const MOST_RECIPIENTS = 100_000

const EVIDENCE_KINDS = [
  'clientHello',
  'certificate',
  'verdict',
  'finished',
  'forwarded',
  'told',
  'token',
  'device',
  'picture',
  'site',
  'opaque',
  'proofs',
  'bound',
  'message',
  'openpgpKey',
  'vouched',
  'sealed',
  'engine',
  'channel',
] as const satisfies readonly StepEvidence['kind'][]

function evidenceField(field: Field): StepEvidence {
  const kind = field.get('kind').oneOf(EVIDENCE_KINDS)
  switch (kind) {
    case 'clientHello': {
      const serverName = optionalTextOf(field, 'serverName')
      return {
        kind,
        randomSha256: field.get('randomSha256').text(64),
        ...(serverName === undefined ? {} : { serverName }),
      }
    }
    case 'certificate': {
      const beside = field.get('beside').optional((f) => f.list(mostItems('proofs')).map(shownField))
      return {
        kind,
        certificate: certificateField(field.get('certificate')),
        ...(beside === undefined ? {} : { beside }),
      }
    }
    case 'verdict': {
      const knownAt = field.get('knownAt').optional((f) => f.instant())
      return {
        kind,
        anchor: textOf(field, 'anchor'),
        anchorSpkiSha256: field.get('anchorSpkiSha256').text(64),
        status: textOf(field, 'status'),
        ...(knownAt === undefined ? {} : { knownAt }),
      }
    }
    case 'finished':
      return { kind }
    case 'forwarded':
      return { kind, by: textOf(field, 'by'), certificate: certificateField(field.get('certificate')) }
    case 'told':
      return { kind, by: textOf(field, 'by') }
    case 'token':
      return { kind, id: field.get('id').text(64) }
    case 'device':
      return { kind, keySha256: thumbprintField(field.get('keySha256')), known: field.get('known').boolean() }
    case 'picture':
      return { kind, sealedTo: field.get('sealedTo').oneOf(['device', 'password']) }
    case 'site':
      return { kind, name: textOf(field, 'name') }
    case 'opaque':
      return { kind }
    case 'proofs':
      return { kind, proofs: field.get('proofs').list(mostItems('proofs')).map(shownField) }
    case 'bound': {
      const to = field.get('to').oneOf(['device', 'certificate'])
      const key = field.get('keySha256')
      return { kind, to, keySha256: to === 'device' ? thumbprintField(key) : sha256Field(key) }
    }
    case 'message':
      return { kind, bodySha256: sha256Field(field.get('bodySha256')) }
    case 'openpgpKey':
      return { kind, fingerprint: field.get('fingerprint').text(64) }
    case 'vouched':
    case 'engine':
      return { kind, by: textOf(field, 'by') }
    case 'sealed': {
      const transport = optionalTextOf(field, 'transport')
      return {
        kind,
        format: field.get('format').oneOf(['smime', 'openpgp']),
        cipher: textOf(field, 'cipher'),
        ...(transport === undefined ? {} : { transport }),
        recipients: field.get('recipients').number(MOST_RECIPIENTS),
      }
    }
    case 'channel':
      return {
        kind,
        protocol: textOf(field, 'protocol'),
        cipher: textOf(field, 'cipher'),
        exporterSha256: field.get('exporterSha256').text(64),
      }
  }
}

function outcomeField(field: Field): Meeting['outcome'] {
  if (field.get('ok').boolean()) return { ok: true, decision: decisionField(field.get('decision')) }
  return { ok: false, refusal: refusalField(field.get('refusal')) }
}

function decisionField(field: Field): Decision {
  const texts = (name: string) =>
    field
      .get(name)
      .list(mostItems(name))
      .map((each) => each.text(mostCharacters(name)))
  if (!field.get('ok').boolean()) {
    const lock = optionalTextOf(field, 'lock')
    const unproved = field.get('unproved').optional((f) => f.list(mostItems('unproved')).map(kindsField))
    return {
      ok: false,
      code: field.get('code').oneOf(REFUSAL_CODES),
      missing: texts('missing'),
      ...(unproved !== undefined && { unproved }),
      ...(lock !== undefined && { lock }),
    }
  }
  const [until, recheckAt] = ['until', 'recheckAt'].map((name) => field.get(name).optional((f) => f.instant()))
  return {
    ok: true,
    rule: textOf(field, 'rule'),
    ...(until !== undefined && { until }),
    ...(recheckAt !== undefined && { recheckAt }),
    ...(field.get('labels').present && { labels: texts('labels') }),
  }
}

function kindsField(field: Field): readonly ProofKind[] {
  return field.list(mostItems('proofs')).map((each) => each.oneOf(PROOF_KINDS))
}

function refusalField(field: Field): Refusal {
  const detail = field.get('detail').optional((f) => (f.get('clause').present ? findingField(f) : decisionField(f)))
  const note = optionalTextOf(field, 'note')
  return {
    code: field.get('code').oneOf(REFUSAL_CODES),
    ...(detail === undefined ? {} : { detail }),
    ...(note === undefined ? {} : { note }),
  }
}

function findingField(field: Field): Finding {
  const depth = field.get('depth').optional((f) => f.number(64))
  const revocation = field.get('revocation').optional(revocationField)
  const facts = field.get('facts').optional(factsField)
  return {
    code: field.get('code').oneOf(FINDING_CODES),
    clause: textOf(field, 'clause'),
    ...(depth === undefined ? {} : { depth }),
    detail: textOf(field, 'detail'),
    ...(revocation === undefined ? {} : { revocation }),
    ...(facts === undefined ? {} : { facts }),
  }
}

function factsField(field: Field): Facts {
  const numberOf = (key: 'others' | 'count' | 'limit' | 'index') => {
    const number = field.get(key).optional((f) => f.number(Number.MAX_SAFE_INTEGER))
    return number === undefined ? {} : { [key]: number }
  }
  const at = field.get('at').optional((f) => f.instant())
  const found = field
    .get('found')
    .optional((f) => f.list(mostItems('found')).map((each) => each.text(mostCharacters('found'))))
  const wanted = optionalTextOf(field, 'wanted')
  return {
    ...(at === undefined ? {} : { at }),
    ...(found === undefined ? {} : { found }),
    ...(wanted === undefined ? {} : { wanted }),
    ...numberOf('others'),
    ...numberOf('count'),
    ...numberOf('limit'),
    ...numberOf('index'),
  }
}

/** Reads when and why something was revoked. @throws {ShapeError} */
export function revocationField(field: Field): NonNullable<Finding['revocation']> {
  const reason = field.get('reason').optional((f) => f.oneOf(REASONS))
  return { at: field.get('at').instant(), ...(reason === undefined ? {} : { reason }) }
}
