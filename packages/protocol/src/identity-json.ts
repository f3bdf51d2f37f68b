// Names that parties prove, between our own parts; what comes in is untrusted until it has been read here.
import type { Identity } from './identity.ts'
import type { Field } from './json.ts'
import { mostCharacters } from './meeting-limits.ts'

const KINDS = ['dNSName', 'iPAddress', 'uniformResourceIdentifier', 'rfc822Name', 'sshPrincipal', 'account'] as const

/** Reads one. @throws {ShapeError} */
export function identityField(field: Field): Identity {
  return {
    kind: field.get('kind').oneOf(KINDS),
    value: field.get('value').text(mostCharacters('value')),
  }
}
