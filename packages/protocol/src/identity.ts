// Who a party says it is, in the one text form that lists, logs and policies use.

/** A name that a party proves. */
export interface Identity {
  readonly kind: 'dNSName' | 'iPAddress' | 'uniformResourceIdentifier' | 'rfc822Name'
  readonly value: string
}

/** A party's name inside its house: the path of its SPIFFE ID. */
export type PartyId = string

export type DoorName = string

/** Who answers for a refusal, so that the right person mends it. */
export type Fault = 'caller' | 'callee' | 'authority' | 'operator' | 'us'
