// Decisions with 10,000 parties and 1,000 rules, from labels and from what a door knows; who-can and what-if over all.
import { compilePolicy, createDirectory, decide, readPolicy, whatIf, whoCan } from '@countersign/policy'
import { print } from './measurement.ts'

const PARTIES = 10_000
const RULES = 1_000
const SERVICES = 20
const ROUNDS = 7
const DECISIONS = 100_000
const NOW = Temporal.Instant.from('2026-11-24T12:00:00Z')

const parties = Array.from({ length: PARTIES }, (_, n) => ({
  id: `p${n}`,
  kind: 'person' as const,
  labels: [`group:${n % 200}`, `city:${n % 50}`, n % 10 === 0 ? 'device:managed' : 'device:other'],
}))
const services = Array.from({ length: SERVICES }, (_, n) => ({ id: `service:${n}`, labels: [`tier:${n % 4}`] }))
const text = Array.from({ length: RULES }, (_, n) => {
  const who = n % 3 === 0 ? `group:${n % 200} & device:managed` : `group:${n % 200} & city:${n % 50} | party:p${n}`
  const what = n % 5 === 0 ? `tier:${n % 4}` : `service:${n % SERVICES}`
  return `  - {rule: r${n}, who: "${who}", what: "${what}"${n % 7 === 0 ? ', while: "hours 08:00-20:00"' : ''}}`
}).join('\n')
const read = readPolicy(`meet:\n${text}\nlock:\n  - {who: city:49, what: tier:3, reason: closed}\n`)
const changed = readPolicy(`meet:\n${text}\nlock:\n  - {who: city:48, reason: closed}\n`)
if (!read.ok || !changed.ok) throw new TypeError('the policy of the bench cannot be read')
const policy = compilePolicy(read.rules, services)
const directory = createDirectory(parties, 'acme.example')
const callers = parties.map(({ id }) => directory.callerOf({ name: id, party: id, identities: [] }))
const proofs = [{ kind: 'certificate', at: NOW } as const]

const micros: number[] = []
let admitted = 0
for (let round = 0; round <= ROUNDS; round++) {
  const before = process.cpuUsage()
  for (let i = 0; i < DECISIONS; i++) {
    const who = callers[(i * 7919) % PARTIES]
    const what = services[i % SERVICES]
    if (who && what && decide({ who, what: what.id, proofs, seen: [], now: NOW }, policy).ok) admitted++
  }
  const { user, system } = process.cpuUsage(before)
  // The first round warms code and is not counted.
  if (round > 0) micros.push((user + system) / DECISIONS)
}
const atDoor: number[] = []
for (let round = 0; round <= ROUNDS; round++) {
  const before = process.cpuUsage()
  for (let i = 0; i < DECISIONS; i++) {
    const party = `p${(i * 7919) % PARTIES}`
    const identities = [{ kind: 'uniformResourceIdentifier', value: `spiffe://acme.example/${party}` }]
    const who = directory.callerOf({ name: party, party, identities })
    decide({ who, what: `service:${i % SERVICES}`, proofs, seen: [], now: NOW }, policy)
  }
  const { user, system } = process.cpuUsage(before)
  if (round > 0) atDoor.push((user + system) / DECISIONS)
}
const other = compilePolicy(changed.rules, services)
const people = { before: directory, after: directory }
const whatIfMs = Array.from({ length: 3 }, () => {
  const start = performance.now()
  whatIf(policy, other, people, NOW)
  return performance.now() - start
})
const whoCanMs = Array.from({ length: 3 }, () => {
  const start = performance.now()
  whoCan('service:0', directory, policy, NOW)
  return performance.now() - start
})
if (admitted === 0) throw new RangeError('nobody was admitted: the bench measures nothing')

print({ name: 'one decision, 10,000 parties and 1,000 rules', unit: 'µs of CPU', values: micros, goal: '< 5 µs' })
print({ name: 'the same, from what a door knows of the caller', unit: 'µs of CPU', values: atDoor, goal: '< 5 µs' })
print({ name: 'what if: 10,000 parties at 20 services', unit: 'ms', values: whatIfMs })
print({ name: 'who can meet one service, of 10,000 parties', unit: 'ms', values: whoCanMs })
