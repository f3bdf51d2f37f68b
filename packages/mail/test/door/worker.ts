/** One process that works on a queue, to be killed: `worker.ts DIRECTORY PORT enqueue|leave [FAILPOINT]`. */
import { createHop } from '../../src/door/leave/hop.ts'
import { leaveOnce } from '../../src/door/leave/leave.ts'
import type { Treat } from '../../src/door/model.ts'
import { openQueue } from '../../src/door/queue/queue.ts'

const [directory = '', port, what, wanted, recipient = 'bob@partner.example'] = process.argv.slice(2)
const now = Temporal.Instant.from(what === 'enqueue' ? '2026-11-27T12:00:00Z' : '2026-11-27T13:00:00Z')
const failpoint = (name: string) => {
  if (name === wanted) process.kill(process.pid, 'SIGKILL')
}
/** Nothing leaves but what was sealed. */
const treat: Treat = async (source, { recipients }) => {
  const parts: Uint8Array[] = []
  for await (const piece of source.read(0, source.length)) parts.push(piece)
  const sealed = Buffer.from(
    `Message-ID: <1@acme.example>\r\n\r\n${Buffer.concat(parts).toString('base64').replace(/.{76}/g, '$&\r\n')}\r\n`,
  )
  const read = async function* (start: number, end: number) {
    yield sealed.subarray(start, end)
  }
  return [{ kind: 'send', source: { length: sealed.length, read }, recipients, isUtf8: false, isEightBit: false }]
}

await using queue = await openQueue({ directory, failpoint })
if (what === 'enqueue') {
  const incoming = await queue.receive(now)
  await incoming.write(Buffer.from('Subject: The secret plan\r\n\r\nthe secret itself\r\n'))
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
  while (queue.due(now).length > 0 || queue.recover(now) > 0) await leaveOnce(options)
  hop.rest()
}
