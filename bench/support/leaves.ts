// Typical leaves of a public authority: names, ten extensions, a P-256 key, each one different.
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import {
  ALGORITHM,
  type AlgorithmIdentifier,
  authorityInfoAccessExtension,
  authorityKeyIdentifierExtension,
  basicConstraintsExtension,
  certificatePoliciesExtension,
  cRLDistributionPointsExtension,
  extendedKeyUsageExtension,
  keyUsageExtension,
  type Name,
  nameOf,
  OID,
  readSubjectPublicKeyInfo,
  signedCertificateTimestampsExtension,
  subjectAltNameExtension,
  subjectKeyIdentifierExtension,
  writeCertificate,
  writeInteger,
  writeSequence,
  writeTbsCertificate,
} from '@countersign/x509'

/** Who issues leaves. */
export interface LeafIssuer {
  readonly name: Name
  readonly keyIdentifier: Uint8Array
  readonly algorithm: AlgorithmIdentifier
  readonly sign: (tbsDer: Uint8Array) => Uint8Array
}

/** What it signs has the form of a signature, and is none. */
const NOBODY: LeafIssuer = {
  name: nameOf([
    ['countryName', 'US'],
    ['organizationName', "Somebody's Trust Services"],
    ['commonName', 'Issuing CA 3'],
  ]),
  keyIdentifier: new Uint8Array(randomBytes(20)),
  algorithm: ALGORITHM.ecdsaWithSHA256,
  sign: () => {
    const integer = () => writeInteger(BigInt(`0x1${randomBytes(31).toString('hex')}`))
    return writeSequence(integer(), integer())
  },
}

const uri = (value: string) => ({ kind: 'uniformResourceIdentifier', value }) as const
const dns = (value: string) => ({ kind: 'dNSName', value }) as const
/** Making a key takes longer than all else here; readers that look into the key see one of these. */
const keys = Array.from({ length: 64 }, () => {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return readSubjectPublicKeyInfo(new Uint8Array(publicKey.export({ format: 'der', type: 'spki' })))
})

/** Makes `count` leaves of about 1.2 kB that nobody has seen. */
export function freshLeaves(count: number, issuer: LeafIssuer = NOBODY): Uint8Array[] {
  return Array.from({ length: count }, () => {
    const entropy = new Uint8Array(randomBytes(64))
    const host = `${entropy.subarray(0, 6).toHex()}.example.com`
    const tbsDer = writeTbsCertificate({
      version: 3,
      serialNumber: BigInt(`0x1${entropy.subarray(8, 24).toHex()}`),
      signature: issuer.algorithm,
      issuer: issuer.name,
      validity: {
        notBefore: Temporal.Instant.from('2026-01-01T00:00:00Z'),
        notAfter: Temporal.Instant.from('2026-04-01T00:00:00Z'),
      },
      subject: nameOf([['commonName', host]]),
      subjectPublicKeyInfo: keys[(entropy[24] ?? 0) % keys.length] ?? keys[0] ?? fail(),
      extensions: [
        keyUsageExtension(['digitalSignature']),
        extendedKeyUsageExtension([OID.serverAuth, OID.clientAuth]),
        basicConstraintsExtension({ cA: false }),
        subjectKeyIdentifierExtension(entropy.subarray(25, 45)),
        authorityKeyIdentifierExtension({ keyIdentifier: issuer.keyIdentifier }),
        authorityInfoAccessExtension([
          { accessMethod: OID.ocsp, accessLocation: uri('http://ocsp.trust.example') },
          { accessMethod: OID.caIssuers, accessLocation: uri('http://certs.trust.example/3.der') },
        ]),
        subjectAltNameExtension([dns(host), dns(`www.${host}`), dns(`api.${host}`)], { critical: false }),
        certificatePoliciesExtension([{ policyIdentifier: '2.23.140.1.2.1' }]),
        cRLDistributionPointsExtension([
          { distributionPoint: { kind: 'fullName', value: [uri('http://crl.trust.example/3/42.crl')] } },
        ]),
        signedCertificateTimestampsExtension(new Uint8Array(randomBytes(242))),
      ],
    })
    return writeCertificate(tbsDer, issuer.algorithm, issuer.sign(tbsDer))
  })
}

function fail(): never {
  throw new Error('no key')
}
