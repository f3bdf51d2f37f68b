// Tells what was not renewed in time: each stage once, by one of several authorities, also after a restart.
import type { Clock, Log } from '@countersign/mtls'
import type { Failpoint } from '../failpoints.ts'
import { emit } from '../ledger/notice.ts'
import { NEVER_RENEWED, type StoredCertificate } from '../store/certificates.ts'
import type { NewestList } from '../store/expiry.ts'
import type { Store, StoreTransaction } from '../store/store.ts'
import { isReplacedBy, latenessOf, type Stage } from './overdue.ts'

/** In one transaction. */
const AT_ONCE = 200
/** The rest comes a minute later. */
const MAX_ROUNDS = 50
/** When it was last looked, by the clock of then. */
const LOOKED_SETTING = 'expiry.looked-at'
/** Those of several authorities may. */
const CLOCKS_DIFFER_MS = 600_000
/** A list is looked at as long as it is its issuer's newest; after its end, no more. */
const NEVER: Temporal.Instant = Temporal.Instant.from('9999-12-31T23:59:59Z')

interface Parts {
  readonly store: Store
  readonly clock: Clock
  readonly failpoint?: Failpoint
  readonly log: Log
}

interface Late<Of> {
  readonly of: Of
  readonly stage: Stage
}

/** Looks at all whose moment has come. Told in the transaction that notes it; the line in the log follows when that is durable. */
export async function warnOfExpiry({ store, clock, failpoint = () => undefined, log }: Parts): Promise<void> {
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const now = clock()
    const looked = await store.commit(async (tx) => {
      await tx.alone('expiry')
      await lookBack(tx, now)
      const certificates = await tx.expiry.due(now, AT_ONCE)
      const late: Late<StoredCertificate>[] = []
      const others = await tx.expiry.replacementsOf(certificates)
      for (const certificate of certificates)
        late.push(...(await lookAt(tx, certificate, others.get(certificate.id), now)))
      const lists = await tx.expiry.dueLists(now, AT_ONCE)
      const lateLists: Late<NewestList & { readonly name: string }>[] = []
      for (const list of lists) lateLists.push(...(await lookAtList(tx, list, now)))
      if (certificates.length > 0 || lists.length > 0) await tx.set(LOOKED_SETTING, String(now.epochMilliseconds))
      failpoint('expiry.before-commit')
      return { late, lateLists, isMore: certificates.length === AT_ONCE || lists.length === AT_ONCE }
    })
    failpoint('expiry.after-commit')
    for (const { of, stage } of looked.late) {
      const { party, profile, serial, notAfter, lastSeen } = of
      const seen = lastSeen && { lastSeen: lastSeen.at.toString(), door: lastSeen.door }
      log(`certificate.${stage}`, { party, profile, serial, notAfter: notAfter.toString(), ...seen })
    }
    for (const { of, stage } of looked.lateLists)
      log(`crl.${stage}`, { issuer: of.name, number: of.number, nextUpdate: of.nextUpdate.toString() })
    if (!looked.isMore) return
  }
}

/** While the clock was ahead, what is in force was held for ended, and what is in time for overdue. */
async function lookBack(tx: StoreTransaction, now: Temporal.Instant): Promise<void> {
  const looked = Number((await tx.setting(LOOKED_SETTING)) ?? 0)
  if (now.epochMilliseconds >= looked - CLOCKS_DIFFER_MS) return
  await tx.expiry.lookAgain(now)
  await tx.set(LOOKED_SETTING, String(now.epochMilliseconds))
}

async function lookAt(
  tx: StoreTransaction,
  certificate: StoredCertificate,
  other: StoredCertificate | undefined,
  now: Temporal.Instant,
): Promise<readonly Late<StoredCertificate>[]> {
  const { stage, next } = latenessOf(certificate, now)
  if (certificate.profile === NEVER_RENEWED) {
    await tx.expiry.mark(certificate.id, false, stage === 'expired' ? undefined : certificate.notAfter)
    return []
  }
  await tx.expiry.mark(certificate.id, stage !== undefined, next)
  if (stage === undefined || (await isDoneWith(tx, certificate.id))) return []
  if (other !== undefined && isReplacedBy(certificate, other)) return []
  const { party, profile, serial, sha256, notAfter } = certificate
  await emit(tx, { kind: stage, at: now, party, profile, serial, sha256: sha256.toHex(), notAfter })
  return [{ of: certificate, stage }]
}

async function lookAtList(
  tx: StoreTransaction,
  list: NewestList,
  now: Temporal.Instant,
): Promise<readonly Late<NewestList & { readonly name: string }>[]> {
  const { issuer, number, thisUpdate, nextUpdate } = list
  const { stage, next } = latenessOf({ notBefore: thisUpdate, notAfter: nextUpdate }, now)
  await tx.expiry.markList(list, next ?? NEVER)
  if (stage === undefined || (await isDoneWith(tx, issuer))) return []
  const name = (await tx.issuers.byId(issuer))?.name ?? (await tx.certificates.byId(issuer))?.party ?? String(issuer)
  await emit(tx, { kind: `list-${stage}`, at: now, issuer: name, number, nextUpdate })
  return [{ of: { ...list, name }, stage }]
}

/** An issuer that signs nothing any more ends, and is meant to. */
async function isDoneWith(tx: StoreTransaction, id: number): Promise<boolean> {
  return (await tx.issuers.byId(id))?.state === 'retired'
}
