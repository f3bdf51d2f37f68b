// Who a party says it is, in the one text form that lists, logs and policies use.

/** A name that a party proves. */
export interface Identity {
  /** `account`: of a person, as it is typed to sign in; no certificate carries it. */
  readonly kind: 'dNSName' | 'iPAddress' | 'uniformResourceIdentifier' | 'rfc822Name' | 'sshPrincipal' | 'account'
  readonly value: string
}

/** A party's name inside its house: the path of its SPIFFE ID. */
export type PartyId = string

/** SPIFFE ID §2.2: segments of letters, digits, dots, hyphens and underscores, none `.` or `..`. */
const PARTY_SEGMENT = /^(?!\.{1,2}$)[A-Za-z0-9._-]+$/
/** RFC 5280 Appendix A.1 ub-common-name: the party is the subject's common name too. */
const MAX_PARTY_CHARACTERS = 64

/** Whether `party` can be the path of a SPIFFE ID and a common name; as a path of directories it leads only downwards. */
export function isParty(party: string): boolean {
  return party.length <= MAX_PARTY_CHARACTERS && party.split('/').every((segment) => PARTY_SEGMENT.test(segment))
}

/** What records and receipts call a door. */
export type DoorName = string

/** Who answers for a refusal, so that the right person mends it. */
export type Fault = 'caller' | 'callee' | 'authority' | 'operator' | 'us'
