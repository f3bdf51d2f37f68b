// What an attacker with 64 kB of certificates can make the verifier do, at most, that we know of (interop/chains/attack-cases.ts):
// CPU of one decision, certificates read and signatures checked, nothing known before.
import { createCheckSignature } from '@countersign/mtls'
import { verifyPath } from '@countersign/verify'
import { makeAttacks } from '../interop/chains/attack-cases.ts'
import { print } from './measurement.ts'

const ROUNDS = 9
const DECISIONS = 5
/** Until the code is compiled, as it is in a door that is attacked. */
const WARM_UP = 8

const attacks = makeAttacks()
const times = attacks.map((): number[] => [])
for (let round = -WARM_UP; round < ROUNDS; round++)
  for (const [i, { what, peer, context, code }] of attacks.entries()) {
    const before = process.cpuUsage()
    for (let decision = 0; decision < DECISIONS; decision++)
      if (verifyPath(peer, { ...context, checkSignature: createCheckSignature() }).ok !== (code === undefined))
        throw new Error(`${what}: another decision`)
    const { user, system } = process.cpuUsage(before)
    if (round >= 0) times[i]?.push((user + system) / 1000 / DECISIONS)
  }
for (const [i, { what, by }] of attacks.entries())
  print({ name: `${by}: ${what}`, unit: 'ms of CPU', values: times[i] ?? [], goal: '< 20 ms' })
