// HTTP binding of the directory for mail: to which keys mail for an address is encrypted, and by which OpenPGP keys it is signed.
// For parties of the house, who may know each other; a stranger learns not even whether an address is somebody's.
import type { FoundOpenPgpKey, FoundOpenPgpKeys } from '@countersign/mtls'
import { MailError, type Refusal } from '@countersign/protocol'
import type { FastifyInstance } from 'fastify'
import { faultOfHeld } from '../enrollment/renew.ts'
import type { KeptOpenPgpKey, OpenPgpKeys } from '../openpgp.ts'
import type { StoredCertificate } from '../store/certificates.ts'
import type { Repositories } from '../store/store.ts'
import { type Caller, callerOf } from './caller.ts'
import { derJson } from './json.ts'
import type { Api } from './model.ts'
import { sendRefusal } from './reply.ts'
import { mailKeysQuery, openPgpKeyBody, read } from './schemas.ts'

/** Keys of one address: of few parties, and of each the newest. */
const MOST_KEYS = 100
/** Of OpenPGP, old ones too: by them old signatures are known. */
const MOST_OPENPGP_KEYS = 32
/** Certificates of one party that are looked through for when it was revoked. */
const MOST_CERTIFICATES = 1_000

type Holders = Pick<Repositories, 'certificates' | 'parties'>

export function mailKeyRoutes(
  app: FastifyInstance,
  { store, issuers, openPgp, clock }: Pick<Api, 'store' | 'issuers' | 'openPgp' | 'clock'>,
): void {
  app.get('/v1/mail/keys', async (request, reply) => {
    const caller = callerOf(request.raw.socket)
    if (caller.kind !== 'met' || caller.meeting.caller.party === undefined)
      return sendRefusal(request, reply, { code: 'ERR_ADMIN_FORBIDDEN', note: 'for parties, as themselves' })
    const query = read(mailKeysQuery, request.query)
    if (!query.ok) return sendRefusal(request, reply, query.refusal)
    const { address } = query.value
    const found = await keysFor(store, address, 'person-encryption', clock())
    return {
      keys: found.map(({ party, der }) => ({ party, certificate: Buffer.from(der).toString('base64') })),
      issuers: derJson(issuers.published().intermediates),
      ...(openPgp && { openPgp: openPgpJson(await openPgpOf(openPgp, store, address, clock())) }),
    }
  })

  app.post('/v1/mail/keys', async (request, reply) => {
    const body = read(openPgpKeyBody, request.body)
    if (!body.ok) return sendRefusal(request, reply, body.refusal)
    const held = await heldBy(callerOf(request.raw.socket), store, clock())
    if ('code' in held) return sendRefusal(request, reply, held)
    if (openPgp === undefined) return sendRefusal(request, reply, { code: 'ERR_ENROLL_NO_OPENPGP' })
    const addresses = held.names.flatMap(({ kind, value }) => (kind === 'rfc822Name' ? [value] : []))
    const { party, sha256 } = held
    const evidence = `certificate ${sha256.toHex()}`
    const certified = await openPgp.certify({ party, addresses, key: body.value.key, evidence })
    if (!certified.ok) return sendRefusal(request, reply, certified.refusal)
    const { fingerprint, key } = certified.kept
    const authorities = (await openPgp.authorities()).map((octets) => octets.toBase64())
    return reply.code(201).send({ party, fingerprint, key: key.toBase64(), authorities })
  })
}

/** The certificate in hand, where it is one of a person that holds. Looked up anew: it may have been revoked since the handshake. */
async function heldBy(caller: Caller, { certificates, parties }: Holders, now: Temporal.Instant) {
  const sha256 = caller.kind === 'met' ? caller.meeting.caller.certificate?.sha256 : undefined
  if (sha256 === undefined) return { code: 'ERR_CALLER_NO_CERTIFICATE' } satisfies Refusal
  const held = await certificates.bySha256(Uint8Array.fromHex(sha256))
  const fault = faultOfHeld(held, now)
  if (fault !== undefined || held === undefined)
    return fault ?? ({ code: 'ERR_CALLER_UNKNOWN_ISSUER' } satisfies Refusal)
  if (held.profile !== 'person')
    return { code: 'ERR_ENROLL_PROFILE', note: 'an OpenPGP key stands beside person' } satisfies Refusal
  if (await parties.isLocked(held.party, now)) return { code: 'ERR_POLICY_LOCKED' } satisfies Refusal
  return held
}

