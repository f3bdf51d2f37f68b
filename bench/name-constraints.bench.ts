// A leaf of 1,000 names below an issuer of 1,000 permitted and 1,000 excluded subtrees of their kind, and half as many of
// each: the time must grow as they do, and not as their product. OpenSSL, in turns in the same run, has half the subtrees, as it
// refuses where names by subtrees are more than 2^20. Reading is apart; the two signatures of P-256 are in each.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createCheckSignature } from '@countersign/mtls'
import { DEFAULT_BUDGET, verifyParsedPath } from '@countersign/verify'
import { type GeneralName, nameConstraintsExtension, nameOf, parseIpAddress, readCertificate } from '@countersign/x509'
import { anchorOf, contextOf, intermediate, leaf, NOW, root, sans } from '../interop/chains/house.ts'
import { print } from './measurement.ts'
import { compileOpensslVerify, timeOpenssl } from './support/openssl-verify.ts'

const ROUNDS = 9
const TIMES = 5
const WARM_UP = 4

/** Name number `i` of each kind, and the subtree that has it and no other; `of` is another one for what is excluded. */
const KINDS: Readonly<Record<string, (i: number, of: 'a' | 'b') => readonly [GeneralName, GeneralName]>> = {
  DNS: (i, of) => [dns(`host.${of}${i}.example`), dns(`${of}${i}.example`)],
  mail: (i, of) => [
    { kind: 'rfc822Name', value: `user@${of}${i}.example` },
    { kind: 'rfc822Name', value: `${of}${i}.example` },
  ],
  URI: (i, of) => [
    { kind: 'uniformResourceIdentifier', value: `https://${of}${i}.example/path` },
    { kind: 'uniformResourceIdentifier', value: `${of}${i}.example` },
  ],
  directory: (i, of) => [
    {
      kind: 'directoryName',
      value: nameOf([
        ['organizationName', `${of}${i}`],
        ['commonName', 'someone'],
      ]),
    },
    { kind: 'directoryName', value: nameOf([['organizationName', `${of}${i}`]]) },
  ],
  IP: (i, of) => {
    const address = parseIpAddress(`10.${of === 'a' ? 1 : 2}.${i >> 8}.${i & 255}`) ?? new Uint8Array()
    return [
      { kind: 'iPAddress', octets: address },
      { kind: 'iPAddress', octets: Uint8Array.of(...address, 255, 255, 255, 255) },
    ]
  },
}

const anchor = root()
const budget = { ...DEFAULT_BUDGET, maxOctets: 1_048_576 }
const context = contextOf([anchorOf(anchor)], { budget })
const scratch = await mkdtemp(join(tmpdir(), 'countersign-bench-'))
try {
  const openssl = compileOpensslVerify(scratch)
  for (const kind of Object.keys(KINDS)) await measure(kind, openssl)
} finally {
  await rm(scratch, { recursive: true, force: true })
}

async function measure(kind: string, openssl: ReturnType<typeof compileOpensslVerify>): Promise<void> {
  const sets = {
    '500 × 1,000': makePath(kind, 500, 500),
    '1,000 × 1,000': makePath(kind, 1000, 500),
    '1,000 × 2,000': makePath(kind, 1000, 1000),
  }
  const times = new Map<string, number[]>()
  const note = (name: string, round: number, milliseconds: number) => {
    if (round >= 0) times.set(name, [...(times.get(name) ?? []), milliseconds])
  }
  for (let round = -WARM_UP; round < ROUNDS; round++) {
    for (const [size, { leaf, issuing }] of Object.entries(sets)) {
      // What was compared is remembered with a name, so that each is read again.
      const read = Array.from({ length: TIMES }, () => [readCertificate(leaf), readCertificate(issuing)] as const)
      const before = process.cpuUsage()
      for (const [party, above] of read) {
        const verdict = verifyParsedPath(party, [above], { ...context, checkSignature: createCheckSignature() })
        if (!verdict.ok) throw new Error(`${kind}: ${verdict.findings[0]?.detail}`)
      }
      const { user, system } = process.cpuUsage(before)
      note(size, round, (user + system) / 1000 / TIMES)
    }
    if ('program' in openssl) {
      const { leaf, issuing } = sets['1,000 × 1,000']
      const house = { root: anchor.certificate.der, issuing }
      const leaves = Array.from({ length: TIMES }, () => leaf)
      const { warmRead } = await timeOpenssl(openssl.program, join(scratch, `${kind} ${round}`), house, leaves, NOW)
      note('OpenSSL, 1,000 × 1,000', round, warmRead / 1000)
    }
  }
  const row = (name: string, baselines: readonly string[], goal?: string) =>
    print({
      name: `${kind}: ${name}`,
      unit: 'ms of CPU',
      values: times.get(name) ?? [],
      baselines: baselines.filter((each) => times.has(each)).map((each) => `${kind}: ${each}`),
      ...(goal && { goal }),
    })
  if ('skipped' in openssl) print({ name: `${kind}: OpenSSL`, skipped: openssl.skipped })
  else row('OpenSSL, 1,000 × 1,000', [])
  row('1,000 × 1,000', ['OpenSSL, 1,000 × 1,000'])
  row('500 × 1,000', [])
  row('1,000 × 2,000', ['500 × 1,000'], '≤ 2.5 × half, < 20 ms')
}

/** Subtrees are permitted and excluded, so many of either. */
function makePath(
  kind: string,
  names: number,
  subtrees: number,
): { readonly leaf: Uint8Array; readonly issuing: Uint8Array } {
  const make = KINDS[kind] as (typeof KINDS)[string]
  const bases = (of: 'a' | 'b') => Array.from({ length: subtrees }, (_, i) => ({ base: make(i, of)[1], minimum: 0 }))
  const issuing = intermediate(anchor, {
    more: [nameConstraintsExtension({ permittedSubtrees: bases('a'), excludedSubtrees: bases('b') })],
  })
  // A subject of this kind of its own would be outside of what is permitted.
  const subject = kind === 'directory' ? { subject: nameOf([['organizationName', 'a0']]) } : {}
  const subjectAltName = sans(...Array.from({ length: names }, (_, i) => make(i % subtrees, 'a')[0]))
  const party = leaf(issuing, { ...subject, extensions: { subjectAltName } })
  return { leaf: party.certificate.der, issuing: issuing.certificate.der }
}

function dns(value: string): GeneralName {
  return { kind: 'dNSName', value }
}
