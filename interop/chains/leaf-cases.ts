// What a party presents for itself.
import { basicConstraintsExtension, nameOf, OID } from '@countersign/x509'
import type { Case } from './chain.ts'
import { marked, name, purposes, sans, usage } from './house.ts'

const uri = (value: string) => ({ kind: 'uniformResourceIdentifier', value }) as const
const carol = { kind: 'rfc822Name', value: 'carol@example.com' } as const

export const LEAF_CASES: readonly Case[] = [
  {
    what: 'an authority as a leaf',
    codes: ['ERR_VERIFY_CA_AS_LEAF'],
    party: { more: [basicConstraintsExtension({ cA: true })] },
  },
  {
    what: 'a leaf that says it is no authority',
    codes: [],
    party: { more: [basicConstraintsExtension({ cA: false })] },
  },
  {
    what: 'an authority as a leaf, which may sign certificates and all else',
    codes: ['ERR_VERIFY_CA_AS_LEAF'],
    party: {
      extensions: { keyUsage: usage('digitalSignature', 'keyCertSign') },
      more: [basicConstraintsExtension({ cA: true })],
    },
  },
  {
    what: 'a leaf whose key may only encipher',
    codes: ['ERR_VERIFY_KEY_USAGE'],
    party: { extensions: { keyUsage: usage('keyEncipherment', 'keyAgreement') } },
  },
  {
    what: 'a leaf whose key may sign certificates',
    codes: ['ERR_VERIFY_KEY_USAGE'],
    party: { extensions: { keyUsage: usage('digitalSignature', 'keyCertSign') } },
  },
  { what: 'a leaf without a key usage', codes: [], party: { extensions: { keyUsage: null } } },
  {
    what: 'a server as a client',
    codes: ['ERR_VERIFY_EXTENDED_KEY_USAGE'],
    party: { extensions: { extendedKeyUsage: purposes(OID.serverAuth) } },
  },
  {
    what: 'a client as a server',
    codes: ['ERR_VERIFY_EXTENDED_KEY_USAGE'],
    party: { extensions: { extendedKeyUsage: purposes(OID.clientAuth) } },
    context: { purpose: 'serverAuth' },
  },
  {
    what: 'a leaf for any purpose',
    codes: ['ERR_VERIFY_EXTENDED_KEY_USAGE'],
    party: { extensions: { extendedKeyUsage: purposes(OID.anyExtendedKeyUsage) } },
  },
  {
    what: 'a leaf without a purpose',
    codes: ['ERR_VERIFY_EXTENDED_KEY_USAGE'],
    party: { extensions: { extendedKeyUsage: null } },
  },
  {
    what: 'a leaf with an empty subject and names that one may skip',
    codes: ['ERR_VERIFY_SUBJECT'],
    party: { subject: nameOf([]) },
  },
  {
    what: 'a leaf with an empty subject and names that one may not skip',
    codes: [],
    party: { subject: nameOf([]), extensions: { subjectAltName: marked(true, sans(carol)) } },
  },
  ...[
    ['two uris', [uri('spiffe://house.example/a'), uri('https://a.example/')]],
    ['two ids', [uri('spiffe://house.example/a'), uri('SPIFFE://house.example/b')]],
    ['a trust domain alone', [uri('spiffe://house.example')]],
    ['an empty path', [uri('spiffe://house.example/')]],
    ['an empty segment', [uri('spiffe://house.example/a//b')]],
    ['a relative segment', [uri('spiffe://house.example/a/../b')]],
    ['a query', [uri('spiffe://house.example/a?b')]],
    ['a port', [uri('spiffe://house.example:1/a')]],
    ['a user', [uri('spiffe://b@house.example/a')]],
    ['percent-encoding', [uri('spiffe://house.example/%61')]],
    ['no authority', [uri('spiffe:house.example/a')]],
    ['a space', [uri('spiffe://house.example/a b')]],
    ['more than 2048 octets', [uri(`spiffe://house.example/${'a'.repeat(2026)}`)]],
  ].map(([what, names]) => ({
    what: `a spiffe id with ${what}`,
    codes: ['ERR_VERIFY_SPIFFE'] as const,
    party: { extensions: { subjectAltName: sans(...(names as ReturnType<typeof uri>[])) } },
  })),
  {
    what: 'a spiffe id of 2048 octets',
    codes: [],
    party: { extensions: { subjectAltName: sans(uri(`spiffe://house.example/${'a'.repeat(2025)}`)) } },
  },
  {
    what: 'a spiffe id beside a dns name',
    codes: [],
    party: {
      extensions: {
        subjectAltName: sans(uri('spiffe://house.example/a/B_.-9'), { kind: 'dNSName', value: 'a.example' }),
      },
    },
  },
  {
    what: 'two uris, neither a spiffe id',
    codes: [],
    party: { extensions: { subjectAltName: sans(uri('a:b'), uri('a:c')) } },
  },
  {
    what: 'a spiffe id whose key may sign crls',
    codes: ['ERR_VERIFY_SPIFFE'],
    party: {
      extensions: {
        subjectAltName: sans(uri('spiffe://house.example/a')),
        keyUsage: usage('digitalSignature', 'cRLSign'),
      },
    },
  },
  {
    what: 'a leaf for another name',
    codes: ['ERR_VERIFY_NAME'],
    context: { name: { kind: 'dNSName', value: 'other.example' } },
  },
  { what: 'a leaf for the name', codes: [], context: { name: { kind: 'dNSName', value: 'PARTY.example.' } } },
  {
    what: 'a leaf without a name of the kind',
    codes: ['ERR_VERIFY_NAME_ABSENT'],
    context: { name: { kind: 'iPAddress', value: '192.0.2.1' } },
  },
  {
    what: 'a leaf with the name as its common name only',
    codes: ['ERR_VERIFY_NAME_ABSENT'],
    party: { subject: name('party.example'), extensions: { subjectAltName: null } },
    context: { name: { kind: 'dNSName', value: 'party.example' } },
  },
  {
    what: 'a reference that is no name',
    codes: ['ERR_VERIFY_NAME'],
    context: { name: { kind: 'dNSName', value: '*.example' } },
  },
]
