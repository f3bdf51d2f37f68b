import { fieldOf, formatWhen } from '@countersign/protocol'
import { openAdmin } from '../admin/client.ts'
import { EXIT, type Run } from '../command.ts'
import { plainText } from '../output/plain-text.ts'
import { tableLines } from '../output/table.ts'

/** `countersign sessions`: what is open on every door now. */
export const sessions: Run = async (given, around) => {
  const admin = await openAdmin(given, around)
  const answer = await admin.get('/v1/sessions')
  if (given.flag('json')) {
    around.out(JSON.stringify(answer))
    return EXIT.ok
  }
  const now = around.clock()
  const rows = fieldOf(answer)
    .get('sessions')
    .list(1_000_000)
    .map((session) => [
      plainText(session.get('door').text(256)),
      plainText(session.get('caller').text(256)),
      plainText(session.get('reference').text(32)),
      formatWhen(session.get('since').instant(), now),
      String(session.get('octetsSent').number(Number.MAX_SAFE_INTEGER)),
    ])
  if (rows.length === 0) {
    around.err('no session is open')
    return EXIT.ok
  }
  const columns = [
    { head: 'door' },
    { head: 'caller' },
    { head: 'reference' },
    { head: 'since' },
    { head: 'octets sent', number: true },
  ]
  for (const line of tableLines(columns, rows)) around.out(line)
  return EXIT.ok
}
