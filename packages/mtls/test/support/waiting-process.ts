// A process that records one meeting after another at the path given, numbered on from those that it finds, until it is killed.
import { setTimeout as pause } from 'node:timers/promises'
import { createMeetingQueue } from '../../src/feed/queue.ts'
import { openWaitingFile } from '../../src/feed/waiting-file.ts'
import { meetingNumber } from './meetings.ts'

const [, , path = ''] = process.argv
const tell = (event: string, fields?: Readonly<Record<string, unknown>>) =>
  process.stdout.write(`${event} ${JSON.stringify(fields)}\n`)
const queue = createMeetingQueue((count) => tell('lost', { count }))
const file = await openWaitingFile(path, queue, tell)
tell('ready')
for (let n = queue.newest + 1; ; n++) {
  queue.add(meetingNumber(n))
  file.changed('now')
  if (n % 3 === 0) await pause(1)
}
