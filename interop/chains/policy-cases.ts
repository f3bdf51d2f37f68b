// Certificate policies, RFC 5280 §6.1 as RFC 9618 updates it: what is valid along a path, and when something must be.
import {
  certificatePoliciesExtension,
  type Extension,
  inhibitAnyPolicyExtension,
  OID,
  type Oid,
  policyConstraintsExtension,
  policyMappingsExtension,
  writeNull,
  writeOid,
  writeSequence,
} from '@countersign/x509'
import { type Case, issuingKeys } from './chain.ts'
import { akiOf, marked, name } from './house.ts'

const GOLD = '1.3.6.1.4.1.32473.10'
const SILVER = '1.3.6.1.4.1.32473.11'
const WHITE = '1.3.6.1.4.1.32473.12'
const ANY = OID.anyPolicy

const policies = (...oids: Oid[]): Extension =>
  certificatePoliciesExtension(oids.map((policyIdentifier) => ({ policyIdentifier })))
const mapped = (...pairs: [Oid, Oid][]): Extension =>
  policyMappingsExtension(
    pairs.map(([issuerDomainPolicy, subjectDomainPolicy]) => ({ issuerDomainPolicy, subjectDomainPolicy })),
  )
const constraints = policyConstraintsExtension
const more = (...extensions: Extension[]) => ({ more: extensions })
/** An issuer of its anchor's name: self-issued. */
const selfIssued = (...extensions: Extension[]) => ({ subject: name('Root'), more: extensions })
const below = (...extensions: Extension[]) => ({
  more: extensions,
  extensions: { authorityKeyIdentifier: akiOf({ keys: issuingKeys }) },
})

const explicit = { policy: { initialExplicitPolicy: true } } as const
const wanting = (...initialPolicySet: Oid[]) => ({ policy: { initialExplicitPolicy: true, initialPolicySet } })
const NONE = ['ERR_VERIFY_POLICY'] as const

