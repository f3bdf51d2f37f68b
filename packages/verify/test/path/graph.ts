// Graphs of authorities from a seed, and whether a valid path is in them: found out from what was drawn, by going every way,
// without a certificate being read and without anything of the verifier.
import type { TrustAnchor } from '@countersign/verify'
import {
  basicConstraintsExtension,
  type Certificate,
  type Extension,
  nameConstraintsExtension,
  OID,
} from '@countersign/x509'
import {
  akiOf,
  anchorOf,
  type Holder,
  hours,
  intermediate,
  type Keys,
  leaf,
  name,
  p256,
  purposes,
  root,
  usage,
} from '../../../../interop/chains/house.ts'

/** A key is one of `KEYS`; a name may have several, and a key several names. */
interface Authority {
  readonly name: string
  readonly key: number
}

const FLAWS = ['expired', 'no authority', 'signs nothing', 'other purpose', 'unknown and critical'] as const

/** What is drawn of one certificate. */
interface Drawn {
  readonly subject: Authority
  readonly issuer: Authority
  /** Who really signed; another than the issuer's where the signature is wrong. */
  readonly signer: number
  readonly flaw?: (typeof FLAWS)[number]
  readonly pathLen?: number
  /** It excludes the leaf's name, or the authority of this name. */
  readonly excludes?: string
  readonly revoked?: true
  /** The key that it says its issuer has. */
  readonly claims: number
  /** The key that it says it has. */
  readonly poses: number
}

interface DrawnAnchor {
  readonly drawn: Drawn
  readonly kind: 'certificate' | 'name and key'
}

export interface Graph {
  readonly leaf: Certificate
  /** Dead ends stand before what leads on. */
  readonly bag: readonly Certificate[]
  readonly anchors: readonly TrustAnchor[]
  readonly isRevoked: (serialNumber: bigint) => boolean
  /** Whether there is a valid path, of at most so many certificates. */
  readonly hasPath: (maxDepth: number) => boolean
}

const KEYS: readonly Keys[] = Array.from({ length: 14 }, p256)
const NAMES = ['Oak', 'Ash', 'Elm', 'Fir', 'Yew', 'Bay', 'Box', 'Fig', 'Gum'] as const

/** Draws a graph. The same seed is the same graph, but for the keys. */
export function drawGraph(seed: number): Graph {
  const draw = startDraw(seed)
  const authorities: Authority[] = Array.from({ length: draw.below(8) + 3 }, (_, key) => ({
    name: draw.of(NAMES),
    key: draw.one(4) ? draw.below(key + 1) : key,
  }))
  const some = () => draw.of(authorities)
  const drawn: Drawn[] = []
  const bottom = some()
  // A way that leads up, which may be the only one.
  const way = [bottom, ...Array.from({ length: draw.below(6) }, some)]
  const top = way.at(-1) ?? bottom
  for (const [i, subject] of way.slice(0, -1).entries())
    drawn.push(drawCertificate(draw, subject, way[i + 1] ?? top, draw.one(3)))
  const wrongTurns: Drawn[] = []
  for (let left = draw.of([3, 6, 12, 24, 48]); left > 0; left--) {
    const subject = draw.one(2) ? draw.of(way) : some()
    wrongTurns.push(drawCertificate(draw, subject, draw.one(2) ? draw.of(way) : some(), !draw.one(4)))
  }
  const anchors: DrawnAnchor[] = Array.from({ length: draw.below(3) + 1 }, (_, i) => {
    const own = i === 0 && draw.one(2) ? top : some()
    const issuer = draw.one(3) ? some() : own
    return {
      drawn: drawCertificate(draw, own, issuer, draw.one(6)),
      kind: draw.one(3) ? 'name and key' : 'certificate',
    }
  })
  const end = drawCertificate(draw, { name: 'party', key: KEYS.length - 1 }, bottom, false)
  const made = new Map([...drawn, ...wrongTurns, ...anchors.map((each) => each.drawn)].map((one) => [one, make(one)]))
  const party = leaf(headOf(end.issuer), {
    keys: keyOf(end.subject.key),
    signer: keyOf(end.signer),
    extensions: { authorityKeyIdentifier: akiOf({ keys: keyOf(end.claims) }) },
  })
  const revoked = new Set([...made].filter(([one]) => one.revoked).map(([, holder]) => holder.certificate.serialNumber))
  const sent = [...wrongTurns, ...drawn, ...anchors.filter(() => draw.one(2)).map((each) => each.drawn)]
  return {
    leaf: party.certificate,
    bag: (draw.one(2) ? draw.shuffled(sent) : sent).map((one) => (made.get(one) as Holder).certificate),
    anchors: anchors.map(({ drawn: one, kind }) => {
      const { certificate: _certificate, ...nameAndKey } = anchorOf(made.get(one) as Holder)
      return kind === 'certificate' ? anchorOf(made.get(one) as Holder) : nameAndKey
    }),
    isRevoked: (serialNumber) => revoked.has(serialNumber),
    hasPath: (maxDepth) => leads([end], sent, anchors, maxDepth),
  }
}

