// What a certificate of SSH is worth at a door: who it says its holder is, and whether it counts now.
import { hash } from 'node:crypto'
import { certificateKey, type SessionKey, type ShownCredential, type Trust } from '@countersign/mtls'
import { checkSshSignature, sshSpki } from '@countersign/mtls/ssh'
import { isParty, type RefusalCode, type Side } from '@countersign/protocol'
import {
  formatFingerprint,
  readSshCertificate,
  revocationOf,
  type SshCertificate,
  SshError,
  writeSshPublicKey,
} from '@countersign/ssh'
import type { KnownStatus } from './known.ts'

/** Certificates and lists of SSH hold as long as those of X.509: what is older is not known any more. */
const STATUS_HOLDS: Temporal.Duration = Temporal.Duration.from({ hours: 24 })
/** So soon an open session is judged again, whatever happens. */
const AGAIN: Temporal.Duration = Temporal.Duration.from({ minutes: 1 })
/** sshd takes no larger one from a client (PACKET_MAX_SIZE is more; a certificate of ours has some 600 octets). */
const MAX_OCTETS = 16_384

/** A certificate that was read; nothing is judged yet. */
export interface ReadCredential extends ShownCredential {
  readonly certificate: SshCertificate
}

/** What judging needs. */
export interface Judging {
  readonly trust: Pick<Trust, 'announced' | 'revocation'>
  readonly known: () => KnownStatus | undefined
}

/** So many certificates are remembered: those of logins under way. */
const REMEMBERED = 64

/** Reads certificates, and remembers the last ones. */
export function credentialReader(judging: Judging): (base64: string) => ReadCredential | undefined {
  const known = new Map<string, ReadCredential>()
  return (base64) => {
    const credential = known.get(base64) ?? readCredential(base64, judging)
    if (credential === undefined) return undefined
    known.delete(base64)
    known.set(base64, credential)
    const [oldest] = known.keys()
    if (known.size > REMEMBERED && oldest !== undefined) known.delete(oldest)
    return credential
  }
}

/** Reads a certificate in base64, as sshd hands it on. Undefined where it is none of ours to judge. */
export function readCredential(base64: string, judging: Judging): ReadCredential | undefined {
  if (base64.length > (MAX_OCTETS * 4) / 3) return undefined
  let certificate: SshCertificate
  try {
    certificate = readSshCertificate(Uint8Array.fromBase64(base64, { lastChunkHandling: 'strict' }))
  } catch (error) {
    if (!(error instanceof SshError || error instanceof SyntaxError)) throw error
    return undefined
  }
  const side = sideOf(certificate)
  const issuer = sha256(sshSpki(certificate.signatureKey) ?? new Uint8Array())
  const own = sha256(certificate.blob)
  // Of octets that do not change, once: sshd asks twice for each login, and says once what it has accepted.
  let isSigned: boolean | undefined
  const wasSigned = () => {
    isSigned ??= checkSshSignature(certificate.signatureKey, certificate.signature, certificate.tbs)
    return isSigned
  }
  const keys: readonly SessionKey[] = [
    certificateKey(issuer, certificate.serial),
    ...[spkiOf(certificate), issuer].map((spki) => `key:${spki}`),
  ]
  return {
    certificate,
    side,
    keys,
    verdict: () => {
      const known = judging.known()
      return {
        kind: 'verdict',
        anchor: `SSH ${fingerprint(writeSshPublicKey(certificate.signatureKey))}`,
        anchorSpkiSha256: issuer,
        status: known === undefined ? 'not known' : `not revoked, by revocation list ${known.revoked.version}`,
        ...(known && { knownAt: known.at }),
      }
    },
    standing: {
      basis: own,
      ask(now) {
        const code = faultOf(certificate, issuer, wasSigned, judging, now)
        if (code !== undefined) return { ok: false, code }
        const { validBefore } = certificate
        const soon = now.add(AGAIN)
        const isSooner = validBefore === 'forever' || Temporal.Instant.compare(soon, validBefore) < 0
        return { ok: true, validUntil: isSooner ? soon : validBefore }
      },
    },
  }
}

