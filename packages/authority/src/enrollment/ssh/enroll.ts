// A certificate of SSH by the certificate in hand: for people and programs one that says who they are, for hosts one for the
// names that they prove already. To which accounts a person may log in is policy, and stands in no certificate.
import type { Clock } from '@countersign/mtls'
import { checkSshMessage } from '@countersign/mtls/ssh'
import {
  type Identity,
  type Refusal,
  SSH_ENROLLMENT_NAMESPACE,
  type SshEnrollmentProfile,
  sshEnrollmentMessage,
} from '@countersign/protocol'
import {
  readSshMessageSignature,
  type SshCertificate,
  SshError,
  type SshMessageSignature,
  writeSshPublicKey,
} from '@countersign/ssh'
import type { Issue } from '../../issuance/issue.ts'
import { isX509Profile, SSH_PROFILES, X509_PROFILES } from '../../issuance/profiles.ts'
import { readSshKey } from '../../issuance/ssh-key.ts'
import { sameOctets } from '../../octets.ts'
import type { StoredCertificate } from '../../store/certificates.ts'
import type { Repositories, Store } from '../../store/store.ts'
import { faultOfHeld, tooOften } from '../renew.ts'

/** What arrived; all of it untrusted but for the certificate, which the gate has accepted. */
export interface SshEnrollmentAttempt {
  readonly profile: SshEnrollmentProfile
  /** PROTOCOL.sshsig: by the key that is to be certified, over this channel. */
  readonly signature: Uint8Array
  /** 32 octets of EXPORTER-Channel-Binding of the connection that this arrived on. @see RFC 9266 */
  readonly exporter: Uint8Array
}

export type SshEnrolled =
  | { readonly ok: true; readonly party: string; readonly certificate: SshCertificate }
  | { readonly ok: false; readonly refusal: Refusal }

/** `held`: SHA-256 of the certificate that the gate has accepted on this connection. */
export type EnrollSsh = (held: Uint8Array, attempt: SshEnrollmentAttempt) => Promise<SshEnrolled>

interface Enrolling {
  readonly store: Store
  readonly issue: Issue
  readonly clock: Clock
}

/** Makes the function that enrolls keys of SSH. The certificate in hand is looked up again inside the transaction. */
export function createEnrollSsh({ store, issue, clock }: Enrolling): EnrollSsh {
  return async (sha256, { profile, signature, exporter }) => {
    const held = await store.certificates.bySha256(sha256)
    const fault = faultOfHeld(held, clock())
    if (held === undefined || fault !== undefined)
      return { ok: false, refusal: fault ?? { code: 'ERR_CALLER_UNKNOWN_ISSUER' } }
    const names = namesFor(profile, held)
    if (typeof names === 'string') return { ok: false, refusal: { code: 'ERR_ENROLL_PROFILE', note: names } }
    const read = readProof(signature)
    if (typeof read === 'string') return { ok: false, refusal: { code: 'ERR_ENROLL_REQUEST', note: read } }
    if (read.namespace !== SSH_ENROLLMENT_NAMESPACE || !checkSshMessage(read, sshEnrollmentMessage(exporter, profile)))
      return {
        ok: false,
        refusal: { code: 'ERR_ENROLL_REQUEST_SIGNATURE', note: 'not by this key, on this connection' },
      }
    const publicKey = writeSshPublicKey(read.key)
    const { party } = held
    const succeeds = await lastOf(store, party, profile, publicKey, clock())
    const issued = await issue(
      { kind: 'ssh', publicKey, names, profile },
      {
        method: 'certificate',
        party,
        evidence: `certificate ${sha256.toHex()}`,
        ...(succeeds && { succeeds }),
        claim: {
          take: async (view, now) =>
            faultOfHeld(await view.certificates.byId(held.id), now) ?? (await tooOften(view, party, now)),
          spend: async () => undefined,
        },
      },
    )
    return issued.ok ? { ok: true, party, certificate: issued.credential } : issued
  }
}

/** The names of what is certified, or why there are none. */
function namesFor(
  profile: SshEnrollmentProfile,
  { party, profile: of, names }: StoredCertificate,
): readonly Identity[] | string {
  if (!isX509Profile(of)) return 'a certificate of an authority gets none of SSH'
  const [purpose, what] =
    profile === 'ssh-user' ? (['clientAuth', 'a caller'] as const) : (['serverAuth', 'a server'] as const)
  if (!X509_PROFILES[of].extendedKeyUsage.includes(purpose)) return `${profile} is for ${what}, and ${of} is none`
  if (profile === 'ssh-user') return [{ kind: 'sshPrincipal', value: party }]
  const hosts = names.filter(({ kind }) => kind === 'dNSName' || kind === 'iPAddress')
  return hosts.length > 0 ? hosts : 'a host has a name: invite it with --san'
}

function readProof(signature: Uint8Array): SshMessageSignature | string {
  try {
    return readSshMessageSignature(signature)
  } catch (error) {
    if (!(error instanceof SshError)) throw error
    return error.message
  }
}

/** The newest certificate in force of the same key, which this one takes the place of: a host keeps its key. */
async function lastOf(
  { certificates }: Repositories,
  party: string,
  profile: SshEnrollmentProfile,
  publicKey: Uint8Array,
  now: Temporal.Instant,
): Promise<Uint8Array | undefined> {
  const key = readSshKey(publicKey, SSH_PROFILES[profile])
  if (typeof key === 'string') return undefined // Issuance says what is wrong with it.
  const current = await certificates.currentOfParty(party, now)
  return current.findLast((one) => one.profile === profile && sameOctets(one.spkiSha256, key.sha256))?.sha256
}
