// People with keys for mail under one authority, and what they send each other.
import assert from 'node:assert/strict'
import { generateKeyPairSync, hash, type KeyObject, randomBytes, sign } from 'node:crypto'
import { tmpdir } from 'node:os'
import {
  createSmimeOpener,
  createSmimeSealer,
  createSpool,
  type Entity,
  type Layer,
  MailFormError,
  type MailVerdict,
  octetsOf,
  type ReadingKey,
  type SealProfile,
  type SmimeSigner,
  type Source,
  type Spool,
  scanEntity,
  sourceOf,
  verdictOf,
} from '@countersign/mail'
import { createTrust, type Trust } from '@countersign/mtls'
import {
  ALGORITHM,
  authorityKeyIdentifierExtension,
  basicConstraintsExtension,
  type Certificate,
  type CertificateList,
  cRLNumberExtension,
  extendedKeyUsageExtension,
  type KeyUsageBit,
  keyUsageExtension,
  nameOf,
  OID,
  type Oid,
  readCertificate,
  readCertificateList,
  readSubjectPublicKeyInfo,
  revokedCertificate,
  smimeCapabilitiesAttribute,
  subjectAltNameExtension,
  subjectKeyIdentifierExtension,
  writeCertificate,
  writeCertificateList,
  writeTbsCertificate,
  writeTbsCertList,
} from '@countersign/x509'

export type Kind = 'P-256' | 'P-384' | 'P-521' | 'RSA' | 'X25519' | 'Ed25519'

export const NOW: Temporal.Instant = Temporal.Instant.from('2026-06-01T12:00:00Z')
const NOT_BEFORE = Temporal.Instant.from('2026-01-01T00:00:00Z')
const NOT_AFTER = Temporal.Instant.from('2027-01-01T00:00:00Z')

export interface Holder {
  readonly address: string
  readonly certificate: Certificate
  readonly privateKey: KeyObject
}

export interface HolderOptions {
  readonly kind?: Kind
  readonly usage?: readonly KeyUsageBit[]
  readonly purposes?: readonly ('emailProtection' | 'clientAuth' | 'timeStamping')[]
  /** RFC 3161 §2.3 wants it of a time-stamping authority. */
  readonly arePurposesCritical?: boolean
  readonly notBefore?: Temporal.Instant
  readonly notAfter?: Temporal.Instant
  /** What the certificate says that its holder reads (RFC 4262). */
  readonly capabilities?: readonly Oid[]
  /** The address stands in the subject alone. */
  readonly inSubject?: true
}

function keyPair(kind: Kind) {
  if (kind === 'RSA') return generateKeyPairSync('rsa', { modulusLength: 2048 })
  if (kind === 'X25519') return generateKeyPairSync('x25519')
  return kind === 'Ed25519' ? generateKeyPairSync('ed25519') : generateKeyPairSync('ec', { namedCurve: kind })
}

/** An authority, and whoever it vouches for. */
export class Authority {
  readonly #key: KeyObject
  readonly certificate: Certificate

