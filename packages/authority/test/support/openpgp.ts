// A program of the house that keeps keys, as one for OpenPGP does: what it is given, as it came, and who revoked what when.
import type { KeptOpenPgpKey, OpenPgpAuthorityKey, OpenPgpKeys } from '@countersign/authority'
import type { Clock } from '@countersign/mtls'

/** The first octet of a key is its version, and the next is its fingerprint. */
export function keepingKeys(clock: Clock): OpenPgpKeys {
  const all: (KeptOpenPgpKey & { readonly addresses: readonly string[] })[] = []
  const own: OpenPgpAuthorityKey[] = [ownKey(clock, '01')]
  return {
    authorities: async () => own.map(({ key }) => key),
    authorityKeys: async () => own,
    async rollOver() {
      const [last] = own.splice(-1, 1)
      const next = ownKey(clock, `${own.length + 2}`.padStart(2, '0'))
      own.push(...(last ? [{ ...last, state: 'retiring' as const }] : []), next)
      return { ok: true, keys: [next] }
    },
    async revokeAuthority({ fingerprint }) {
      const index = own.findIndex((one) => one.fingerprint === fingerprint)
      const found = own[index]
      if (found === undefined) return { ok: false, refusal: { code: 'ERR_ADMIN_NOT_FOUND', note: 'no such key' } }
      const revoked = { ...found, state: 'revoked' as const }
      own[index] = revoked
      return { ok: true, keys: [revoked] }
    },
    // After the octets stands for what the authority says with its key of now.
    async renewed(kept, addresses) {
      if (own.length === 1) return kept
      return { ...kept, key: Buffer.concat([kept.key, Buffer.from(` anew for ${addresses.join()}`)]) }
    },
    async certify({ party, addresses, key }) {
      const [version = 0, name = 0] = key
      if (name === 0) return { ok: false, refusal: { code: 'ERR_MAIL_FORM', note: 'no key' } }
      const kept = { party, fingerprint: name.toString(16).padStart(2, '0'), version, certifiedAt: clock(), key }
      all.unshift({ ...kept, addresses })
      return { ok: true, kept }
    },
    ofAddress: async (address, limit) => all.filter(({ addresses }) => addresses.includes(address)).slice(0, limit),
    filedAt: async (local) => `hash-of-${local}`,
    published: async ({ key }, address) => Buffer.concat([key, Buffer.from(` of ${address}`)]),
    publishedAuthority: async (address) => (address === 'openpgp@acme.example' ? Uint8Array.of(4, 99) : undefined),
    revoked: async ({ key }, address, at) =>
      Buffer.concat([key, Buffer.from(` of ${address} until ${at.epochMilliseconds}`)]),
  }
}

function ownKey(clock: Clock, fingerprint: string): OpenPgpAuthorityKey {
  const now = clock()
  return {
    fingerprint,
    version: 6,
    state: 'active',
    isHere: true,
    createdAt: now,
    endsAt: now.add({ hours: 1 }),
    key: Uint8Array.of(6),
  }
}
