// What an issuer may sign: one row per profile, nothing else decides it. docs/profiles.md is made from these rows.
import type { Identity } from '@countersign/protocol'
import type { SshExtensionName, SshOption } from '@countersign/ssh'
import type { KeyUsageBit } from '@countersign/x509'

/** Kinds of keys that can be certified. */
export const KEY_KINDS = ['p256', 'p384', 'ed25519', 'ml-dsa-44', 'ml-dsa-65', 'ml-dsa-87', 'rsa'] as const
/** One of {@link KEY_KINDS}. */
export type KeyKind = (typeof KEY_KINDS)[number]

/** Extensions that we write, by their names in RFC 5280 §4.2, RFC 6960 §4.2.2.2.1 and RFC 9608 §2. */
export type ExtensionName =
  | 'subjectKeyIdentifier'
  | 'authorityKeyIdentifier'
  | 'basicConstraints'
  | 'nameConstraints'
  | 'keyUsage'
  | 'certificatePolicies'
  | 'extendedKeyUsage'
  | 'subjectAltName'
  | 'ocspNoCheck'
  | 'noRevAvail'

interface Row {
  /** For people who choose one. */
  readonly summary: string
  /** What to do in place of an invitation; absent where a party can be invited for one. */
  readonly instead?: string
  /** From now on; a certificate ends with its issuer at the latest. */
  readonly lasts: { readonly hours: number }
  /** Clocks differ: what is signed is valid from a little before now. */
  readonly backdate: { readonly minutes: number }
  /** Kinds of names that may be granted, and those of which one must be. Others are refused. */
  readonly names: Readonly<Partial<Record<Identity['kind'], 'may' | 'must'>>>
  /** Of the modulus, both inclusive. */
  readonly rsaBits: readonly [least: number, most: number]
}

/** What an issuer may sign as an X.509 certificate. */
export interface X509Profile extends Row {
  readonly kind: 'x509'
  /** The kinds of keys that are accepted, each with what it may be used for. RFC 5280 §4.2.1.3. */
  readonly keys: Readonly<Partial<Record<KeyKind, readonly KeyUsageBit[]>>>
  /** Whether the URI `spiffe://DOMAIN/PARTY` stands first among the names. */
  readonly spiffeId: boolean
  /** In the order of writing, with their criticality; those that would hold nothing are left out. */
  readonly extensions: Readonly<Partial<Record<ExtensionName, 'critical' | 'not critical'>>>
  /** In the order of writing. RFC 5280 §4.2.1.12. */
  readonly extendedKeyUsage: readonly (
    | 'serverAuth'
    | 'clientAuth'
    | 'emailProtection'
    | 'timeStamping'
    | 'OCSPSigning'
  )[]
  /** RFC 5280 §4.2.1.4. */
  readonly policies: readonly 'anyPolicy'[]
  /** A certificate of an authority: how many others may follow below. RFC 5280 §4.2.1.9. */
  readonly authority?: { readonly pathLength?: number }
  /** Whether the lists of its issuer speak of it, or who meets it need not ask. */
  readonly status: 'served' | 'noRevAvail' | 'ocspNoCheck'
}

const BACKDATED = { minutes: 5 } as const
/** NIST SP 800-131A for the least; a longer key is more work for each peer than the security of any other key of ours. */
const RSA_BITS = [2_048, 4_096] as const
const SIGNS = ['digitalSignature'] as const
const CERTIFIES = ['keyCertSign', 'cRLSign'] as const
/** Each kind signs. */
const signing = (usage: readonly KeyUsageBit[]): Readonly<Record<KeyKind, readonly KeyUsageBit[]>> => ({
  p256: usage,
  p384: usage,
  ed25519: usage,
  'ml-dsa-44': usage,
  'ml-dsa-65': usage,
  'ml-dsa-87': usage,
  rsa: usage,
})
const LEAF_EXTENSIONS = {
  subjectKeyIdentifier: 'not critical',
  authorityKeyIdentifier: 'not critical',
  keyUsage: 'critical',
  extendedKeyUsage: 'not critical',
  subjectAltName: 'not critical',
} as const

/** What most parties have: 30 days, one SPIFFE ID, a key that signs, and lists that speak of it. */
const LEAF = {
  kind: 'x509',
  lasts: { hours: 30 * 24 },
  backdate: BACKDATED,
  keys: signing(SIGNS),
  rsaBits: RSA_BITS,
  spiffeId: true,
  extensions: LEAF_EXTENSIONS,
  policies: [],
  status: 'served',
} as const

/** The profiles of X.509 certificates: words of the command line, of the API and of the store. */
export const X509_PROFILE_NAMES = [
  'client',
  'server',
  'service',
  'device',
  'person',
  'person-encryption',
  'short-lived',
  'admin',
  'ocsp-responder',
  'time-stamping',
  'intermediate',
  'cross-root',
  'root',
] as const
/** One of {@link X509_PROFILE_NAMES}. */
export type X509ProfileName = (typeof X509_PROFILE_NAMES)[number]

