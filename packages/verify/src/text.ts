// Text that a peer controls, in a detail.
import { escapeText } from '@countersign/x509'
import type { Facts } from './model.ts'

/** A person reads no more of it, and a log keeps no more. */
const MAX_SHOWN = 160

/** Escapes what could deceive a reader, and cuts what is long. */
export function shown(text: string): string {
  const escaped = escapeText(text)
  return escaped.length > MAX_SHOWN ? `${escaped.slice(0, MAX_SHOWN)}…` : escaped
}

/** A certificate can carry thousands of names; a person reads three. */
const MAX_LISTED = 3

/** The first few of what stands there, and how many more there are. */
export function fewOf(all: readonly string[]): Pick<Facts, 'found' | 'others'> {
  const others = all.length - MAX_LISTED
  return { found: all.slice(0, MAX_LISTED).map(shown), ...(others > 0 && { others }) }
}
