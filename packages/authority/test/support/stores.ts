// The two databases, each test with one of its own, and rows for them.
import { join } from 'node:path'
import { after, type TestContext } from 'node:test'
import pg from 'pg'
import { type Postgresql, startPostgresql, withPostgresql } from '../../../../interop/postgresql.ts'
import type { NewCertificate } from '../../src/store/certificates.ts'
import { START, temporaryDirectory } from './core.ts'

let server: Promise<Postgresql> | undefined
after(async () => (await server)?.[Symbol.asyncDispose]())
let databases = 0

/** A database of the test's own. */
async function postgresqlPlace(): Promise<string> {
  server ??= startPostgresql()
  const { url } = await server
  const name = `test_${++databases}`
  const client = new pg.Client({ connectionString: url('postgres') })
  await client.connect()
  await client.query(`CREATE DATABASE ${name}`)
  await client.end()
  return url(name)
}

/** What each is called, how a place in it is made, and whether it is here. */
export const PLACES: readonly (readonly [string, (t: TestContext) => Promise<string>, { readonly skip?: string }])[] = [
  ['SQLite', async (t) => join(temporaryDirectory(t), 'store.db'), {}],
  ['PostgreSQL', postgresqlPlace, withPostgresql],
]

let counter = 0

/** 32 octets that no others are. */
export function freshOctets(): Uint8Array {
  const made = new Uint8Array(32)
  new DataView(made.buffer).setUint32(0, ++counter)
  return made
}

/** A row; its octets are only told apart here. */
export function row(party: string, fields: Partial<NewCertificate> = {}): NewCertificate {
  const own = freshOctets()
  return {
    issuer: 2,
    serial: counter.toString(16).padStart(32, '4'),
    sha256: own,
    spkiSha256: own,
    party,
    profile: 'client',
    names: [{ kind: 'dNSName', value: `${party}.localhost` }],
    der: own,
    notBefore: START,
    notAfter: START.add({ hours: 24 }),
    issuedAt: START,
    method: 'local',
    evidence: 'test',
    ...fields,
  }
}
