// An authority in a process of its own: `authority-process.ts DIRECTORY [FAILPOINT COUNT]`.
// Says where it is in one line, and ends by SIGKILL when it comes to the failpoint for the COUNTth time.
import { openAuthority } from '@countersign/authority'
import { writePem } from '@countersign/x509'
import { DOMAIN, NAME } from '../support/core.ts'

const [directory = '', wanted, count = '1'] = process.argv.slice(2)
let left = Number(count)
const authority = await openAuthority({
  directory,
  name: NAME,
  domain: DOMAIN,
  organization: 'Acme',
  listen: { host: '127.0.0.1', port: 0 },
  clock: () => Temporal.Now.instant(),
  log: () => undefined,
  failpoint(name) {
    if (name === wanted && --left === 0) process.kill(process.pid, 'SIGKILL')
  },
})
process.stdout.write(
  `${JSON.stringify({ address: authority.address, root: writePem('CERTIFICATE', authority.root.der) })}\n`,
)
process.once('SIGTERM', () => void authority.close())