/** Each with the policies that are valid where it is accepted. */
export const POLICY_CASES: readonly (Case & { readonly policies?: readonly Oid[] })[] = [
  { what: 'no policies', codes: [], policies: [] },
  { what: 'no policies where one is required', codes: NONE, context: explicit },
  {
    what: 'one policy all along',
    codes: [],
    issuing: more(policies(GOLD)),
    party: more(policies(GOLD)),
    context: explicit,
    policies: [GOLD],
  },
  {
    what: 'a policy that the issuer lacks',
    codes: NONE,
    issuing: more(policies(SILVER)),
    party: more(policies(GOLD)),
    context: explicit,
  },
  {
    what: 'a policy that the issuer lacks, where none is required',
    codes: [],
    issuing: more(policies(SILVER)),
    party: more(policies(GOLD)),
    policies: [],
  },
  { what: 'an issuer without policies', codes: NONE, party: more(policies(GOLD)), context: explicit },
  { what: 'a party without policies', codes: NONE, issuing: more(policies(GOLD)), context: explicit },
  {
    what: 'an issuer for any policy',
    codes: [],
    issuing: more(policies(ANY)),
    party: more(policies(GOLD)),
    context: explicit,
    policies: [GOLD],
  },
  {
    what: 'a party for any policy',
    codes: [],
    issuing: more(policies(GOLD, SILVER)),
    party: more(policies(ANY)),
    context: explicit,
    policies: [GOLD, SILVER],
  },
  {
    what: 'any policy all along',
    codes: [],
    issuing: more(policies(ANY)),
    party: more(policies(ANY)),
    context: wanting(GOLD),
    policies: [GOLD],
  },
  {
    what: 'a policy that is asked for',
    codes: [],
    issuing: more(policies(GOLD, SILVER)),
    party: more(policies(GOLD, SILVER)),
    context: wanting(GOLD),
    policies: [GOLD],
  },
  {
    what: 'a policy that is not asked for',
    codes: NONE,
    issuing: more(policies(GOLD)),
    party: more(policies(GOLD)),
    context: wanting(SILVER),
  },
  {
    what: 'a policy that is not asked for, where none is required',
    codes: [],
    issuing: more(policies(GOLD)),
    party: more(policies(GOLD)),
    context: { policy: { initialPolicySet: [SILVER] } },
    policies: [],
  },
  {
    what: 'critical policies',
    codes: [],
    issuing: more(marked(true, policies(GOLD))),
    party: more(marked(true, policies(GOLD))),
    policies: [GOLD],
  },

  {
    what: 'an issuer that requires a policy, which the party lacks',
    codes: NONE,
    issuing: more(policies(GOLD), constraints({ requireExplicitPolicy: 0 })),
  },
  {
    what: 'an issuer that requires a policy, which the party has',
    codes: [],
    issuing: more(policies(GOLD), constraints({ requireExplicitPolicy: 0 })),
    party: more(policies(GOLD)),
    policies: [GOLD],
  },
  {
    what: 'an issuer that requires a policy one certificate later, which comes never',
    codes: NONE,
    issuing: more(policies(GOLD), constraints({ requireExplicitPolicy: 1 })),
  },
  {
    what: 'an issuer that requires a policy two certificates later',
    codes: [],
    issuing: more(policies(GOLD), constraints({ requireExplicitPolicy: 2 })),
  },
  {
    what: 'a party that requires a policy of itself',
    codes: NONE,
    party: more(constraints({ requireExplicitPolicy: 0 })),
  },
  { what: 'an anchor that requires a policy', codes: NONE, root: more(constraints({ requireExplicitPolicy: 0 })) },
  {
    what: 'an anchor that names another policy',
    codes: NONE,
    root: more(policies(SILVER)),
    issuing: more(policies(GOLD)),
    party: more(policies(GOLD)),
    context: explicit,
  },
  {
    what: 'an anchor that names the policy',
    codes: [],
    root: more(policies(GOLD)),
    issuing: more(policies(GOLD, SILVER)),
    party: more(policies(GOLD, SILVER)),
    context: explicit,
    policies: [GOLD],
  },

  {
    what: 'an issuer that inhibits anyPolicy below it',
    codes: NONE,
    issuing: more(policies(GOLD), inhibitAnyPolicyExtension(0)),
    party: more(policies(ANY)),
    context: explicit,
  },
  {
    what: 'an issuer that inhibits anyPolicy, and a party that names its own',
    codes: [],
    issuing: more(policies(ANY), inhibitAnyPolicyExtension(0)),
    party: more(policies(GOLD)),
    context: explicit,
    policies: [GOLD],
  },
  {
    what: 'an issuer that inhibits anyPolicy one certificate later',
    codes: [],
    issuing: more(policies(GOLD), inhibitAnyPolicyExtension(1)),
    party: more(policies(ANY)),
    context: explicit,
    policies: [GOLD],
  },
  {
    what: 'an anchor that inhibits anyPolicy',
    codes: NONE,
    root: more(inhibitAnyPolicyExtension(0)),
    issuing: more(policies(ANY)),
    party: more(policies(GOLD)),
    context: explicit,
  },
  {
    what: 'an anchor that inhibits anyPolicy, with a self-issued issuer',
    codes: [],
    root: more(inhibitAnyPolicyExtension(0)),
    issuing: selfIssued(policies(ANY)),
    party: below(policies(GOLD)),
    context: explicit,
    policies: [GOLD],
  },
  {
    what: 'a question that inhibits anyPolicy',
    codes: NONE,
    issuing: more(policies(ANY)),
    party: more(policies(GOLD)),
    context: { policy: { initialExplicitPolicy: true, initialAnyPolicyInhibit: true } },
  },

  {
    what: 'a policy under its other name',
    codes: [],
    issuing: more(policies(GOLD), mapped([GOLD, SILVER])),
    party: more(policies(SILVER)),
    context: explicit,
    policies: [GOLD],
  },
  {
    what: 'a policy under its old name',
    codes: NONE,
    issuing: more(policies(GOLD), mapped([GOLD, SILVER])),
    party: more(policies(GOLD)),
    context: explicit,
  },
  {
    what: 'a policy under two names',
    codes: [],
    issuing: more(policies(GOLD), mapped([GOLD, SILVER], [GOLD, WHITE])),
    party: more(policies(WHITE)),
    context: wanting(GOLD),
    policies: [GOLD],
  },
  {
    what: 'two policies under one name',
    codes: [],
    issuing: more(policies(GOLD, SILVER), mapped([GOLD, WHITE], [SILVER, WHITE])),
    party: more(policies(WHITE)),
    context: explicit,
    policies: [GOLD, SILVER],
  },
  {
    what: 'a policy out of any, under its other name',
    codes: [],
    issuing: more(policies(ANY), mapped([GOLD, SILVER])),
    party: more(policies(SILVER)),
    context: wanting(GOLD),
    policies: [GOLD],
  },
  {
    what: 'an other name of a policy that is not there',
    codes: NONE,
    issuing: more(policies(WHITE), mapped([GOLD, SILVER])),
    party: more(policies(SILVER)),
    context: explicit,
  },
  {
    what: 'a mapping that the anchor inhibits',
    codes: NONE,
    root: more(constraints({ inhibitPolicyMapping: 0 })),
    issuing: more(policies(GOLD), mapped([GOLD, SILVER])),
    party: more(policies(SILVER)),
    context: explicit,
  },
  {
    what: 'a mapping that the question inhibits',
    codes: NONE,
    issuing: more(policies(GOLD), mapped([GOLD, SILVER])),
    party: more(policies(SILVER)),
    context: { policy: { initialExplicitPolicy: true, initialPolicyMappingInhibit: true } },
  },
  {
    what: 'a mapping by the anchor',
    codes: [],
    root: more(policies(GOLD), mapped([GOLD, SILVER])),
    issuing: more(policies(SILVER)),
    party: more(policies(SILVER)),
    context: explicit,
    policies: [GOLD],
  },
  {
    what: 'a mapping of anyPolicy',
    codes: ['ERR_VERIFY_POLICY_MAPPING'],
    issuing: more(policies(GOLD), mapped([ANY, GOLD])),
    party: more(policies(GOLD)),
  },
  {
    what: 'a mapping to anyPolicy',
    codes: ['ERR_VERIFY_POLICY_MAPPING'],
    issuing: more(policies(GOLD), mapped([GOLD, ANY])),
    party: more(policies(GOLD)),
  },

  ...[true, false].map(
    (critical): Case => ({
      what: `an unknown qualifier of ${critical ? '' : 'not '}critical policies`,
      codes: critical ? ['ERR_VERIFY_CRITICAL_EXTENSION'] : [],
      party: more(
        marked(
          critical,
          certificatePoliciesExtension([
            {
              policyIdentifier: GOLD,
              policyQualifiers: [writeSequence(writeOid('1.3.6.1.4.1.32473.13'), writeNull())],
            },
          ]),
        ),
      ),
    }),
  ),
]
