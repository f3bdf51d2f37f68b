// Names as they stand in the store.
import type { Identity } from '@countersign/protocol'
import { InvariantError } from '../error.ts'

const KINDS = ['dNSName', 'iPAddress', 'uniformResourceIdentifier', 'rfc822Name', 'sshPrincipal'] as const

/** Reads names as JSON, as `JSON.stringify` wrote them. */
export function readNames(json: string): readonly Identity[] {
  const value: unknown = JSON.parse(json)
  if (!Array.isArray(value)) throw new InvariantError('stored names are not a list')
  return value.map(readName)
}

function readName(value: unknown): Identity {
  if (typeof value === 'object' && value !== null && 'kind' in value && 'value' in value) {
    const kind = KINDS.find((candidate) => candidate === value.kind)
    if (kind !== undefined && typeof value.value === 'string') return { kind, value: value.value }
  }
  throw new InvariantError('a stored name has an unknown form')
}

/** Reads texts as JSON, as `JSON.stringify` wrote them. */
export function readTexts(json: string): readonly string[] {
  const value: unknown = JSON.parse(json)
  if (Array.isArray(value) && value.every((one) => typeof one === 'string')) return value
  throw new InvariantError('stored texts are not a list')
}