function drawCertificate(draw: Draw, subject: Authority, issuer: Authority, wrong: boolean): Drawn {
  const right = { subject, issuer, signer: issuer.key, claims: issuer.key, poses: subject.key }
  // What is no fault: a path length that is enough for some, and a key identifier that lies or is of someone else.
  const more = {
    ...(draw.one(6) && { pathLen: draw.below(4) }),
    ...(draw.one(10) && { claims: draw.below(KEYS.length) }),
  }
  if (!wrong) return { ...right, ...more }
  switch (draw.below(8)) {
    case 0:
      // The key identifier of the right key, and another key.
      return { ...right, ...more, subject: { ...subject, key: draw.below(KEYS.length) } }
    case 1:
      return { ...right, ...more, signer: draw.below(KEYS.length) }
    case 2:
      return { ...right, ...more, revoked: true }
    case 3:
      return { ...right, ...more, excludes: 'party.example' }
    case 4:
      return { ...right, ...more, excludes: draw.of(NAMES) }
    case 5:
      return { ...right, ...more, pathLen: 0 }
    default:
      return { ...right, ...more, flaw: draw.of(FLAWS) }
  }
}

/** Whether a path, leaf first, leads to an anchor: RFC 5280 §6.1, as far as it is drawn. */
function leads(
  path: readonly Drawn[],
  sent: readonly Drawn[],
  anchors: readonly DrawnAnchor[],
  maxDepth: number,
): boolean {
  const end = path.at(-1) as Drawn
  const issued = (one: Drawn) => one.subject.name === end.issuer.name && one.subject.key === end.signer
  const atAnchor = anchors.some(
    ({ drawn, kind }) => issued(drawn) && (kind === 'name and key' || (stands(drawn) && allows(drawn, path))),
  )
  if (atAnchor) return true
  if (path.length === maxDepth) return false
  return sent.some(
    (one) =>
      issued(one) &&
      // What leads through the same name and key twice leads without the way between, too.
      !path.some(({ subject }) => subject.name === one.subject.name && subject.key === one.subject.key) &&
      one.flaw === undefined &&
      one.revoked === undefined &&
      allows(one, path) &&
      leads([...path, one], sent, anchors, maxDepth),
  )
}

/** Whether an anchor stands as the certificate that it is: one that its own key signed names this key, §4.2.1.1. */
function stands({ subject, issuer, signer, flaw, claims, poses }: Drawn): boolean {
  const selfSigned = subject.name === issuer.name && subject.key === signer
  return flaw === undefined && (!selfSigned || claims === poses)
}

/** Whether an issuer allows the path below it: §6.1.4 (g) and (m), §6.1.3 (b) and (c). */
function allows(issuer: Drawn, path: readonly Drawn[]): boolean {
  const below = path.slice(1).filter((one) => one.subject.name !== one.issuer.name)
  return (
    below.length <= (issuer.pathLen ?? below.length) &&
    issuer.excludes !== 'party.example' &&
    below.every((one) => one.subject.name !== issuer.excludes)
  )
}

function make(one: Drawn): Holder {
  const { subject, issuer, flaw, pathLen, excludes } = one
  return intermediate(headOf(issuer), {
    subject: name(subject.name),
    keys: keyOf(subject.key),
    signer: keyOf(one.signer),
    ...(flaw === 'expired' && { notAfter: hours(-1) }),
    extensions: {
      authorityKeyIdentifier: akiOf({ keys: keyOf(one.claims) }),
      subjectKeyIdentifier: headOf({ name: 'poses', key: one.poses }).certificate.extensions.find(
        ({ extnID }) => extnID === OID.subjectKeyIdentifier,
      ) as Extension,
      ...(flaw === 'no authority'
        ? { basicConstraints: null }
        : {
            basicConstraints: basicConstraintsExtension({
              cA: true,
              ...(pathLen !== undefined && { pathLenConstraint: pathLen }),
            }),
          }),
      ...(flaw === 'signs nothing' && { keyUsage: usage('cRLSign') }),
      ...(flaw === 'other purpose' && { extendedKeyUsage: purposes(OID.serverAuth) }),
    },
    more: [
      ...(flaw === 'unknown and critical'
        ? [{ extnID: '1.3.6.1.4.1.55555.1', critical: true, extnValue: Uint8Array.of(5, 0) }]
        : []),
      ...(excludes === undefined
        ? []
        : [
            nameConstraintsExtension({
              excludedSubtrees: [
                {
                  base:
                    excludes === 'party.example'
                      ? { kind: 'dNSName', value: excludes }
                      : { kind: 'directoryName', value: name(excludes) },
                  minimum: 0,
                },
              ],
            }),
          ]),
    ],
  })
}

const heads = new Map<string, Holder>()

/** A name with a key, as the one who issues. */
function headOf({ name: text, key }: Authority): Holder {
  const known = heads.get(`${text} ${key}`) ?? root({ subject: name(text), keys: keyOf(key) })
  heads.set(`${text} ${key}`, known)
  return known
}

function keyOf(key: number): Keys {
  return KEYS[key] as Keys
}

interface Draw {
  below(limit: number): number
  /** True one time in so many. */
  one(times: number): boolean
  of<T>(values: readonly T[]): T
  shuffled<T>(values: readonly T[]): readonly T[]
}

/** Small numbers from a seed, so that a failure comes again. */
function startDraw(seed: number): Draw {
  let state = seed >>> 0
  const next = () => {
    // mulberry32
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (limit: number) => Math.floor(next() * limit)
  return {
    below,
    one: (times) => below(times) === 0,
    of: (values) => values[below(values.length)] as (typeof values)[number],
    shuffled: (values) =>
      values
        .map((value) => ({ value, at: next() }))
        .sort((left, right) => left.at - right.at)
        .map(({ value }) => value),
  }
}
