// The words in which chains with policies are written.
import { certificatePoliciesExtension, type Extension, OID, type Oid, policyMappingsExtension } from '@countersign/x509'
import { type Case, issuingKeys } from './chain.ts'
import { akiOf, name } from './house.ts'

/** With the policies that are valid where it is accepted. */
export interface PolicyCase extends Case {
  readonly policies?: readonly Oid[]
}

export const GOLD = '1.3.6.1.4.1.32473.10'
export const SILVER = '1.3.6.1.4.1.32473.11'
export const WHITE = '1.3.6.1.4.1.32473.12'
export const ANY = OID.anyPolicy

export const policies = (...oids: Oid[]): Extension =>
  certificatePoliciesExtension(oids.map((policyIdentifier) => ({ policyIdentifier })))
export const mapped = (...pairs: [Oid, Oid][]): Extension =>
  policyMappingsExtension(
    pairs.map(([issuerDomainPolicy, subjectDomainPolicy]) => ({ issuerDomainPolicy, subjectDomainPolicy })),
  )
export const more = (...extensions: Extension[]) => ({ more: extensions })
/** An issuer of its anchor's name: self-issued. */
export const selfIssued = (...extensions: Extension[]) => ({ subject: name('Root'), more: extensions })
export const below = (...extensions: Extension[]) => ({
  more: extensions,
  extensions: { authorityKeyIdentifier: akiOf({ keys: issuingKeys }) },
})

export const explicit = { policy: { initialExplicitPolicy: true } } as const
export const wanting = (...initialPolicySet: Oid[]) => ({ policy: { initialExplicitPolicy: true, initialPolicySet } })
export const NONE = ['ERR_VERIFY_POLICY'] as const