/** The row of each. */
export const X509_PROFILES: Readonly<Record<X509ProfileName, X509Profile>> = {
  client: {
    ...LEAF,
    summary: 'asks at doors',
    names: { dNSName: 'may', iPAddress: 'may', rfc822Name: 'may' },
    extendedKeyUsage: ['clientAuth'],
  },
  server: {
    ...LEAF,
    summary: 'is a door',
    names: { dNSName: 'may', iPAddress: 'may' },
    extendedKeyUsage: ['serverAuth'],
  },
  service: {
    ...LEAF,
    summary: 'is a door and asks at others',
    names: { dNSName: 'may', iPAddress: 'may' },
    extendedKeyUsage: ['serverAuth', 'clientAuth'],
  },
  device: {
    ...LEAF,
    summary: 'a machine that asks at doors, and is renewed rarely',
    lasts: { hours: 90 * 24 },
    names: { dNSName: 'may', iPAddress: 'may' },
    extendedKeyUsage: ['clientAuth'],
  },
  person: {
    ...LEAF,
    summary: 'a person, at doors and as who signs mail',
    names: { rfc822Name: 'must' },
    extendedKeyUsage: ['clientAuth', 'emailProtection'],
  },
  'person-encryption': {
    ...LEAF,
    summary: 'to whom mail is encrypted: a key of its own, which proves nobody at a door',
    instead: 'invite the person with --profile person; a key for encryption is certified beside that one',
    // RFC 5480 §3 and RFC 8410 §5: a key of a curve agrees, and Ed25519 cannot; RFC 3279 §2.3.1: one of RSA enciphers keys.
    keys: { p256: ['keyAgreement'], p384: ['keyAgreement'], rsa: ['keyEncipherment'] },
    // X509-SVID §4.3: who has a SPIFFE ID signs.
    spiffeId: false,
    lasts: { hours: 365 * 24 },
    names: { rfc822Name: 'must' },
    extendedKeyUsage: ['emailProtection'],
  },
  'short-lived': {
    ...LEAF,
    summary: 'a service for a day, whose status nobody needs to ask for',
    lasts: { hours: 24 },
    names: { dNSName: 'may', iPAddress: 'may' },
    extensions: { ...LEAF_EXTENSIONS, noRevAvail: 'not critical' },
    extendedKeyUsage: ['serverAuth', 'clientAuth'],
    status: 'noRevAvail',
  },
  // Which certificates may act, the store says by this profile.
  admin: {
    ...LEAF,
    summary: 'asks the authority to act',
    names: { dNSName: 'may', iPAddress: 'may', rfc822Name: 'may' },
    extendedKeyUsage: ['clientAuth'],
  },
  'ocsp-responder': {
    ...LEAF,
    summary: 'signs answers about status for its issuer',
    instead: 'nobody is invited to answer for the authority: it certifies its responders itself',
    // Its own status cannot be asked for, so that it must end soon: RFC 6960 §4.2.2.2.1.
    lasts: { hours: 7 * 24 },
    spiffeId: false,
    names: {},
    extensions: {
      subjectKeyIdentifier: 'not critical',
      authorityKeyIdentifier: 'not critical',
      keyUsage: 'critical',
      extendedKeyUsage: 'not critical',
      ocspNoCheck: 'not critical',
    },
    extendedKeyUsage: ['OCSPSigning'],
    status: 'ocspNoCheck',
  },
  'time-stamping': {
    ...LEAF,
    summary: 'says when something was there already',
    instead: 'nobody is invited to say the time for the authority: it certifies a key of its own',
    // Tokens are read for as long as what they are about, and are worth no more than the certificate is.
    lasts: { hours: 5 * 365 * 24 },
    keys: { p256: SIGNS },
    spiffeId: false,
    names: {},
    extensions: {
      subjectKeyIdentifier: 'not critical',
      authorityKeyIdentifier: 'not critical',
      keyUsage: 'critical',
      // RFC 3161 §2.3: "This extension MUST be critical."
      extendedKeyUsage: 'critical',
    },
    extendedKeyUsage: ['timeStamping'],
  },
  intermediate: {
    ...LEAF,
    summary: 'an authority below the root, which signs leaves and no further authority',
    instead: 'nobody is invited to be an authority: the root signs its issuers when they are made',
    lasts: { hours: 5 * 365 * 24 },
    keys: signing(CERTIFIES),
    spiffeId: false,
    // The spaces of names that it may certify: nameConstraints, where there are any.
    names: { dNSName: 'may', iPAddress: 'may', rfc822Name: 'may' },
    extensions: {
      subjectKeyIdentifier: 'not critical',
      authorityKeyIdentifier: 'not critical',
      basicConstraints: 'critical',
      keyUsage: 'critical',
      certificatePolicies: 'not critical',
      nameConstraints: 'critical',
    },
    extendedKeyUsage: [],
    // RFC 5280 §4.2.1.4: it limits nothing of what the root allows.
    policies: ['anyPolicy'],
    authority: { pathLength: 0 },
  },
  'cross-root': {
    ...LEAF,
    summary: 'another root, by which who believes one root believes both',
    instead: 'nobody is invited to be a root: roots sign each other by countersign authority cross',
    lasts: { hours: 20 * 365 * 24 },
    keys: signing(CERTIFIES),
    spiffeId: false,
    names: {},
    extensions: {
      subjectKeyIdentifier: 'not critical',
      authorityKeyIdentifier: 'not critical',
      basicConstraints: 'critical',
      keyUsage: 'critical',
      certificatePolicies: 'not critical',
    },
    extendedKeyUsage: [],
    policies: ['anyPolicy'],
    authority: {},
  },
  root: {
    ...LEAF,
    summary: 'the trust anchor, signed by itself',
    instead: 'nobody is invited to be the root: each authority makes its own at its first start',
    lasts: { hours: 20 * 365 * 24 },
    keys: signing(CERTIFIES),
    spiffeId: false,
    names: {},
    extensions: { subjectKeyIdentifier: 'not critical', basicConstraints: 'critical', keyUsage: 'critical' },
    extendedKeyUsage: [],
    authority: {},
  },
}

