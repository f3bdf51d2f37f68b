import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PROFILES, verifyPath } from '@countersign/verify'
import { draw } from './draft.ts'
import { opensslVerify } from './openssl-verify.ts'
import { randomDraft } from './random-draft.ts'
const folder = mkdtempSync(join(tmpdir(), 'd-'))
const [from = 1, count = 500] = process.argv.slice(2).map(Number)
const groups = new Map<string, string[]>()
let same = [0, 0]
for (let seed = from; seed < from + count; seed++) {
  let drawn
  try { drawn = draw(randomDraft(seed)) } catch (e) { console.log(seed, [...randomDraft(seed).twists].join(' | '), String(e)); continue }
  const ders = drawn.holders.map((h) => h.certificate.der).toReversed()
  const v = verifyPath(ders.slice(0, -1), { ...drawn.context, profile: PROFILES.private })
  const o = opensslVerify(drawn, folder)
  if (v.ok === o.accepted) { same[v.ok ? 1 : 0]!++; continue }
  const key = v.ok ? `OURS accept: ${o.reasons.map(r => r.split(' ')[0]).join(',')}` : `THEIRS accept: ${[...new Set(v.findings.map((f) => f.code + ' ' + f.detail.replace(/[0-9a-f.:T-]{6,}/g,'').slice(0, 60)))].join(' + ')}`
  const g = groups.get(key) ?? []
  groups.set(key, g)
  g.push(`${seed}: ${[...drawn.twists].join(' | ')}  [${o.reasons}]`)
}
console.log('refused, accepted', same)
for (const [k, g] of [...groups].sort()) { console.log(`\n## ${g.length} ${k}`); for (const l of g.slice(0, 6)) console.log('   ', l) }
rmSync(folder, { recursive: true })
if (process.env.SHOW) for (const s of process.env.SHOW.split(',').map(Number)) {
  const { inspect } = await import('node:util')
  const d = randomDraft(s); const c = draw(d)
  console.log(s, [...d.twists], d.purpose, d.name, d.policy)
  for (const h of c.holders.toReversed()) { const x = h.certificate; console.log(inspect({self: JSON.stringify(x.subject.rdnSequence)===JSON.stringify(x.issuer.rdnSequence), pol: x.certificatePolicies?.map(p=>p.policyIdentifier).join(), map: x.policyMappings?.map(p=>Object.values(p).join('>')), pc: x.policyConstraints, ia: x.inhibitAnyPolicy, san: x.subjectAltName, nc: x.nameConstraints, eku: x.extendedKeyUsage}, {depth: 8, breakLength: 160})) }
}
