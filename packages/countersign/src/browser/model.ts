// Places outside of this program where someone keeps whom to believe, and as whom to come.
import type { Credential } from '@countersign/mtls'
import type { Certificate } from '@countersign/x509'

/** What goes into a store, and comes out again. */
export interface Belongings {
  readonly roots: readonly [Certificate, ...Certificate[]]
  /** Secret. For stores from which a browser presents a certificate. */
  readonly client?: Credential
}

/** One store of this machine. */
export interface Store {
  readonly kind: 'system' | 'nss'
  /** Who reads it, as in `Chromium`. */
  readonly label: string
  /** Its directory. */
  readonly path: string
  /** Whether it can hold a client's certificate and key. */
  readonly holdsClients: boolean
  /** Puts in what is not there yet. Answers what it did, in a few words; empty where everything was there. @throws {Failure} */
  install(belongings: Belongings): Promise<readonly string[]>
  /** Takes out what is there. Answers what it did; empty where nothing was there. @throws {Failure} */
  remove(belongings: Belongings): Promise<readonly string[]>
}
