// HAProxy as it is usually set up for mutual TLS: the client's path, and the CRLs.
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { PartyFiles } from '../../scenario/support/peers.ts'
import { freePort } from '../../tools/testing/ports.ts'
import { crlsOf, startForeign } from './foreign.ts'
import type { LoadedServer } from './load.ts'

/** Starts one thread of the HAProxy at `program` with a small answer of its own. @throws {Error} when it does not listen. */
export async function startHaproxy(program: string, party: PartyFiles, scratch: string): Promise<LoadedServer> {
  await mkdir(scratch)
  const port = await freePort()
  const file = (name: string) => join(scratch, name)
  await writeFile(file('crls.pem'), await crlsOf(party))
  const both = await Promise.all([readFile(party.certificate, 'utf8'), readFile(party.key, 'utf8')])
  await writeFile(file('identity.pem'), both.join(''), { mode: 0o600 })
  await writeFile(
    file('haproxy.cfg'),
    `global
  nbthread 1
defaults
  mode http
  timeout client 60s
  timeout server 60s
  timeout connect 5s
frontend mutual
  bind 127.0.0.1:${port} ssl crt ${file('identity.pem')} ca-file ${party.trust} crl-file ${file('crls.pem')} verify required ssl-min-ver TLSv1.3
  http-request return status 200 content-type text/plain string ok
`,
  )
  return startForeign('haproxy', port, [program, '-db', '-f', file('haproxy.cfg')], 'itself')
}
