// The forms of what the API answers. A test holds real answers against them; unknown fields are faults there.
import { REFUSALS } from '@countersign/protocol'
import { z } from 'zod'
import { OPENPGP_KEY_STATES } from '../openpgp.ts'
import { SEEN_AS } from '../store/certificates.ts'
import { PARTY_KINDS, ROLES } from '../store/parties.ts'
import { CERTIFICATE_STATES } from '../store/search.ts'

const text = z.string()
const count = z.int().min(0)
/** RFC 3339. */
const time = z.iso.datetime()
const hex = z.string().regex(/^[0-9a-f]+$/)
const base64 = z.base64()
const identity = z.strictObject({ kind: text, value: text })

/** Of an answer that is given again: the authority had ended before it knew the rest of it. */
const interrupted = z.literal(true)

export const ready: z.ZodType = z.strictObject({ ready: z.literal(true), root: text })

export const live: z.ZodType = z.strictObject({ live: z.literal(true) })
export const readiness: z.ZodType = z.strictObject({ ready: z.literal(true) })

export const status: z.ZodType = z.strictObject({
  version: text,
  certificates: z.array(base64).optional(),
  crls: z.array(base64).optional(),
  retryAfterSeconds: count.optional(),
})

export const enrolled: z.ZodType = z.strictObject({
  party: text,
  certificates: z.array(base64),
  /** Of the other issuers, whose lists are here too. */
  issuers: z.array(base64).optional(),
  crls: z.array(base64),
  authority: z.strictObject({ address: text, name: text }),
  /** What was asked for and not granted. */
  denied: z.array(text).optional(),
})

export const certified: z.ZodType = z.strictObject({
  party: text,
  serialNumber: hex,
  /** Where it was interrupted, the certificate alone. */
  certificates: z.array(base64),
  denied: z.array(text).optional(),
  interrupted: interrupted.optional(),
})

export const reported: z.ZodType = z.strictObject({ reference: text })
/** What a meeting holds, its own reader says. */
export const meetings: z.ZodType = z.strictObject({ meetings: z.array(z.looseObject({ reference: text, door: text })) })
export const mailKeys: z.ZodType = z.strictObject({
  keys: z.array(z.strictObject({ party: text, certificate: base64 })),
  issuers: z.array(base64),
  /** Absent where the authority has no OpenPGP. */
  openPgp: z
    .strictObject({
      /** The authority's own public keys, in octets. */
      authorities: z.array(base64),
      keys: z.array(
        z.strictObject({
          party: text,
          fingerprint: hex,
          key: base64,
          /** Whether mail is encrypted to it; others are there to know signatures by. */
          current: z.boolean(),
        }),
      ),
    })
    .optional(),
})
export const openPgpKey: z.ZodType = z.strictObject({
  party: text,
  fingerprint: hex,
  key: base64,
  authorities: z.array(base64),
})
export const openPgpAuthorities: z.ZodType = z.strictObject({
  authorities: z.array(
    z.strictObject({
      fingerprint: hex,
      version: z.int(),
      state: z.enum(OPENPGP_KEY_STATES),
      /** Whether what is secret of it is in the custody of this authority. */
      here: z.boolean(),
      createdAt: time,
      endsAt: time,
      key: base64,
    }),
  ),
})
export const sshEnrolled: z.ZodType = z.strictObject({
  party: text,
  /** The certificate, as the lines of SSH have it. */
  certificate: base64,
  authorities: z.array(text),
})
export const invited: z.ZodType = z.strictObject({
  token: text,
  party: text,
  expiresAt: time,
  entries: z.array(text).optional(),
})
export const reloaded: z.ZodType = z.strictObject({
  file: text,
  /** In words; empty where nothing is another. */
  applied: z.array(text),
  warnings: z.array(text),
})
export const backedUp: z.ZodType = z.strictObject({ target: text, secrets: z.array(text) })

/** As `GET /v1/ledger/entries` is asked for them. */
const entries = z.array(text)

export const ledgerEntries: z.ZodType = z.strictObject({
  entries: z.array(
    z.strictObject({
      id: text,
      /** The octets that are hashed. */
      entry: base64,
      state: z.enum(['waiting', 'integrated']),
      /** In the ledger, from 0. */
      index: count.optional(),
      /** C2SP tlog-proof v1, with the checkpoint that it leads to. */
      proof: text.optional(),
    }),
  ),
})

const cut = z.strictObject({ door: text, session: text, reference: text, party: text.optional(), lastOctetAt: time })
const told = { sequence: text, at: time, cuts: z.array(cut), confirmed: z.array(text), unconfirmed: z.array(text) }

export const receipt: z.ZodType = z.strictObject({
  ...told,
  revoked: z.array(z.strictObject({ issuerSpkiSha256: hex, serialNumber: hex, party: text, at: time, reason: text })),
  accounts: z.array(text).optional(),
  entries: entries.optional(),
  interrupted: interrupted.optional(),
  dryRun: z.boolean().optional(),
})

/** As in lists. */
export const certificate: Readonly<Record<string, z.ZodType>> = {
  party: text,
  serialNumber: hex,
  profile: text,
  state: z.enum(CERTIFICATE_STATES),
  identities: z.array(identity),
  notBefore: time,
  notAfter: time,
  issuedAt: time,
  sha256: hex,
  spkiSha256: hex,
  method: text,
  entry: text.optional(),
  revocation: z.strictObject({ at: time, reason: text, sequence: text, entry: text.optional() }).optional(),
  /** In a meeting at a door, accepted or not. */
  lastSeen: z.strictObject({ at: time, door: text, as: z.enum(SEEN_AS) }).optional(),
  /** Its holder has another one in its place. */
  renewed: z.literal(true).optional(),
}

/** As in the history of a party. */
export const key: Readonly<Record<string, z.ZodType>> = {
  spkiSha256: hex,
  firstSeen: time,
  endsAt: time,
  revokedAt: time.optional(),
  compromisedAt: time.optional(),
}

export const certificates: z.ZodType = z.strictObject({
  certificates: z.array(z.strictObject(certificate)),
  next: text.optional(),
})

const ofParty = {
  name: text,
  kind: z.enum(PARTY_KINDS).optional(),
  owner: text.optional(),
  role: z.enum(ROLES).optional(),
  labels: z.array(text),
  createdAt: time,
  lock: z.strictObject({ at: time, reason: text.optional(), until: time.optional() }).optional(),
}

export const party: z.ZodType = z.strictObject(ofParty)
export const changedParty: z.ZodType = z.strictObject({ ...ofParty, entries: entries.optional() })

export const parties: z.ZodType = z.strictObject({ parties: z.array(party), next: text.optional() })
export const locked: z.ZodType = z.strictObject({ ...told, party, entries, interrupted: interrupted.optional() })

export const shown: z.ZodType = z.strictObject({
  certificates: z.array(z.looseObject({ ...certificate, evidence: text, der: base64 })),
  keys: z.array(z.strictObject(key)).optional(),
  party: party.optional(),
})

export const sessions: z.ZodType = z.strictObject({
  sessions: z.array(
    z.strictObject({
      id: text,
      door: text,
      reference: text,
      caller: text,
      party: text.optional(),
      since: time,
      octetsSent: count,
      proofs: z.strictObject({ caller: z.array(text), callee: z.array(text) }).optional(),
    }),
  ),
})

/** RFC 9457. */
export const problem: z.ZodType = z.strictObject({
  type: text,
  title: text,
  status: z.int().min(400).max(599),
  code: z.enum(Object.keys(REFUSALS)),
  detail: text.optional(),
  next: text,
  clause: text,
  fault: text,
  reference: text.optional(),
})
