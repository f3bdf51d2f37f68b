// Whether this authority can do its work now, and what it waits for where it cannot. For whoever sends it requests.
import { setTimeout as delay } from 'node:timers/promises'
import { readCertificateList } from '@countersign/x509'
import { AuthorityError } from '../error.ts'
import { isPostgresqlFault, isStorageFault } from '../store/fault.ts'
import type { Api } from './model.ts'

/** A store that does not answer within this is one that requests wait for, too. */
const STORE_MILLISECONDS = 2_000

/** Makes the question what is missing, answered in words for anyone: none where requests can be done. */
export function createReadiness({
  store,
  crls,
  issuers,
  clock,
}: Pick<Api, 'store' | 'crls' | 'issuers' | 'clock'>): () => Promise<readonly string[]> {
  // They may have megabytes, and anyone may ask: read once.
  const known = new WeakMap<Uint8Array, Temporal.Instant>()
  const nextUpdateOf = (list: Uint8Array): Temporal.Instant | undefined => {
    const nextUpdate = known.get(list) ?? readCertificateList(list).nextUpdate
    if (nextUpdate !== undefined) known.set(list, nextUpdate)
    return nextUpdate
  }
  const isCurrent = (list: Uint8Array | undefined, now: Temporal.Instant): boolean => {
    const nextUpdate = list && nextUpdateOf(list)
    return nextUpdate !== undefined && Temporal.Instant.compare(nextUpdate, now) > 0
  }
  return async () => {
    const now = clock()
    const missing: string[] = []
    if (!(await answers(store))) missing.push('the store')
    const issuing = issuers.published().issuers.filter(({ kind, state }) => kind !== 'root' && state === 'active')
    if (!issuing.every(({ name }) => isCurrent(crls().of(name), now))) missing.push('a current revocation list')
    const isValid = ({ certificate: { validity } }: (typeof issuing)[number]) =>
      Temporal.Instant.compare(validity.notBefore, now) <= 0 && Temporal.Instant.compare(now, validity.notAfter) < 0
    if (issuing.length === 0 || !issuing.every(isValid)) missing.push('an issuing certificate that is valid now')
    return missing
  }
}

async function answers(store: Api['store']): Promise<boolean> {
  const over = new AbortController()
  const asked = store.status.newest().then(
    () => true,
    (error: unknown) => {
      // What is wrong with it, whoever needs it is told.
      if (error instanceof AuthorityError || isPostgresqlFault(error) || isStorageFault(error)) return false
      throw error
    },
  )
  const late = delay(STORE_MILLISECONDS, false, { signal: over.signal }).catch((error: unknown) => {
    // The store was first.
    if (error instanceof Error && error.name === 'AbortError') return false
    throw error
  })
  try {
    return await Promise.race([asked, late])
  } finally {
    over.abort()
  }
}
