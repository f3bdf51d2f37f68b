// The verifiers that random chains are held against.
import { GNUTLS_TABLE } from './gnutls-table.ts'
import { gnutlsVerify, withoutPoliciesAndLists } from './gnutls-verify.ts'
import type { Peer } from './model.ts'
import { OPENSSL_TABLE } from './openssl-table.ts'
import { opensslVerify } from './openssl-verify.ts'

export const PEERS: Readonly<Record<string, Peer>> = {
  gnutls: { name: 'GnuTLS', table: GNUTLS_TABLE, ask: gnutlsVerify, limit: withoutPoliciesAndLists },
  openssl: { name: 'OpenSSL', table: OPENSSL_TABLE, ask: opensslVerify, limit: (drawn) => drawn },
}