/** What an issuer may sign as an SSH certificate. Its principals are the granted names, and there is at least one. */
export interface SshProfile extends Row {
  readonly kind: 'ssh'
  readonly role: 'user' | 'host'
  /** The kinds of keys that are accepted; those of `sk-…` are in hardware. */
  readonly keys: readonly SshKeyKind[]
  /** What its server must heed. draft-ietf-sshm-cert §2.4. */
  readonly criticalOptions: readonly SshOption[]
  /** What its user may do. draft-ietf-sshm-cert §2.3. */
  readonly extensions: readonly SshExtensionName[]
}

/** Kinds of keys that an SSH certificate can be for. */
export type SshKeyKind = 'p256' | 'p384' | 'ed25519' | 'rsa' | 'sk-ed25519' | 'sk-p256'

/** The profiles of SSH certificates. */
export const SSH_PROFILE_NAMES = ['ssh-user', 'ssh-host'] as const
/** One of {@link SSH_PROFILE_NAMES}. */
export type SshProfileName = (typeof SSH_PROFILE_NAMES)[number]

const NOT_BY_TOKEN =
  'a token brings no SSH certificate; invite the party for one of X.509, and countersign ssh enroll gets one by that'

/** The row of each. */
export const SSH_PROFILES: Readonly<Record<SshProfileName, SshProfile>> = {
  'ssh-user': {
    kind: 'ssh',
    role: 'user',
    summary: 'logs in by SSH, under the login names that were granted',
    instead: NOT_BY_TOKEN,
    // A working day: what ends by itself needs no list at each server.
    lasts: { hours: 16 },
    backdate: BACKDATED,
    names: { sshPrincipal: 'must' },
    keys: ['ed25519', 'p256', 'p384', 'rsa', 'sk-ed25519', 'sk-p256'],
    rsaBits: RSA_BITS,
    criticalOptions: [],
    // Neither the agent nor X11: a server that was broken into would act by them.
    extensions: ['permit-port-forwarding', 'permit-pty'],
  },
  'ssh-host': {
    kind: 'ssh',
    role: 'host',
    summary: 'is an SSH server, under the host names that were granted',
    instead: NOT_BY_TOKEN,
    lasts: { hours: 30 * 24 },
    backdate: BACKDATED,
    names: { dNSName: 'may', iPAddress: 'may' },
    keys: ['ed25519', 'p256', 'p384', 'rsa'],
    rsaBits: RSA_BITS,
    criticalOptions: [],
    extensions: [],
  },
}

/** What an issuer may sign: any row. */
export type Profile = X509Profile | SshProfile
/** The name of any row. */
export type ProfileName = X509ProfileName | SshProfileName

/** Every row, by its name. */
export const PROFILES: Readonly<Record<ProfileName, Profile>> = { ...X509_PROFILES, ...SSH_PROFILES }

/** All of them, in the order of the table. */
export const PROFILE_NAMES: readonly ProfileName[] = [...X509_PROFILE_NAMES, ...SSH_PROFILE_NAMES]

/** Those that a party can be invited for. */
export const INVITED_PROFILES: readonly ProfileName[] = PROFILE_NAMES.filter(
  (name) => PROFILES[name].instead === undefined,
)

/** What an issuer below a root may sign: no authority. */
export const LEAF_PROFILES: readonly X509ProfileName[] = X509_PROFILE_NAMES.filter(
  (name) => X509_PROFILES[name].authority === undefined,
)

/** Whether a word names a row of X.509 certificates. */
export function isX509Profile(profile: string): profile is X509ProfileName {
  return Object.hasOwn(X509_PROFILES, profile)
}
