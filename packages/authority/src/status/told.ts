// Revocations as doors are told them: by the issuer's key, which they know, and not by its row.
import type { RevokedSerial } from '@countersign/protocol'
import { InvariantError } from '../error.ts'
import type { RevokedCertificate } from '../store/certificates.ts'
import type { Repositories } from '../store/store.ts'

/** The same, for doors. */
export async function toldOf(
  { issuers }: Pick<Repositories, 'issuers'>,
  revoked: readonly RevokedCertificate[],
): Promise<readonly RevokedSerial[]> {
  const keys = new Map<number, string>()
  for (const { issuer } of revoked) {
    if (keys.has(issuer)) continue
    const found = await issuers.byId(issuer)
    if (found === undefined) throw new InvariantError(`a certificate has the unknown issuer ${issuer}`)
    keys.set(issuer, found.spkiSha256.toHex())
  }
  return revoked.map(({ issuer, serial, party, at, reason }) => ({
    issuerSpkiSha256: keys.get(issuer) ?? '',
    serialNumber: BigInt(`0x${serial}`),
    party,
    at,
    reason,
  }))
}
