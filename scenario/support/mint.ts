// Certificates that the authority itself would never issue, signed with its issuing key: what a door must refuse all the same.
import { createPrivateKey, generateKeyPairSync, hash, randomBytes, sign } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  ALGORITHM,
  authorityKeyIdentifierExtension,
  type Certificate,
  extendedKeyUsageExtension,
  keyUsageExtension,
  nameOf,
  OID,
  readCertificate,
  readPem,
  readSubjectPublicKeyInfo,
  subjectAltNameExtension,
  writeCertificate,
  writePem,
  writeTbsCertificate,
} from '@countersign/x509'
import type { RunningHouse } from './house.ts'
import { type PartyFiles, partyFiles } from './peers.ts'

export interface Minted {
  readonly party: string
  /** Default: from an hour ago. */
  readonly notBefore?: Temporal.Instant
  /** Default: for an hour more. */
  readonly notAfter?: Temporal.Instant
  readonly purposes?: readonly ('clientAuth' | 'serverAuth')[]
  readonly domain?: string
  /** Names of a server, beside the party's own. */
  readonly hosts?: readonly string[]
}

/** Signs a certificate with the house's own issuing key and writes it as a party's files, chain and trust included. */
export async function mint(house: RunningHouse, wanted: Minted): Promise<PartyFiles> {
  const issuing = await readOne(join(house.data, 'authority', 'issuing.pem'))
  const root = await readOne(join(house.data, 'authority', 'root.pem'))
  const issuingKey = createPrivateKey(await readFile(join(house.data, 'authority', 'issuing.key'), 'utf8'))
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const now = Temporal.Now.instant().round('second')
  const tbs = writeTbsCertificate({
    version: 3,
    serialNumber: BigInt(`0x40${randomBytes(15).toString('hex')}`),
    signature: ALGORITHM.ecdsaWithSHA256,
    issuer: issuing.subject,
    validity: {
      notBefore: wanted.notBefore ?? now.subtract({ hours: 1 }),
      notAfter: wanted.notAfter ?? now.add({ hours: 1 }),
    },
    subject: nameOf([['commonName', wanted.party]]),
    subjectPublicKeyInfo: readSubjectPublicKeyInfo(publicKey.export({ type: 'spki', format: 'der' })),
    extensions: [
      authorityKeyIdentifierExtension({ keyIdentifier: keyIdentifierOf(issuing) }),
      keyUsageExtension(['digitalSignature']),
      extendedKeyUsageExtension((wanted.purposes ?? ['clientAuth']).map((purpose) => OID[purpose])),
      subjectAltNameExtension(
        [
          {
            kind: 'uniformResourceIdentifier',
            value: `spiffe://${wanted.domain ?? 'house.localhost'}/${wanted.party}`,
          },
          ...(wanted.hosts ?? []).map((value) => ({ kind: 'dNSName', value }) as const),
        ],
        { critical: false },
      ),
    ],
  })
  const signature = sign('sha256', tbs, issuingKey)
  const certificate = writeCertificate(tbs, ALGORITHM.ecdsaWithSHA256, signature)
  const directory = join(house.directory, 'parties', `minted-${randomBytes(4).toString('hex')}`)
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const files = partyFiles(directory)
  await writeFile(files.key, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 })
  await writeFile(files.certificate, writePem('CERTIFICATE', certificate) + writePem('CERTIFICATE', issuing.der))
  await writeFile(files.trust, writePem('CERTIFICATE', root.der))
  return files
}

function keyIdentifierOf({ subjectKeyIdentifier, subjectPublicKeyInfo }: Certificate): Uint8Array {
  return subjectKeyIdentifier ?? hash('sha256', subjectPublicKeyInfo.subjectPublicKey, 'buffer').subarray(0, 20)
}

async function readOne(file: string): Promise<Certificate> {
  const [block] = readPem(await readFile(file, 'utf8'))
  if (block === undefined) throw new Error(`${file} holds no certificate`)
  return readCertificate(block.der)
}
