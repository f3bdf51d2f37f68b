// The identity of a door: its key stays in the data directory, its certificate comes from the authority beside it.
import { createPrivateKey, generateKeyPair, hash } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Authority } from '@countersign/authority'
import { type Clock, type Credential, createIdentity, type Log, type Trust } from '@countersign/mtls'
import {
  type Certificate,
  DerError,
  formatIpAddress,
  OID,
  PemError,
  readCertificate,
  readPem,
  writePem,
  X509Error,
} from '@countersign/x509'
import { doorParty, hostsOf } from '../config/hosts.ts'
import type { DoorConfig } from '../config/model.ts'
import { callsOthers } from './kinds.ts'
import type { DoorIdentity } from './roof.ts'

/** Often enough for any life of a certificate, and indifferent to a clock that steps. */
const CHECK_MS = 60_000

interface Parts {
  readonly door: DoorConfig
  readonly directory: string
  readonly authority: Authority
  readonly clock: Clock
  readonly log: Log
}

/** Reads the identity that is kept, or gets one; renews it by itself before a third of its life is left. */
export async function openDoorIdentity(parts: Parts): Promise<DoorIdentity> {
  const { door, clock, log } = parts
  const kept = await readKept(parts)
  const identity = createIdentity(kept !== undefined && isGood(kept, parts) ? kept : await obtain(parts, kept))
  let isUnderWay = false
  const look = () => {
    if (isUnderWay || isGood(identity.current(), parts)) return
    isUnderWay = true
    obtain(parts, identity.current())
      .then(
        (credential) => {
          identity.replace(credential)
          log('door.renewed', { door: door.name, notAfter: credential.certificates[0].validity.notAfter.toString() })
        },
        // The old one serves until its end; the next minute tries again.
        (error: unknown) =>
          log('door.renewal-failed', { door: door.name, error: String(error), at: clock().toString() }),
      )
      .finally(() => {
        isUnderWay = false
      })
  }
  const timer = setInterval(look, CHECK_MS).unref()
  // An issuer that was given up, or a root that has come: at once.
  const leave = parts.authority.trust.onChange(look)
  return {
    current: () => identity.current(),
    onChange: (listener) => identity.onChange(listener),
    close() {
      leave()
      clearInterval(timer)
    },
  }
}

/** More than a third of its life left, not revoked, and for exactly the names that the door proves. */
function isGood({ certificates }: Credential, { door, authority, clock }: Parts): boolean {
  const [leaf, issuing] = certificates
  const { notBefore, notAfter } = leaf.validity
  const now = clock()
  const lifeMs = notAfter.epochMilliseconds - notBefore.epochMilliseconds
  if (notAfter.epochMilliseconds - now.epochMilliseconds < lifeMs / 3) return false
  if (Temporal.Instant.compare(now, notBefore) < 0 || issuing === undefined) return false
  const issuerSpkiSha256 = hash('sha256', issuing.subjectPublicKeyInfo.der, 'hex')
  const { trust } = authority
  if (callsOthers(door) && !leaf.extendedKeyUsage?.includes(OID.clientAuth)) return false
  if (trust.announced(issuerSpkiSha256, leaf.serialNumber) !== undefined) return false
  if (!leadsEverywhere(certificates, issuing, trust)) return false
  if (trust.crls.some(({ entries }) => entries.has(leaf.serialNumber))) return false
  const hosts = hostsOf(door)
  const names = (leaf.subjectAltName ?? []).flatMap((name) => {
    if (name.kind === 'iPAddress') return [formatIpAddress(name.octets)]
    return name.kind === 'dNSName' ? [name.value] : []
  })
  return names.length === hosts.length && hosts.every((name) => names.includes(name))
}

/** Its issuer counts, and it comes with all that leads from there to each root. */
function leadsEverywhere(
  certificates: readonly Certificate[],
  issuing: Certificate,
  { anchors, issuers }: Trust,
): boolean {
  const has = ({ der }: Certificate) => certificates.some((one) => Buffer.compare(one.der, der) === 0)
  const isOf = ({ subject, subjectPublicKeyInfo: { der } }: Certificate) =>
    Buffer.compare(der, issuing.subjectPublicKeyInfo.der) === 0 ||
    anchors.some(({ name }) => Buffer.compare(name.der, subject.der) === 0)
  return issuers.some((one) => Buffer.compare(one.der, issuing.der) === 0) && issuers.filter(isOf).every(has)
}

async function readKept({ directory }: Parts): Promise<Credential | undefined> {
  try {
    const [key, chain] = await Promise.all([
      readFile(join(directory, 'identity.key')),
      readFile(join(directory, 'identity.pem'), 'utf8'),
    ])
    const privateKey = createPrivateKey(key)
    const [leaf, ...issuers] = readPem(chain).map(({ der }) => readCertificate(der))
    if (leaf === undefined) return undefined
    // A crash between the two files: the key is newer than the certificate.
    return createIdentity({ certificates: [leaf, ...issuers], privateKey }).current()
  } catch (error) {
    // Whatever is wrong with them, a new pair heals it: the authority is at hand.
    const unusable = [RangeError, DerError, X509Error, PemError].some((kind) => error instanceof kind)
    if (unusable || (error instanceof Error && 'code' in error)) return undefined
    throw error
  }
}

/** Makes a new key, which never leaves this machine, and gets its certificate. */
async function obtain({ door, directory, authority }: Parts, before: Credential | undefined): Promise<Credential> {
  const { privateKey, publicKey } = await promisify(generateKeyPair)('ec', { namedCurve: 'P-256' })
  const certificates = await authority.issueLocal({
    party: doorParty(door.name),
    dnsNames: hostsOf(door).filter((name) => isIP(name) === 0),
    ipAddresses: hostsOf(door).filter((name) => isIP(name) !== 0),
    profile: callsOthers(door) ? 'service' : 'server',
    publicKey: Uint8Array.from(publicKey.export({ type: 'spki', format: 'der' })),
    ...(before && { succeeds: Uint8Array.from(hash('sha256', before.certificates[0].der, 'buffer')) }),
  })
  await mkdir(directory, { recursive: true, mode: 0o700 })
  await writeFile(join(directory, 'identity.key'), privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 })
  // Without roots: who does not have them gains nothing from them.
  const chain = certificates
    .filter(({ subject, issuer }) => Buffer.compare(subject.der, issuer.der) !== 0)
    .map(({ der }) => writePem('CERTIFICATE', der))
  await writeFile(join(directory, 'identity.pem'), chain.join(''))
  return { certificates, privateKey }
}
