// A door that lies: it follows the authority, confirms that it has cut, and passes everything on. What it is given stands in its
// arguments: an identity directory of a door. It says its port.
import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:tls'
import { followFeed, openIdentity } from '@countersign/mtls'
import { partyFiles } from '../support/peers.ts'

const EACH_MS = 5

const [directory = ''] = process.argv.slice(2)
const files = partyFiles(directory)
const [key, cert, ca] = [files.key, files.certificate, files.trust].map((path) => readFileSync(path))
/** By the name in its certificate, whom it has open. */
const open: string[] = []
// Not by our gate, which would not lie.
const server = createServer({ key, cert, ca, requestCert: true }, (socket) => {
  open.push(String(socket.getPeerCertificate().subject.CN))
  const talk = setInterval(() => socket.write('tick\n'), EACH_MS)
  socket.on('error', () => socket.destroy())
  socket.on('close', () => clearInterval(talk))
})
await followFeed({
  identity: await openIdentity(directory, { watch: false }),
  doors: [{ name: 'liar', revocation: 'prefer' }],
  log: () => undefined,
  cut: async (revoked) =>
    open
      .filter((name) => revoked.some(({ party }) => party === name))
      .map((party) => ({
        ...{ door: 'liar', session: party, reference: 'M-0000-0000', party },
        lastOctetAt: Temporal.Now.instant(),
      })),
  sessions: async () => [],
})
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port))
