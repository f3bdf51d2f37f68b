// An authority in a process of its own: `authority-process.ts OPTIONS`, which are JSON. Says where it is in one line, and ends
// by SIGKILL when it comes to the failpoint for the time that was said.
import { type Authority, openAuthority } from '@countersign/authority'
import { writePem } from '@countersign/x509'
import { DOMAIN, NAME } from '../support/core.ts'
import { accountsOf, GUESTS, type GuestTables } from '../support/guests.ts'
import type { ProcessOptions } from './child.ts'

const {
  directory,
  store,
  failpoint,
  time = 1,
  generation = 0,
  minuteMs,
}: ProcessOptions = JSON.parse(process.argv[2] ?? '{}')
if (minuteMs !== undefined) {
  // What is done every minute is done sooner, and what is gathered for ten seconds.
  const { setInterval: every, setTimeout: once } = globalThis
  const sooner = (work: () => void, ms?: number) => every(work, ms === 60_000 ? minuteMs : ms)
  globalThis.setInterval = Object.assign(sooner, every)
  const soon = (work: () => void, ms?: number) => once(work, ms === 10_000 ? minuteMs : ms)
  globalThis.setTimeout = Object.assign(soon, once)
}
let left = time
const clock = () => Temporal.Now.instant()
const authority: Authority = await openAuthority({
  directory,
  ...(store !== undefined && { store }),
  name: NAME,
  domain: DOMAIN,
  organization: 'Acme',
  listen: { host: '127.0.0.1', port: 0 },
  clock,
  parts: [GUESTS],
  accounts: accountsOf(['bank'], () => authority.part<GuestTables>('guest'), clock),
  // Others at each start, so that they are told.
  rules: { parties: [{ id: `g${generation}`, kind: 'person', labels: [], identities: [] }] },
  log(event, fields) {
    if (event === 'api.failed' || event === 'invariant') process.stderr.write(`${event} ${JSON.stringify(fields)}\n`)
  },
  failpoint(name) {
    if (name === failpoint && --left === 0) process.kill(process.pid, 'SIGKILL')
  },
})
await authority.setting('generation', String(generation))
process.stdout.write(
  `${JSON.stringify({ address: authority.address, root: writePem('CERTIFICATE', authority.root.der) })}\n`,
)
process.once('SIGTERM', () => void authority.close())
