// A program of the house that keeps keys, as one for OpenPGP does: what it is given, as it came, and who revoked what when.
import type { KeptOpenPgpKey, OpenPgpKeys } from '@countersign/authority'
import type { Clock } from '@countersign/mtls'

/** The first octet of a key is its version, and the next is its fingerprint. */
export function keepingKeys(clock: Clock): OpenPgpKeys {
  const all: (KeptOpenPgpKey & { readonly addresses: readonly string[] })[] = []
  return {
    authorities: async () => [Uint8Array.of(6)],
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
    revoked: async ({ key }, address, at) =>
      Buffer.concat([key, Buffer.from(` of ${address} until ${at.epochMilliseconds}`)]),
  }
}
