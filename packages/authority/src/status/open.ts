// What an authority knows of revocation when it starts, and how it goes on: the lists, and the trust that follows them.
import { type Clock, createTrust, type Log, type Trust } from '@countersign/mtls'
import { readCertificateList } from '@countersign/x509'
import type { Failpoint } from '../failpoints.ts'
import { SSH_ISSUER } from '../keys/hierarchy.ts'
import type { Issuers } from '../keys/issuers.ts'
import type { Store } from '../store/store.ts'
import type { Changes } from './changes.ts'
import { type CrlPublisher, createCrlPublisher } from './crl/publish.ts'
import type { Feed } from './feed/feed.ts'
import { certificatesOf } from './feed/source.ts'
import { createKrlPublisher, type KrlPublisher } from './krl.ts'

interface StatusOptions {
  readonly clock: Clock
  readonly log: Log
  readonly domain: string
  readonly store: Store
  readonly issuers: Issuers
  readonly feed: Feed
  readonly changes: Changes
  readonly failpoint: Failpoint
}

/** The lists, current before anybody is judged by them, and the trust that follows them. */
export async function openStatus(
  options: StatusOptions,
): Promise<{ trust: Trust; crls: CrlPublisher; krl: KrlPublisher }> {
  const { issuers, domain, feed, changes, clock } = options
  let trust: Trust | undefined
  const crls = createCrlPublisher({
    ...options,
    onPublished(crl, sequence, at) {
      trust?.replaceCrls([crl], at)
      changes.tell()
      // Doors that share this trust have it already; what they answer is in the log when it fails.
      void feed.tell({
        sequence: BigInt(sequence),
        at,
        change: { kind: 'crl', crls: [crl.der], certificates: certificatesOf(issuers) },
      })
    },
  })
  const krl = createKrlPublisher(options)
  // Of SSH there is one list, and no issuer of it has a row of a certificate.
  const lists: CrlPublisher = {
    ...crls,
    async publish(ids) {
      await Promise.all([crls.publish(ids), ids?.some((id) => id <= SSH_ISSUER) ? krl.publish() : undefined])
    },
    async refresh() {
      await crls.refresh()
      await krl.refresh()
    },
  }
  await lists.refresh()
  const authorities = () => {
    const { roots: anchors, intermediates } = issuers.published()
    return { anchors, issuers: intermediates }
  }
  const made = createTrust({
    ...authorities(),
    crls: crls.current().all.map((der) => readCertificateList(der)),
    revocation: 'require',
    domain,
    asOf: clock(),
  })
  trust = made
  issuers.onChange(() => made.replaceAuthorities(authorities()))
  return { trust: made, crls: lists, krl }
}
