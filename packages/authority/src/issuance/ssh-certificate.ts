// What is to be signed for SSH, draft-ietf-sshm-cert §2.1: what the profile says, for the principals that were granted.
import { randomBytes } from 'node:crypto'
import type { Identity } from '@countersign/protocol'
import {
  extensionOption,
  inOrder,
  type SshPublicKey,
  type SshSignature,
  sshSignatureAlgorithmsOf,
  writeSshCertificate,
  writeSshTbsCertificate,
} from '@countersign/ssh'
import { readEcdsaSignature, readPublicKey, type SubjectPublicKeyInfo } from '@countersign/x509'
import { InvariantError } from '../error.ts'
import { wholeSecond } from '../octets.ts'
import { SSH_PROFILES, type SshProfileName } from './profiles.ts'

/** What shall stand in a certificate; how it is written, its profile says. */
export interface SshContent {
  readonly profile: SshProfileName
  readonly key: SshPublicKey
  readonly party: string
  /** The principals. */
  readonly identities: readonly Identity[]
  readonly signatureKey: SshPublicKey
  readonly serial: bigint
  /** 32 octets. */
  readonly nonce: Uint8Array
  readonly now: Temporal.Instant
}

/** Writes what is signed. @throws {SshError} where a name or a number is none of SSH's. */
export function buildSshCertificate({ profile, party, identities, now, ...content }: SshContent): Uint8Array {
  const { role, lasts, backdate, criticalOptions, extensions } = SSH_PROFILES[profile]
  return writeSshTbsCertificate({
    ...content,
    role,
    keyId: party,
    principals: identities.map(({ value }) => value),
    validAfter: wholeSecond(now.subtract(backdate)),
    validBefore: wholeSecond(now.add(lasts)),
    criticalOptions: inOrder(criticalOptions),
    extensions: inOrder(extensions.map(extensionOption)),
  })
}

/** A serial number of SSH's 64 bits, 63 of them random. */
export function makeSshSerial(): bigint {
  return BigInt(`0x${randomBytes(8).toString('hex')}`) | (1n << 63n)
}

/** The issuer's key as SSH has it; undefined where SSH knows no signatures of its kind. */
export function sshIssuerKey(issuerKey: SubjectPublicKeyInfo): SshPublicKey | undefined {
  const key = readPublicKey(issuerKey)
  if (key?.kind === 'Ed25519' && 'key' in key) return { kind: 'Ed25519', key: key.key }
  return key?.kind === 'EC' || key?.kind === 'RSA' ? key : undefined
}

/** Writes the certificate around what the issuer's signer answered, whose signatures are those of X.509. */
export function signedSshCertificate(tbs: Uint8Array, signatureKey: SshPublicKey, signature: Uint8Array): Uint8Array {
  return writeSshCertificate(tbs, { algorithm: algorithmOf(signatureKey), octets: octetsOf(signatureKey, signature) })
}

/** A signer of ours hashes for RSA with SHA-256. */
function algorithmOf(key: SshPublicKey): SshSignature['algorithm'] {
  if (key.kind === 'RSA') return 'rsa-sha2-256'
  const [algorithm] = sshSignatureAlgorithmsOf(key)
  if (algorithm === undefined) throw new InvariantError('an issuer has a key that SSH does not sign with')
  return algorithm
}

function octetsOf(key: SshPublicKey, signature: Uint8Array): Uint8Array {
  return key.kind === 'EC' ? readEcdsaSignature(signature, key.curve) : signature
}
