// Text that a peer controls, in a detail.
import { escapeText } from '@countersign/x509'

/** A person reads no more of it, and a log keeps no more. */
const MAX_SHOWN = 160

/** Escapes what could deceive a reader, and cuts what is long. */
export function shown(text: string): string {
  const escaped = escapeText(text)
  return escaped.length > MAX_SHOWN ? `${escaped.slice(0, MAX_SHOWN)}…` : escaped
}