/** In force, of nobody who is locked, and of each party the newest. */
export async function keysFor(
  { certificates, parties }: Holders,
  address: string,
  profile: 'person' | 'person-encryption',
  now: Temporal.Instant,
): Promise<readonly StoredCertificate[]> {
  const found = await certificates.currentOfAddress(address, profile, now, MOST_KEYS)
  // The newest comes first, and here last: it is the one that stays.
  const newest = new Map(found.toReversed().map((each) => [each.party, each]))
  const locked = await Promise.all([...newest.keys()].map((party) => parties.isLocked(party, now)))
  return [...newest.values()].filter((_, index) => locked[index] === false)
}

/**
 * All of an address that are known, to know signatures by. Mail is encrypted to the newest of each version, of parties who are
 * that address now: who has a person's certificate for it in force. Of whom has none any more since it was revoked, that is said.
 */
export async function openPgpOf(
  openPgp: OpenPgpKeys,
  store: Holders,
  address: string,
  now: Temporal.Instant,
): Promise<FoundOpenPgpKeys & { readonly keys: readonly (FoundOpenPgpKey & { readonly party: string })[] }> {
  const kept = await openPgp.ofAddress(address, MOST_OPENPGP_KEYS)
  const current = new Set((await keysFor(store, address, 'person', now)).map(({ party }) => party))
  const taken = new Set<string>()
  const keys: (FoundOpenPgpKey & { readonly party: string })[] = []
  for (const one of kept) {
    const { party, fingerprint, version } = one
    const line = `${version} ${party}`
    const isCurrent = current.has(party) && !taken.has(line)
    taken.add(line)
    const key = current.has(party)
      ? (await openPgp.renewed(one, [address])).key
      : await asOf(openPgp, store, one, address, now)
    if (key === undefined) continue
    keys.push({ party, fingerprint, key, isCurrent })
  }
  // Asked last: by none that is not among them is a key certified above.
  return { authorities: await openPgp.authorities(), keys }
}

function openPgpJson({ authorities, keys }: Awaited<ReturnType<typeof openPgpOf>>) {
  return {
    authorities: authorities.map((octets) => octets.toBase64()),
    keys: keys.map(({ key, isCurrent, ...rest }) => ({ ...rest, key: key.toBase64(), current: isCurrent })),
  }
}

/** The key of a party that is not this address any more: with when it was revoked, where it was. Undefined where that cannot be said. */
async function asOf(
  openPgp: OpenPgpKeys,
  { certificates }: Holders,
  kept: KeptOpenPgpKey,
  address: string,
  now: Temporal.Instant,
): Promise<Uint8Array | undefined> {
  const isOf = ({ profile, names }: StoredCertificate) =>
    profile === 'person' && names.some(({ kind, value }) => kind === 'rfc822Name' && value === address)
  const { party } = kept
  // Locked, and not revoked: as soon as it is unlocked it is that address again.
  if ((await certificates.currentOfParty(party, now)).some(isOf)) return kept.key
  const { found } = await certificates.list({ party, state: 'revoked', now, limit: MOST_CERTIFICATES })
  const times = found.filter(isOf).flatMap(({ revocation }) => revocation?.at ?? [])
  const since = times.toSorted(Temporal.Instant.compare).at(-1)
  if (since === undefined) return kept.key
  try {
    return await openPgp.revoked(kept, address, since)
  } catch (error) {
    if (!(error instanceof MailError)) throw error
    return undefined // The key that would say so is not here: a key that is revoked is then not known, and believed by nobody.
  }
}
