// What a peer may make us do.
import type { Budget } from '../model.ts'

/** The work that one call may cause unless the caller says otherwise. */
export const DEFAULT_BUDGET: Budget = {
  // A deployed chain has 2 to 4 certificates; peers that send their whole trust store are known, those of more are not.
  maxCertificates: 32,
  // OpenSSL, SSL_MAX_CERT_LIST_DEFAULT.
  maxOctets: 102_400,
  // rustls-webpki and Go's crypto/x509 allow 100 each, whatever the keys. Beside what else is allowed it is under 20 ms of work.
  maxSignatures: 100,
  // A path of full depth that is found at first try takes under 30; the rest is for wrong ways. Thousands of graphs of up to fifty
  // certificates (test/path/graph.ts) are decided within 500.
  maxSteps: 600,
  // rustls-webpki allows 6 issuers between leaf and anchor, OpenSSL 100. What ways cost is bounded by steps, however long they are.
  maxDepth: 16,
  // A certificate of a thousand names below an authority of a thousand permitted and a thousand excluded; each costs microseconds.
  maxNames: 4_096,
}

/** Which limit was passed, in words and as a number. */
export interface Exceeded {
  readonly reason: string
  readonly limit: number
}

/** What is left of a budget. One per call, handed down. */
export interface Meter {
  /** Spends one. False when none is left, from then on for good. */
  step(): boolean
  /** Spends what one check under a key costs, in checks under a key of P-256. */
  signature(cost: number): boolean
  /** Spends as many as names, subtrees, policies or distribution points are looked at. */
  names(count: number): boolean
  /** What ran out first. */
  readonly exceeded: Exceeded | undefined
}

/** Starts to count. */
export function startMeter({ maxSignatures, maxSteps, maxNames }: Budget): Meter {
  let steps = 0
  let signatures = 0
  let names = 0
  let exceeded: Exceeded | undefined
  return {
    step() {
      if (++steps > maxSteps) exceeded ??= { reason: `the search took more than ${maxSteps} steps`, limit: maxSteps }
      return exceeded === undefined
    },
    signature(cost) {
      signatures += cost
      if (signatures > maxSignatures)
        exceeded ??= {
          reason: `the search asked for signatures that cost more than ${maxSignatures} of P-256`,
          limit: maxSignatures,
        }
      return exceeded === undefined
    },
    names(count) {
      names += count
      if (names > maxNames)
        exceeded ??= {
          reason: `the search looked at more than ${maxNames} names, constraints, policies and distribution points`,
          limit: maxNames,
        }
      return exceeded === undefined
    },
    get exceeded() {
      return exceeded
    },
  }
}
