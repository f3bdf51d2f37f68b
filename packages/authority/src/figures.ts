// What an authority counts of itself: from the events of its log, its answers and its commits, so that no number has a
// second source.
import type { Clock, Log } from '@countersign/mtls'
import { createCounter, createHistogram, type Family } from '@countersign/protocol'
import { formatName, readCertificateList } from '@countersign/x509'
import type { Ledger } from './ledger/ledger.ts'
import type { CrlPublisher } from './status/crl/publish.ts'
import type { Feed } from './status/feed/feed.ts'
import type { Store } from './store/store.ts'

/** What is looked at when the numbers are asked for. */
export interface Looked {
  readonly store: Store
  readonly ledger: Pick<Ledger, 'checkpoint'>
  readonly crls: Pick<CrlPublisher, 'current'>
  readonly feed: Pick<Feed, 'doors'>
  readonly clock: Clock
}

/** The numbers of one authority in this process. */
export interface Figures {
  /** The log, of which this counts. */
  readonly log: Log
  /** The store, whose commits are timed. */
  timed(store: Store): Store
  /** A request was answered. */
  answered(route: string, method: string, status: number): void
  /** Somebody follows the events; answers how to leave. */
  follows(): () => void
  families(looked: Looked): Promise<readonly Family[]>
}

// Seconds: from a commit that shares one of others to a statement that is given up.
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

/** Starts at zero. */
export function createFigures(log: Log): Figures {
  const issued = createCounter()
  const revoked = createCounter()
  const requests = createCounter()
  const commits = createHistogram(BUCKETS)
  const listsOf = createListReader()
  let followers = 0

  const counted: readonly Family[] = [
    {
      name: 'countersign_authority_issued',
      type: 'counter',
      help: 'Certificates that were issued, by profile.',
      samples: issued.samples,
    },
    {
      name: 'countersign_authority_revoked',
      type: 'counter',
      help: 'Certificates that were revoked, by reason.',
      samples: revoked.samples,
    },
    {
      name: 'countersign_authority_requests',
      type: 'counter',
      help: 'Requests that the authority answered.',
      samples: requests.samples,
    },
    {
      name: 'countersign_authority_commit_seconds',
      type: 'histogram',
      unit: 'seconds',
      help: 'From an act to its being durable in the store.',
      samples: commits.samples,
    },
  ]

  return {
    log(event, fields = {}) {
      if (event === 'issue.done') issued.add({ profile: String(fields['profile']) })
      if (event === 'revoke.done') revoked.add({ reason: String(fields['reason']) }, Number(fields['certificates']))
      log(event, fields)
    },
    timed: (store) => ({
      ...store,
      async commit(work) {
        const began = performance.now()
        try {
          return await store.commit(work)
        } finally {
          commits.observe({}, (performance.now() - began) / 1000)
        }
      },
    }),
    answered: (route, method, status) => requests.add({ route, method, status: String(status) }),
    follows() {
      followers++
      return () => {
        followers--
      }
    },
    async families({ store, ledger, crls, feed, clock }) {
      const now = clock().epochMilliseconds / 1000
      // The other numbers are wanted most of all while the store is away.
      const waiting = await store.ledger.waiting().then(
        (value) => [{ value }],
        (error: unknown) => {
          log('metrics.incomplete', { cause: error instanceof Error ? error.message : String(error) })
          return []
        },
      )
      const lists = listsOf(crls.current().all)
      const gauge = (name: string, help: string, samples: Family['samples']): Family => ({
        name: `countersign_authority_${name}`,
        type: 'gauge',
        ...(name.endsWith('_seconds') && { unit: 'seconds' }),
        help,
        samples,
      })
      return [
        ...counted,
        gauge('ledger_entries', 'Entries under the newest checkpoint.', [{ value: ledger.checkpoint.size }]),
        gauge('ledger_waiting', 'What happened and has no number yet.', waiting),
        gauge(
          'crl_age_seconds',
          'How old the newest list of an issuer is.',
          lists.map(({ labels, thisUpdate }) => ({ labels, value: now - thisUpdate })),
        ),
        gauge(
          'crl_next_update_seconds',
          'When that list runs out, in seconds since 1970.',
          lists.map(({ labels, nextUpdate }) => ({ labels, value: nextUpdate })),
        ),
        gauge('feed_followers', 'Doors that follow.', [{ value: feed.doors().length }]),
        gauge('event_followers', 'Callers that follow the events.', [{ value: followers }]),
      ]
    },
  }
}

interface ListTimes {
  readonly labels: { readonly issuer: string }
  /** Seconds since 1970. */
  readonly thisUpdate: number
  readonly nextUpdate: number
}

/** Reads each list once: it may have megabytes. */
function createListReader(): (lists: readonly Uint8Array[]) => readonly ListTimes[] {
  const known = new WeakMap<Uint8Array, ListTimes>()
  return (lists) =>
    lists.map((der) => {
      const found = known.get(der)
      if (found !== undefined) return found
      const { issuer, thisUpdate, nextUpdate } = readCertificateList(der)
      const times = {
        labels: { issuer: formatName(issuer) },
        thisUpdate: thisUpdate.epochMilliseconds / 1000,
        // Each of ours has one, RFC 5280 §5.1.2.5.
        nextUpdate: (nextUpdate ?? thisUpdate).epochMilliseconds / 1000,
      }
      known.set(der, times)
      return times
    })
}
