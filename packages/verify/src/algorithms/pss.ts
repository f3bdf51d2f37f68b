// RSASSA-PSS-params, RFC 4055 §3.1.
import {
  closeDer,
  constructedContextTag,
  type DerCursor,
  DerError,
  enter,
  leave,
  type Oid,
  openDer,
  peekTag,
  readNull,
  readOid,
  readUnsigned,
  TAG,
} from '@countersign/x509'

const MGF1 = '1.2.840.113549.1.1.8'
/** RFC 4055 §2.1, with the length of each digest in octets. */
const DIGESTS: ReadonlyMap<Oid, number> = new Map([
  ['2.16.840.1.101.3.4.2.1', 32],
  ['2.16.840.1.101.3.4.2.2', 48],
  ['2.16.840.1.101.3.4.2.3', 64],
])

/**
 * Says why the parameters of a PSS signature are refused; undefined where they are in order: a SHA-2 hash, MGF1 with the
 * same, a salt as long as the hash. What is absent is SHA-1 by default.
 */
export function whyNotPss(parameters: Uint8Array | undefined): string | undefined {
  if (parameters === undefined) return 'the parameters of rsassa-pss are absent'
  try {
    return judge(parameters)
  } catch (error) {
    if (error instanceof DerError) return `the parameters of rsassa-pss cannot be read: ${error.message}`
    throw error
  }
}

function judge(parameters: Uint8Array): string | undefined {
  const c = openDer(parameters, { maxOctets: 256, maxElements: 32, maxDepth: 8 })
  const outer = enter(c, TAG.sequence)
  const hash = peekTag(c) === FIELD[0] ? readField(c, FIELD[0], readDigest) : undefined
  const mgfHash = peekTag(c) === FIELD[1] ? readField(c, FIELD[1], readMgf1) : undefined
  const saltLength = peekTag(c) === FIELD[2] ? readField(c, FIELD[2], readUnsigned) : 20
  leave(c, outer)
  closeDer(c)
  const digestLength = DIGESTS.get(hash ?? '')
  if (digestLength === undefined) return 'rsassa-pss with a hash that is not sha-256, sha-384 or sha-512'
  if (mgfHash !== hash) return 'rsassa-pss with a mask generation that does not use the same hash'
  return saltLength === digestLength ? undefined : `rsassa-pss with a salt of ${saltLength} octets`
}

const FIELD = [constructedContextTag(0), constructedContextTag(1), constructedContextTag(2)] as const

function readField<T>(c: DerCursor, tag: number, read: (c: DerCursor) => T): T {
  const outer = enter(c, tag)
  const value = read(c)
  leave(c, outer)
  return value
}

/** RFC 4055 §2.1: its parameters are NULL or absent. */
function readDigest(c: DerCursor): Oid {
  const outer = enter(c, TAG.sequence)
  const digest = readOid(c)
  if (c.at < c.end) readNull(c)
  leave(c, outer)
  return digest
}

function readMgf1(c: DerCursor): Oid | undefined {
  const outer = enter(c, TAG.sequence)
  const mask = readOid(c)
  const digest = readDigest(c)
  leave(c, outer)
  return mask === MGF1 ? digest : undefined
}
