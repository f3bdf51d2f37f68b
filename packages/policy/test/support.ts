import assert from 'node:assert/strict'
import {
  type Caller,
  compilePolicy,
  createDirectory,
  type Directory,
  type Party,
  type Policy,
  readPolicy,
  type Service,
} from '@countersign/policy'

export const NOW: Temporal.Instant = Temporal.Instant.from('2026-11-24T12:00:00Z') // a Tuesday

export const SERVICES: readonly Service[] = [
  { id: 'service:db', labels: ['kind:tcp', 'tier:money'] },
  { id: 'service:web', labels: ['kind:web', 'https://web.acme.example'] },
]

export const PARTIES: readonly Party[] = [
  { id: 'alice', kind: 'person', labels: ['group:ops', 'device:managed'] },
  { id: 'bob', kind: 'person', labels: ['group:ops'] },
  { id: 'carol', kind: 'person', labels: ['group:guests'] },
  { id: 'shop', kind: 'service', labels: [] },
]

export const DIRECTORY: Directory = createDirectory(PARTIES, 'acme.example')
export const { callerOf } = DIRECTORY

export function caller(id: string): Caller {
  return callerOf({ name: id, party: id, identities: [] })
}

export function policyOf(text: string, services: readonly Service[] = SERVICES): Policy {
  const read = readPolicy(text)
  assert.ok(read.ok, read.ok ? '' : JSON.stringify(read.faults))
  return compilePolicy(read.rules, services)
}