/** In the order of draft-ietf-sshm-cert §3.1; sshd checks most of it again. */
function faultOf(
  certificate: SshCertificate,
  issuer: string,
  wasSigned: () => boolean,
  { trust, known }: Judging,
  now: Temporal.Instant,
): RefusalCode | undefined {
  const status = known()
  const { role, signatureKey, serial, validAfter, validBefore, keyId } = certificate
  if (status === undefined) return 'ERR_CALLER_STATUS_UNKNOWN'
  const signer = writeSshPublicKey(signatureKey)
  if (!status.authorities.some((one) => Buffer.compare(one, signer) === 0)) return 'ERR_CALLER_UNKNOWN_ISSUER'
  if (!wasSigned()) return 'ERR_CALLER_BAD_SIGNATURE'
  if (role !== 'user') return 'ERR_CALLER_WRONG_PURPOSE'
  if (validAfter !== 'always' && Temporal.Instant.compare(now, validAfter) < 0) return 'ERR_CALLER_NOT_YET_VALID'
  if (validBefore !== 'forever' && Temporal.Instant.compare(now, validBefore) >= 0) return 'ERR_CALLER_EXPIRED'
  // Our authority signs for a party, under its name. Without principals OpenSSH before 10.3 takes a certificate for everybody's.
  if (!isParty(keyId) || certificate.principals.length === 0 || certificate.unknownCriticalOptions.length > 0)
    return 'ERR_CALLER_INVALID_PATH'
  if (trust.announced(issuer, serial) !== undefined) return 'ERR_CALLER_REVOKED'
  if (revocationOf(status.revoked, certificate, hashOctets) !== undefined) return 'ERR_CALLER_REVOKED'
  const isOld = Temporal.Instant.compare(status.at.add(STATUS_HOLDS), now) < 0
  return isOld && trust.revocation === 'require' ? 'ERR_CALLER_STATUS_UNKNOWN' : undefined
}

/** Who a certificate of SSH, of a caller or of a host, says its holder is. */
export function sideOf(certificate: SshCertificate): Side {
  const { keyId, principals, signatureKey, serial, validAfter, validBefore, blob, role } = certificate
  const [first = ''] = principals
  const always = Temporal.Instant.fromEpochMilliseconds(0)
  return {
    name: role === 'host' ? first : keyId,
    ...(isParty(keyId) && { party: keyId }),
    identities: principals.map((value) => ({ kind: role === 'host' ? hostKind(value) : 'sshPrincipal', value })),
    certificate: {
      sha256: sha256(blob),
      spkiSha256: spkiOf(certificate),
      serialNumber: serial.toString(16),
      subject: keyId,
      issuer: `SSH ${fingerprint(writeSshPublicKey(signatureKey))}`,
      notBefore: validAfter === 'always' ? always : validAfter,
      notAfter: validBefore === 'forever' ? Temporal.Instant.from('9999-12-31T23:59:59Z') : validBefore,
    },
  }
}

function hostKind(value: string): 'iPAddress' | 'dNSName' {
  return /^[0-9.]+$|:/.test(value) ? 'iPAddress' : 'dNSName'
}

/** As the authority knows a key: that of X.509 where there is one. */
function spkiOf({ key }: SshCertificate): string {
  return sha256(sshSpki(key) ?? writeSshPublicKey(key))
}

function fingerprint(key: Uint8Array): string {
  return formatFingerprint(Uint8Array.fromHex(sha256(key)))
}

function sha256(octets: Uint8Array): string {
  return hash('sha256', octets, 'hex')
}

function hashOctets(name: 'SHA-256' | 'SHA-1', octets: Uint8Array): Uint8Array {
  return new Uint8Array(hash(name.replace('-', '').toLowerCase(), octets, 'buffer'))
}
