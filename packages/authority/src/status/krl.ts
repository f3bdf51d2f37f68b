// The revocation list of SSH: one for all issuers, as OpenSSH's `RevokedKeys` takes it. It has a number, and no end; servers
// fetch it. It is not signed: OpenSSH checks no signature of a list, and takes it from who serves it.
import type { Clock } from '@countersign/mtls'
import { formatKeyLine, readKeyRevocationList, writeKeyRevocationList, writeSshPublicKey } from '@countersign/ssh'
import { readSubjectPublicKeyInfo } from '@countersign/x509'
import { InvariantError } from '../error.ts'
import type { Failpoint } from '../failpoints.ts'
import { sshIssuerKey } from '../issuance/ssh-certificate.ts'
import { SSH_ISSUER } from '../keys/hierarchy.ts'
import { sameOctets } from '../octets.ts'
import type { StoredIssuer } from '../store/issuers.ts'
import { CRL_FROM_SETTING } from '../store/restored.ts'
import type { Repositories, Store } from '../store/store.ts'

/** A list of OpenSSH's holds until the next one; the store wants an end. */
const HOLDS = { hours: 24 * 365 * 100 } as const

/** The list, and the keys of those that sign. */
export interface KrlPublisher {
  /** Makes the next list, which knows every event committed so far. */
  publish(): Promise<void>
  /** Makes it where it is missing or misses a revocation; finds one that another authority on this store has made. */
  refresh(): Promise<void>
  /** PROTOCOL.krl. After the first `refresh`. */
  current(): Uint8Array
}

interface Parts {
  readonly store: Store
  readonly clock: Clock
  readonly failpoint: Failpoint
}

export function createKrlPublisher({ store, clock, failpoint }: Parts): KrlPublisher {
  let latest: Uint8Array | undefined

  const publish = async (): Promise<void> => {
    latest = await store.commit(async (tx) => {
      // Of several authorities on one store, one makes the next list.
      await tx.alone(`crl ${SSH_ISSUER}`)
      const [previous, now] = [await tx.status.newestCrl(SSH_ISSUER), clock()]
      const number = Math.max((previous?.number ?? 0) + 1, Number((await tx.setting(CRL_FROM_SETTING)) ?? 0))
      // Before the entries are read: what is revoked meanwhile is covered by the next list.
      const covers = await tx.status.newestStatus()
      const issuers = await tx.issuers.ofSsh()
      const krl = writeKeyRevocationList({
        version: BigInt(number),
        generatedAt: now,
        certificates: await Promise.all(issuers.map((issuer) => revokedOf(tx, issuer, now))),
        keys: retiredKeys(issuers),
      })
      const row = { issuer: SSH_ISSUER, number, der: krl, thisUpdate: now, nextUpdate: now.add(HOLDS), covers }
      await tx.status.addCrl(row)
      failpoint('krl.before-commit')
      return krl
    })
    failpoint('krl.after-commit')
  }

  return {
    publish,
    async refresh() {
      const newest = await store.status.newestCrl(SSH_ISSUER)
      if (newest === undefined) return publish()
      const issuers = await store.issuers.ofSsh()
      for (const { id } of issuers)
        if (id !== undefined && (await store.certificates.isRevokedAfter(id, newest.covers))) return publish()
      const { keys } = readKeyRevocationList(newest.der)
      if (retiredKeys(issuers).some((key) => !keys.some((one) => sameOctets(one, key)))) return publish()
      latest = newest.der
    },
    current() {
      if (latest === undefined) throw new InvariantError('the list of SSH is asked for before the first refresh')
      return latest
    },
  }
}

/** The keys of those that sign, one a line, as `TrustedUserCAKeys` and `@cert-authority` take them. */
export function sshIssuerLines(issuers: readonly StoredIssuer[]): string {
  return issuers.map((issuer) => `${formatKeyLine({ blob: blobOf(issuer), comment: issuer.name })}\n`).join('')
}

/** Its certificates that were revoked and are not over. */
async function revokedOf({ certificates }: Repositories, issuer: StoredIssuer, now: Temporal.Instant) {
  const revoked = issuer.id === undefined ? [] : await certificates.revokedOf(issuer.id, now, Number.MAX_SAFE_INTEGER)
  const serials = revoked.map(({ serial }) => BigInt(`0x${serial}`)).map((one) => ({ first: one, last: one }))
  return { authority: blobOf(issuer), serials, keyIds: [] }
}

/** Whatever a retired one has signed is believed no more. */
function retiredKeys(issuers: readonly StoredIssuer[]): readonly Uint8Array[] {
  return issuers.filter(({ state }) => state === 'retired').map(blobOf)
}

function blobOf({ name, publicKey }: StoredIssuer): Uint8Array {
  const key = publicKey && sshIssuerKey(readSubjectPublicKeyInfo(publicKey))
  if (key === undefined) throw new InvariantError(`the issuer ${name} has no key of SSH`)
  return writeSshPublicKey(key)
}
