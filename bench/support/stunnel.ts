// stunnel as it is usually set up for mutual TLS: the client's path, and the CRLs.
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { PartyFiles } from '../../scenario/support/peers.ts'
import { freePort } from '../../tools/testing/ports.ts'
import { crlsOf, startForeign } from './foreign.ts'
import type { LoadedServer } from './load.ts'

/** Starts the stunnel at `program` before a plain TCP service, its files in the new folder `scratch`. @throws {Error} when it does not listen. */
export async function startStunnel(
  program: string,
  party: PartyFiles,
  scratch: string,
  upstreamPort: number,
): Promise<LoadedServer> {
  await mkdir(scratch)
  const port = await freePort()
  await writeFile(join(scratch, 'crls.pem'), await crlsOf(party))
  const conf = join(scratch, 'stunnel.conf')
  await writeFile(
    conf,
    `foreground = yes
debug = err
pid =
[bench]
accept = 127.0.0.1:${port}
connect = 127.0.0.1:${upstreamPort}
cert = ${party.certificate}
key = ${party.key}
CAfile = ${party.trust}
CRLfile = ${join(scratch, 'crls.pem')}
verifyChain = yes
requireCert = yes
sslVersionMin = TLSv1.3
`,
  )
  return startForeign('stunnel', port, [program, conf], 'itself')
}
