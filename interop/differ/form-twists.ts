// What can be different about any certificate of a chain.
import { generateKeyPairSync } from 'node:crypto'
import {
  ALGORITHM,
  authorityInfoAccessExtension,
  authorityKeyIdentifierExtension,
  basicConstraintsExtension,
  extendedKeyUsageExtension,
  inhibitAnyPolicyExtension,
  noRevAvailExtension,
  OID,
  policyConstraintsExtension,
  subjectKeyIdentifierExtension,
  writeSequence,
} from '@countersign/x509'
import { type Different, hours, type Keys, keyIdOf, marked, NOW, name, purposes, usage } from '../chains/house.ts'
import {
  change,
  type Draft,
  keysAt,
  keysOf,
  type Place,
  type Role,
  STRANGER,
  take,
  withSha1,
  withSha384,
} from './draft.ts'
import type { Random } from './random.ts'
import { subtreesExtension } from './subtrees.ts'

/** Changes certificate `i` of a draft; false where that cannot be. */
type Apply = (draft: Draft, i: number, random: Random) => boolean
export type Twist = readonly [roles: readonly Role[], what: string, apply: Apply]

const ALL: readonly Role[] = ['anchor', 'issuer', 'leaf']
const ISSUERS: readonly Role[] = ['anchor', 'issuer']
const SIGNED: readonly Role[] = ['issuer', 'leaf']
const LEAF: readonly Role[] = ['leaf']

const to =
  (different: Different): Apply =>
  (draft, i) =>
    change(draft, i, different)
const extensions = (values: NonNullable<Different['extensions']>): Apply => to({ extensions: values })

const unknown = (critical: boolean) =>
  to({ more: [{ extnID: '1.3.6.1.4.1.32473.1', critical, extnValue: writeSequence() }] })
const place = [
  { accessMethod: OID.caIssuers, accessLocation: { kind: 'uniformResourceIdentifier', value: 'http://a.example/' } },
] as const

const rsa = (modulusLength: number, publicExponent = 0x10001): Keys =>
  keysOf(generateKeyPairSync('rsa', { modulusLength, publicExponent }), ALGORITHM.sha256WithRSAEncryption, 'sha256')
const curve = (namedCurve: string, algorithm: Keys['algorithm'], hash: string): Keys =>
  keysOf(generateKeyPairSync('ec', { namedCurve }), algorithm, hash)
const ed25519 = keysOf(generateKeyPairSync('ed25519'), ALGORITHM.Ed25519, undefined)
const KEYS: readonly (readonly [string, Keys])[] = [
  ['p-384', curve('P-384', ALGORITHM.ecdsaWithSHA384, 'sha384')],
  ['p-521', curve('P-521', ALGORITHM.ecdsaWithSHA512, 'sha512')],
  ['p-224', curve('secp224r1', ALGORITHM.ecdsaWithSHA256, 'sha256')],
  ['rsa 2048', rsa(2048)],
  ['rsa 3072', rsa(3072)],
  ['rsa 1024', rsa(1024)],
  ['rsa 2047', rsa(2047)],
  ['rsa with exponent 3', rsa(2048, 3)],
  ['ed25519', ed25519],
  ['ed448', keysOf(generateKeyPairSync('ed448'), ALGORITHM.Ed448, undefined)],
]

const aki =
  (late: NonNullable<Place['late']>): Apply =>
  (draft, i) => {
    if (!take(draft, `${i} authorityKeyIdentifier`)) return false
    ;(draft.places[i] as Place).late = late
    return true
  }

/** Signs with what the issuer's place has, in another way. */
const signedWith =
  (way: (keys: Keys) => Keys): Apply =>
  (draft, i) => {
    // A key of another kind above would sign in its own way.
    if (i > 0 && !take(draft, `${i - 1} keys`)) return false
    return change(draft, i, { signer: way(keysAt(Math.max(i - 1, 0))) })
  }

const basic = (constraints: Parameters<typeof basicConstraintsExtension>[0]) =>
  extensions({ basicConstraints: basicConstraintsExtension(constraints) })