  constructor(name: string, validity: Pick<HolderOptions, 'notBefore' | 'notAfter'> = {}) {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    this.#key = privateKey
    const subject = nameOf([['commonName', name]])
    this.certificate = this.#signed(
      subject,
      subject,
      publicKey,
      [basicConstraintsExtension({ cA: true }), keyUsageExtension(['keyCertSign', 'cRLSign'])],
      validity,
    )
  }

  holder(address: string, options: HolderOptions = {}): Holder {
    const { kind = 'P-256', purposes = ['emailProtection'], usage = USAGES[kind], capabilities, inSubject } = options
    const { publicKey, privateKey } = keyPair(kind)
    const subject = nameOf([
      ['commonName', address.replace(/@.*/, '')],
      ...(inSubject ? [['emailAddress', address] as const] : []),
    ])
    const certificate = this.#signed(
      subject,
      this.certificate.subject,
      publicKey,
      [
        keyUsageExtension(usage),
        ...(capabilities ? [capabilitiesExtension(capabilities)] : []),
        ...(purposes.length === 0
          ? []
          : [
              extendedKeyUsageExtension(
                purposes.map((purpose) => OID[purpose]),
                { critical: options.arePurposesCritical === true },
              ),
            ]),
        ...(inSubject ? [] : [subjectAltNameExtension([{ kind: 'rfc822Name', value: address }], { critical: false })]),
      ],
      options,
    )
    return { address, certificate, privateKey }
  }

  crl(revoked: readonly Certificate[] = [], at: Temporal.Instant = NOT_BEFORE): CertificateList {
    const tbs = writeTbsCertList({
      version: 2,
      signature: ALGORITHM.ecdsaWithSHA256,
      issuer: this.certificate.subject,
      thisUpdate: NOT_BEFORE,
      nextUpdate: NOT_AFTER.add({ hours: 24 * 3650 }),
      revokedCertificates: revoked.map(({ serialNumber }) =>
        revokedCertificate({ userCertificate: serialNumber, revocationDate: at, reasonCode: 'keyCompromise' }),
      ),
      crlExtensions: [
        authorityKeyIdentifierExtension({ keyIdentifier: keyIdentifier(this.certificate.subjectPublicKeyInfo.der) }),
        cRLNumberExtension(1n),
      ],
    })
    return readCertificateList(writeCertificateList(tbs, ALGORITHM.ecdsaWithSHA256, sign('sha256', tbs, this.#key)))
  }

  trust(revoked: readonly Certificate[] = [], at?: Temporal.Instant): Trust {
    return createTrust({ anchors: [this.certificate], crls: [this.crl(revoked, at)], revocation: 'require', asOf: NOW })
  }

  #signed(
    subject: Certificate['subject'],
    issuer: Certificate['subject'],
    publicKey: KeyObject,
    extensions: readonly ReturnType<typeof keyUsageExtension>[],
    { notBefore = NOT_BEFORE, notAfter = NOT_AFTER }: HolderOptions = {},
  ): Certificate {
    const info = readSubjectPublicKeyInfo(new Uint8Array(publicKey.export({ type: 'spki', format: 'der' })))
    const issuerInfo = this.certificate?.subjectPublicKeyInfo ?? info
    const tbs = writeTbsCertificate({
      version: 3,
      serialNumber: BigInt(`0x4${randomBytes(15).toString('hex')}`),
      signature: ALGORITHM.ecdsaWithSHA256,
      issuer,
      validity: { notBefore, notAfter },
      subject,
      subjectPublicKeyInfo: info,
      extensions: [
        subjectKeyIdentifierExtension(keyIdentifier(info.der)),
        authorityKeyIdentifierExtension({ keyIdentifier: keyIdentifier(issuerInfo.der) }),
        ...extensions,
      ],
    })
    return readCertificate(writeCertificate(tbs, ALGORITHM.ecdsaWithSHA256, sign('sha256', tbs, this.#key)))
  }
}

function capabilitiesExtension(algorithms: readonly Oid[]) {
  const [extnValue = new Uint8Array()] = smimeCapabilitiesAttribute(algorithms).values
  return { extnID: OID.smimeCapabilities, critical: false, extnValue }
}

const USAGES: Readonly<Record<Kind, readonly KeyUsageBit[]>> = {
  'P-256': ['digitalSignature', 'keyAgreement'],
  'P-384': ['digitalSignature', 'keyAgreement'],
  'P-521': ['digitalSignature', 'keyAgreement'],
  RSA: ['digitalSignature', 'keyEncipherment'],
  X25519: ['keyAgreement'],
  Ed25519: ['digitalSignature'],
}

function keyIdentifier(spki: Uint8Array): Uint8Array {
  return new Uint8Array(hash('sha256', spki, 'buffer').subarray(0, 20))
}

export const house: Authority = new Authority('Acme Mail')
export const trust: Trust = house.trust()

export const TEXT = 'Content-Type: text/plain; charset=utf-8\r\n\r\nBoth have proved themselves.\r\n'

export async function* piecesOf(text: string | Uint8Array, octets = 1000): AsyncGenerator<Uint8Array> {
  const all = Buffer.from(text)
  for (let at = 0; at < all.length; at += octets) yield all.subarray(at, at + octets)
}

export interface Sealing {
  readonly profile?: SealProfile
  readonly text?: string | Uint8Array
  readonly signer?: Partial<SmimeSigner>
  readonly trust?: Trust
  readonly now?: Temporal.Instant
}

/** What `from` sends to `to`: an entity, in octets. */
export async function sealed(from: Holder, to: readonly Holder[], sealing: Sealing = {}): Promise<Buffer> {
  const { profile = 'modern', text = TEXT, signer, now = NOW } = sealing
  const sealer = createSmimeSealer({
    signer: { certificates: [from.certificate], key: from.privateKey, ...signer },
    trust: sealing.trust ?? trust,
  })
  const recipients = to.map(({ address, certificate }) => ({ address, format: 'smime' as const, key: certificate.der }))
  const { fields, body } = await sealer.seal(piecesOf(text), { profile, recipients, now })
  return Buffer.concat([Buffer.from(`${fields.join('')}\r\n`), ...(await Array.fromAsync(body))])
}

export interface Opening {
  readonly trust?: Trust
  readonly known?: readonly Certificate[]
  readonly now?: Temporal.Instant
}

export interface Opened {
  readonly layers: readonly Layer[]
  /** The innermost entity that was reached. */
  readonly text: string
}

const { spools, spool } = spoolsOf()

function spoolsOf() {
  const open = new Set<Spool>()
  return { spools: open, spool: () => counted(createSpool(tmpdir()), open) }
}

/** Counts those that are not disposed of. */
function counted(made: Spool, open: Set<Spool>): Spool {
  const counting: Spool = {
    write: (octets) => made.write(octets),
    source: () => made.source(),
    async [Symbol.asyncDispose]() {
      open.delete(counting)
      await made[Symbol.asyncDispose]()
    },
  }
  open.add(counting)
  return counting
}

/** Opens layer by layer, as long as there are some; each spool is closed in the end. */
export async function opened(
  message: Uint8Array,
  keys: readonly ReadingKey[],
  { trust: by = trust, known = [], now = NOW }: Opening = {},
): Promise<Opened> {
  const opener = createSmimeOpener({ keys, trust: by, known })
  const layers: Layer[] = []
  let inside = { source: sourceOf(message), start: 0, end: message.length }
  try {
    for (;;) {
      const entity = await scanned(inside)
      if (entity === undefined) return { layers, text: '' }
      const result = await opener.open(entity, inside.source, { now, spool })
      if (result === undefined) break
      layers.push(result.layer)
      if (result.inside === undefined) return { layers, text: '' }
      inside = result.inside
    }
    return { layers, text: Buffer.from(await octetsOf(inside.source, inside.start, inside.end)).toString('latin1') }
  } finally {
    for (const each of [...spools]) await each[Symbol.asyncDispose]()
  }
}

/** Undefined where what is there is no entity, as what CBC makes of changed octets. */
async function scanned({
  source,
  start,
  end,
}: {
  source: Source
  start: number
  end: number
}): Promise<Entity | undefined> {
  try {
    return await scanEntity(source, start, end)
  } catch (error) {
    if (error instanceof MailFormError) return undefined
    throw error
  }
}

/** What it comes to for a reader, who sees `from` above it. */
export function verdict({ layers }: Opened, from: string): MailVerdict {
  const outerFrom = [{ address: from }]
  return verdictOf({ form: { ok: true }, outerFrom, layers, errants: [], attachedMessages: 0 })
}

export function signedLayer({ layers }: Opened, index = 0): Extract<Layer, { kind: 'signed' }> {
  const layer = layers[index]
  return layer?.kind === 'signed' ? layer : assert.fail(`layer ${index} is ${layer?.kind}`)
}

export function encryptedLayer({ layers }: Opened, index = 0): Extract<Layer, { kind: 'encrypted' }> {
  const layer = layers[index]
  return layer?.kind === 'encrypted' ? layer : assert.fail(`layer ${index} is ${layer?.kind}`)
}
