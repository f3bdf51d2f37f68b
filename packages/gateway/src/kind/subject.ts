import type { Side } from '@countersign/protocol'

/**
 * One word for a caller, for a service that looks at nothing else: a party of our own authority by its name; whoever else by
 * a name that it proved, with its kind, which no party can be called (`dNSName:alice` is not `alice`).
 */
export function subjectOf({ party, identities: [first], name }: Side): string {
  return party ?? (first === undefined ? name : `${first.kind}:${first.value}`)
}
