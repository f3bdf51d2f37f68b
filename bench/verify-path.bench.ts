// Validation of a path of leaf, issuer and root beside the two bare signature checks in it (both keys imported, both
// signatures checked), OpenSSL's X509_verify_cert and pkijs: a leaf that nobody has seen, with ten extensions, in turns in
// one run. Cold: nothing is known but the root. Warm: the issuer was met before, so that the leaf's signature is left.
import { createPublicKey, type KeyObject, verify } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createCheckSignature } from '@countersign/mtls'
import { anchorOf, PROFILES, type Verdict, verifyParsedPath, verifyPath } from '@countersign/verify'
import { type Certificate, readCertificate } from '@countersign/x509'
import { print } from './measurement.ts'
import { compileOpensslVerify, timeOpenssl } from './support/openssl-verify.ts'
import { type House, makeHouse, NOW } from './support/paths.ts'
import { verifyWithPkijs } from './support/pkijs-verify.ts'

const ROUNDS = 15
/** Few at a time: what is kept of them for the next turn is not measured with it. */
const LEAVES = 60
const LEAVES_OF_PKIJS = 6
/** Until the code is compiled. */
const WARM_UP = 30

const scratch = await mkdtemp(join(tmpdir(), 'countersign-bench-'))
try {
  const openssl = compileOpensslVerify(scratch)
  for (const kind of ['P-256', 'RSA-2048'] as const) await measure(kind, makeHouse(kind), openssl)
} finally {
  await rm(scratch, { recursive: true, force: true })
}

async function measure(
  kind: 'P-256' | 'RSA-2048',
  house: House,
  openssl: ReturnType<typeof compileOpensslVerify>,
): Promise<void> {
  const times = new Map<string, number[]>()
  const root = readCertificate(house.root)
  const issuing = readCertificate(house.issuing)
  const rootKey = keyOf(root)
  const issuingKey = keyOf(issuing)
  const common = { anchors: [anchorOf(root)], status: { mode: 'prefer', crls: [] }, now: NOW } as const
  const context = { ...common, issuers: [], purpose: 'clientAuth', profile: PROFILES.meeting } as const
  const checkSignature = createCheckSignature()
  const warm = { ...context, issuers: [issuing], checkSignature }
  const cold = () => ({ ...context, checkSignature: createCheckSignature() })

  for (let round = -WARM_UP; round < ROUNDS; round++) {
    const note = (name: string, microseconds: number) => {
      if (round >= 0) times.set(name, [...(times.get(name) ?? []), microseconds])
    }
    const time = <T>(name: string, values: readonly T[], act: (value: T) => unknown) => {
      const before = process.cpuUsage()
      for (const value of values) act(value)
      note(name, cpuSince(before) / values.length)
    }
    const leaves = house.freshLeaves(LEAVES)
    const read = leaves.map((der) => ({ leaf: readCertificate(der), issuing: readCertificate(house.issuing) }))
    time('bare', read, ({ leaf, issuing }) => {
      must(check(issuing, keyOf(root)))
      must(check(leaf, keyOf(issuing)))
    })
    time('cold, read before', read, ({ leaf, issuing }) => must(verifyParsedPath(leaf, [issuing], cold()).ok))
    time('cold', leaves, (leaf) => stands(verifyPath([leaf, house.issuing], cold())))
    const more = house.freshLeaves(LEAVES)
    const moreRead = more.map((der) => readCertificate(der))
    time('bare, keys and issuer known', moreRead, (leaf) => must(check(leaf, issuingKey)))
    time('warm, read before', moreRead, (leaf) => stands(verifyParsedPath(leaf, [issuing], warm)))
    time('warm', house.freshLeaves(LEAVES), (leaf) => stands(verifyPath([leaf, house.issuing], warm)))
    if ('program' in openssl) {
      const folder = join(scratch, `${kind} ${round}`)
      const { cold, warm, warmRead } = await timeOpenssl(openssl.program, folder, house, leaves, NOW)
      note('OpenSSL, cold', cold)
      note('OpenSSL, warm', warm)
      note('OpenSSL, warm, read before', warmRead)
    }
    const before = process.cpuUsage()
    for (const leaf of leaves.slice(0, LEAVES_OF_PKIJS)) await verifyWithPkijs(house, leaf)
    note('pkijs', cpuSince(before) / LEAVES_OF_PKIJS)
  }
  must(check(issuing, rootKey))

  const row = (name: string, baselines: readonly string[] = [], goal?: string) => {
    const values = times.get(name)
    if (values === undefined) return
    print({
      name: `${kind}: ${name}`,
      unit: 'µs of CPU',
      values,
      baselines: baselines.filter((each) => times.has(each)).map((each) => `${kind}: ${each}`),
      ...(goal && { goal }),
    })
  }
  row('bare')
  row('bare, keys and issuer known')
  if ('skipped' in openssl) print({ name: `${kind}: OpenSSL`, skipped: openssl.skipped })
  for (const name of ['OpenSSL, cold', 'OpenSSL, warm', 'OpenSSL, warm, read before']) row(name)
  row('pkijs')
  row('cold, read before', ['bare'], '≤ 1.3 × bare')
  row('cold', ['bare', 'OpenSSL, cold', 'pkijs'])
  row('warm, read before', ['bare, keys and issuer known', 'OpenSSL, warm, read before'])
  row('warm', ['bare, keys and issuer known', 'OpenSSL, warm'])
}

function keyOf({ subjectPublicKeyInfo: { der } }: Certificate): KeyObject {
  return createPublicKey({ key: Buffer.from(der), format: 'der', type: 'spki' })
}

function check({ tbsDer, signatureValue }: Certificate, key: KeyObject): boolean {
  return verify('sha256', tbsDer, key, signatureValue)
}

function stands(verdict: Verdict): void {
  if (!verdict.ok) throw new Error(verdict.findings.map(({ detail }) => detail).join('; '))
}

function must(ok: boolean): void {
  if (!ok) throw new Error('what must verify does not')
}

/** Microseconds of the whole process, its other threads too. */
function cpuSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before)
  return user + system
}
