/** One process that works on a queue, to be killed: `worker.ts DIRECTORY PORT enqueue|leave [FAILPOINT]`. */

import { createTrust } from '@countersign/mtls'
import { Authority } from '../../../../tools/testing/mail-people.ts'
import { createHop } from '../../src/door/leave/hop.ts'
import { leaveOnce } from '../../src/door/leave/leave.ts'
import { createSealing } from '../../src/door/leave/sealing.ts'
import { openQueue } from '../../src/door/queue/queue.ts'

const [directory = '', port, what, wanted, recipient = 'bob@partner.example'] = process.argv.slice(2)
const now = Temporal.Instant.from(what === 'enqueue' ? '2026-11-27T12:00:00Z' : '2026-11-27T13:00:00Z')
const failpoint = (name: string) => {
  if (name === wanted) process.kill(process.pid, 'SIGKILL')
}
/** All mail must be encrypted; the authority is one of this process alone. */
const authority = new Authority('Acme Mail')
const trust = createTrust({
  anchors: [authority.certificate],
  crls: [authority.crl()],
  revocation: 'require',
  asOf: now,
})
const treat = createSealing({
  mustEncrypt: () => 'must encrypt to *',
  keysOf: async (address) => ({
    certificates: address.startsWith('nokey') ? [] : [authority.holder(address).certificate],
    issuers: [],
  }),
  trust,
  door: 'mail',
  clock: () => now,
  log: () => undefined,
  spoolDirectory: directory,
  failpoint,
})

await using queue = await openQueue({ directory, failpoint })
if (what === 'enqueue') {
  const incoming = await queue.receive(now)
  await incoming.write(
    Buffer.from(
      'From: alice@acme.example\r\nSubject: The secret plan\r\nMessage-ID: <1@acme.example>\r\n\r\nthe secret itself\r\n',
    ),
  )
  await incoming.enqueue({
    sender: 'alice@acme.example',
    recipients: [recipient],
    isUtf8: false,
    isEightBit: false,
    at: now,
    messageId: '<1@acme.example>',
  })
  process.stdout.write('250\n')
} else {
  const next = { host: '127.0.0.1', port: Number(port), tls: 'none' } as const
  const hop = createHop(next, 'mail.acme.example')
  const log = () => undefined
  const options = {
    queue,
    hop,
    treat,
    door: 'mail',
    host: 'mail.acme.example',
    hopName: '127.0.0.1',
    clock: () => now,
    log,
  }
  while (queue.due(now).length > 0 || (await queue.recover(now)) > 0) await leaveOnce(options)
  hop.rest()
}