const eku = (...oids: Parameters<typeof purposes>) => extensions({ extendedKeyUsage: purposes(...oids) })
const ku = (...bits: Parameters<typeof usage>) => extensions({ keyUsage: usage(...bits) })

export const FORM_TWISTS: readonly Twist[] = [
  [ALL, 'expired', to({ notAfter: hours(-1) })],
  [ALL, 'expired a second ago', to({ notAfter: NOW.subtract({ seconds: 1 }) })],
  [ALL, 'ends now', to({ notAfter: NOW })],
  [ALL, 'begins now', to({ notBefore: NOW })],
  [ALL, 'begins in a second', to({ notBefore: NOW.add({ seconds: 1 }) })],
  [ALL, 'not yet valid', to({ notBefore: hours(1) })],
  [SIGNED, 'version 1', to({ version: 1 })],
  [SIGNED, 'version 2', to({ version: 2 })],
  [SIGNED, 'serial number 0', to({ serialNumber: 0n })],
  [SIGNED, 'a negative serial number', to({ serialNumber: -5n })],
  [SIGNED, 'the largest serial number', to({ serialNumber: (1n << 159n) - 1n })],
  [ALL, 'an unknown extension', unknown(false)],
  [ALL, 'an unknown critical extension', unknown(true)],
  [
    ALL,
    'keyUsage not critical',
    extensions({ keyUsage: marked(false, usage('digitalSignature', 'keyCertSign', 'cRLSign')) }),
  ],
  [ALL, 'a critical place of its issuer', to({ more: [marked(true, authorityInfoAccessExtension(place))] })],
  [ALL, 'a place of its issuer', to({ more: [authorityInfoAccessExtension(place)] })],
  [ALL, 'noRevAvail', to({ more: [noRevAvailExtension()] })],
  [SIGNED, 'a signature by a stranger', to({ signer: STRANGER })],
  [SIGNED, 'another algorithm outside', to({ outer: ALGORITHM.ecdsaWithSHA384 })],
  [SIGNED, 'a signature with sha-1', signedWith(withSha1)],
  [SIGNED, 'a signature with sha-384', signedWith(withSha384)],
  ...KEYS.map(([what, keys]): Twist => [ALL, `a key of ${what}`, (draft, i) => change(draft, i, { keys })]),
  [['anchor'], 'signed by another authority', to({ issuer: name('Elsewhere'), signer: STRANGER })],
  [
    ['anchor'],
    'signed by another authority, which it names',
    to({
      issuer: name('Elsewhere'),
      signer: STRANGER,
      extensions: { authorityKeyIdentifier: authorityKeyIdentifierExtension({ keyIdentifier: keyIdOf(STRANGER) }) },
    }),
  ],
  [
    ['issuer'],
    'self-issued',
    (draft, i) => {
      if (!take(draft, `${i} subject`)) return false
      ;(draft.places[i] as Place).selfIssued = true
      return true
    },
  ],
  [SIGNED, 'no authorityKeyIdentifier', extensions({ authorityKeyIdentifier: null })],
  [
    SIGNED,
    'the authorityKeyIdentifier of another key',
    extensions({ authorityKeyIdentifier: authorityKeyIdentifierExtension({ keyIdentifier: keyIdOf(STRANGER) }) }),
  ],
  [
    SIGNED,
    'issuer and serial number in its authorityKeyIdentifier',
    aki(({ certificate, keys }) => ({
      authorityKeyIdentifier: authorityKeyIdentifierExtension({
        keyIdentifier: keyIdOf(keys),
        authorityCertIssuer: [{ kind: 'directoryName', value: certificate.issuer }],
        authorityCertSerialNumber: certificate.serialNumber,
      }),
    })),
  ],
  [
    SIGNED,
    'another serial number in its authorityKeyIdentifier',
    aki(({ certificate, keys }) => ({
      authorityKeyIdentifier: authorityKeyIdentifierExtension({
        keyIdentifier: keyIdOf(keys),
        authorityCertIssuer: [{ kind: 'directoryName', value: certificate.issuer }],
        authorityCertSerialNumber: certificate.serialNumber + 1n,
      }),
    })),
  ],
  [
    SIGNED,
    'a critical authorityKeyIdentifier',
    aki(({ keys }) => ({
      authorityKeyIdentifier: marked(true, authorityKeyIdentifierExtension({ keyIdentifier: keyIdOf(keys) })),
    })),
  ],
  [ALL, 'no subjectKeyIdentifier', extensions({ subjectKeyIdentifier: null })],
  [
    ALL,
    'a critical subjectKeyIdentifier',
    (draft, i) =>
      take(draft, `${i} keys`) &&
      change(draft, i, {
        extensions: { subjectKeyIdentifier: marked(true, subjectKeyIdentifierExtension(keyIdOf(keysAt(i)))) },
      }),
  ],

  [ISSUERS, 'no basicConstraints', extensions({ basicConstraints: null })],
  [ISSUERS, 'cA false', basic({ cA: false })],
  [
    ISSUERS,
    'basicConstraints not critical',
    extensions({ basicConstraints: marked(false, basicConstraintsExtension({ cA: true })) }),
  ],
  ...[0, 0, 1, 1, 2].map(
    (pathLenConstraint): Twist => [ISSUERS, `path length ${pathLenConstraint}`, basic({ cA: true, pathLenConstraint })],
  ),
  [ISSUERS, 'no keyUsage', extensions({ keyUsage: null })],
  [ISSUERS, 'keyUsage without keyCertSign', ku('digitalSignature', 'cRLSign')],
  [ISSUERS, 'keyUsage without cRLSign', ku('keyCertSign')],
  [ISSUERS, 'for clients', eku(OID.clientAuth)],
  [ISSUERS, 'for servers', eku(OID.serverAuth)],
  [ISSUERS, 'for both sides', eku(OID.clientAuth, OID.serverAuth)],
  [ISSUERS, 'for any purpose', eku(OID.anyExtendedKeyUsage)],
  [ISSUERS, 'for mail', eku(OID.emailProtection)],
  [
    ISSUERS,
    'for mail, critically',
    extensions({ extendedKeyUsage: marked(true, extendedKeyUsageExtension([OID.emailProtection])) }),
  ],

  [LEAF, 'an authority', to({ more: [basicConstraintsExtension({ cA: true })] })],
  [
    LEAF,
    'an authority that signs certificates',
    to({
      extensions: { keyUsage: usage('digitalSignature', 'keyCertSign') },
      more: [basicConstraintsExtension({ cA: true })],
    }),
  ],
  [LEAF, 'no authority, as it says', to({ more: [basicConstraintsExtension({ cA: false })] })],
  [LEAF, 'no keyUsage', extensions({ keyUsage: null })],
  [LEAF, 'keyUsage for encipherment', ku('keyEncipherment')],
  [LEAF, 'keyUsage for agreement', ku('keyAgreement')],
  [LEAF, 'keyUsage for certificates', ku('digitalSignature', 'keyCertSign')],
  [LEAF, 'keyUsage for crls', ku('digitalSignature', 'cRLSign')],
  [LEAF, 'keyUsage for contents', ku('nonRepudiation')],
  [LEAF, 'no extendedKeyUsage', extensions({ extendedKeyUsage: null })],
  [LEAF, 'for clients', eku(OID.clientAuth)],
  [LEAF, 'for servers', eku(OID.serverAuth)],
  [LEAF, 'for any purpose', eku(OID.anyExtendedKeyUsage)],
  [LEAF, 'for mail', eku(OID.emailProtection)],
  [LEAF, 'for mail and any purpose', eku(OID.emailProtection, OID.anyExtendedKeyUsage)],
  [
    LEAF,
    'constraints on names',
    to({ more: [subtreesExtension({ permitted: [{ kind: 'dNSName', value: '' }], excluded: [] })] }),
  ],
  [LEAF, 'inhibitAnyPolicy', to({ more: [inhibitAnyPolicyExtension(3)] })],
  [LEAF, 'constraints on policies', to({ more: [policyConstraintsExtension({ requireExplicitPolicy: 3 })] })],
  [
    LEAF,
    'its purposes critical',
    extensions({ extendedKeyUsage: marked(true, purposes(OID.clientAuth, OID.serverAuth)) }),
  ],
]
