import { hash } from 'node:crypto'
import { createCheckSignature } from '@countersign/mtls'
import {
  anchorOf,
  DEFAULT_BUDGET,
  type Finding,
  indexCrl,
  type OcspContext,
  PROFILES,
  type Profile,
  type Purpose,
  type ReferenceIdentity,
  type TrustAnchor,
  type Verdict,
  verifyParsedPath,
  webpkiProfile,
} from '@countersign/verify'
import { formatName } from '@countersign/x509'
import { type Arguments, type Around, EXIT, Failure, type Run } from '../command.ts'
import { firstLine } from '../first-line.ts'
import { referenceIdentity } from '../meeting/address.ts'
import { didYouMean } from '../nearest.ts'
import { plainText } from '../output/plain-text.ts'
import { styleOf } from '../output/style.ts'
import { said, verdictLines } from '../verifying/lines.ts'
import { issuedOneOf, readAnchorCertificates, readAnswer, readContents } from '../verifying/read-files.ts'

/** Files of one's own are no stranger's: a whole bundle may be given. The search in it is bounded as for a peer. */
const BUDGET = { ...DEFAULT_BUDGET, maxCertificates: 1000, maxOctets: 4_194_304 }
const PURPOSES: readonly Purpose[] = ['serverAuth', 'clientAuth', 'emailProtection']

/** `countersign verify`: exit 0 where the first certificate is accepted, 1 where it is refused. */
export const verify: Run = async (given, around) => {
  const [name, now, purpose] = [nameOf(given), timeOf(given, around), purposeOf(given)]
  const profile = await profileOf(given)
  const password = await readPassword(given, around)
  const anchors = await readAnchors(given, around)
  const files = await Promise.all(given.texts('FILE').map((path) => readContents(path, around, password)))
  const [leaf, ...bag] = files.flatMap(({ certificates }) => certificates)
  if (leaf === undefined)
    throw new Failure(EXIT.input, `there is no certificate in ${given.texts('FILE').join(', ')}`, {
      code: 'ERR_CLI_FILE',
    })
  if (issuedOneOf(leaf, bag))
    around.err(
      `the first certificate is judged, ${plainText(formatName(leaf.subject))}; it is the issuer of another one here`,
    )
  const lists = await Promise.all(given.texts('crl').map((path) => readContents(path, around)))
  const empty = given.texts('crl').find((_, i) => lists[i]?.crls.length === 0)
  if (empty !== undefined)
    throw new Failure(EXIT.input, `there is no revocation list in ${empty}`, {
      code: 'ERR_CLI_FILE',
      next: 'give what its authority published, in PEM or DER',
    })
  const crls = [...files, ...lists].flatMap((contents) => contents.crls).map(indexCrl)
  const responses = await Promise.all(given.texts('ocsp').map((path) => readAnswer(path, around)))
  const answers = responses.map((response) => ({ response }))
  const asked = [...given.texts('crl'), ...given.texts('ocsp')].length > 0
  const verdict = verifyParsedPath(leaf, bag, {
    anchors,
    issuers: [],
    status: { mode: asked ? 'require' : 'prefer', crls, ocsp: { answers, digest } },
    now,
    purpose,
    profile,
    ...(name !== undefined && { name }),
    budget: BUDGET,
    checkSignature: createCheckSignature(),
  })
  if (given.flag('json')) around.out(JSON.stringify(jsonOf(verdict, now)))
  else for (const line of verdictLines(verdict, [leaf, ...bag], now, styleOf(around.color.out))) around.out(line)
  return verdict.ok ? EXIT.ok : EXIT.refused
}

async function readAnchors(given: Arguments, around: Around): Promise<TrustAnchor[]> {
  const paths = given.texts('anchor')
  if (paths.length === 0)
    throw new Failure(EXIT.usage, 'say whom to believe: --anchor FILE', {
      code: 'ERR_CLI_USAGE',
      next: 'a house has its root in countersign-data/root.pem, a party in trust.pem',
    })
  const files = await Promise.all(paths.map((path) => readAnchorCertificates(path, around)))
  return files.flat().map(anchorOf)
}

function nameOf(given: Arguments): ReferenceIdentity | undefined {
  const name = given.text('name')
  return name === undefined ? undefined : referenceIdentity(name)
}

function timeOf(given: Arguments, around: Around): Temporal.Instant {
  const at = given.text('at')
  if (at === undefined) return around.clock()
  try {
    return Temporal.Instant.from(at)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new Failure(EXIT.usage, `--at ${at} is no time`, {
      code: 'ERR_CLI_USAGE',
      next: 'write it as in 2026-11-26T12:00:00Z',
      cause: error,
    })
  }
}

function purposeOf(given: Arguments): Purpose {
  const asked = given.text('purpose') ?? 'serverAuth'
  const purpose = PURPOSES.find((each) => each === asked)
  if (purpose === undefined) throw notOneOf('purpose', asked, PURPOSES)
  return purpose
}

async function profileOf(given: Arguments): Promise<Profile> {
  const asked = given.text('profile') ?? 'private'
  if (asked === 'private' || asked === 'meeting') return PROFILES[asked]
  if (asked !== 'webpki') throw notOneOf('profile', asked, [...Object.keys(PROFILES), 'webpki'])
  // The list of public suffixes is 100 kB: only for those who ask.
  const { getPublicSuffix } = await import('tldts')
  return webpkiProfile((domain) => getPublicSuffix(domain, { allowPrivateDomains: true }) === domain)
}

const digest: OcspContext['digest'] = (name, octets) => new Uint8Array(hash(name, octets, 'buffer'))

async function readPassword(given: Arguments, around: Around): Promise<string | undefined> {
  const path = given.text('password-file')
  return path === undefined ? undefined : firstLine(path, around)
}

function notOneOf(option: string, asked: string, known: readonly string[]): Failure {
  return new Failure(EXIT.usage, `--${option} must be one of ${known.join(', ')}${didYouMean(asked, known)}`, {
    code: 'ERR_CLI_USAGE',
  })
}

/** For programs: octets are left out, numbers that JSON has not are text. */
function jsonOf(verdict: Verdict, now: Temporal.Instant): unknown {
  if (!verdict.ok) {
    const plain = ({ certificate: _, ...rest }: Finding) => rest
    const worded = (finding: Finding) => ({ ...plain(finding), ...said(finding, now) })
    const tried = verdict.tried.map(({ certificates, anchor, findings }) => ({
      certificates,
      anchor: anchor && formatName(anchor.name),
      findings: findings.map(plain),
    }))
    return { accepted: false, findings: verdict.findings.map(worded), tried }
  }
  const { path, evidence, policies } = verdict
  return {
    accepted: true,
    serials: path.certificates.map(({ serialNumber }) => serialNumber.toString(16)),
    validUntil: path.validUntil,
    evidence: evidence.map((each) => ({
      ...each,
      issuer: formatName(each.issuer),
      // JSON.stringify leaves out what is undefined.
      ...(each.kind === 'crl' && { number: each.number?.toString(), base: each.base?.toString() }),
    })),
    policies,
  }
}
