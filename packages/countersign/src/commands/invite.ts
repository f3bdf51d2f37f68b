import { openAdmin } from '../admin/client.ts'
import { instant, record, text } from '../admin/read.ts'
import { EXIT, type Run } from '../command.ts'
import { plainText } from '../output/plain-text.ts'
import { relativeTime } from '../output/relative.ts'
import { parseSpan } from '../span.ts'

/** `countersign invite`: the token alone on standard output, so that a shell can hand it on. */
export const invite: Run = async (given, around) => {
  const san = given.texts('san')
  const profile = given.text('profile')
  const ttlSeconds = parseSpan(given.text('ttl') ?? '10m', '--ttl')
  const admin = await openAdmin(given, around)
  const answer = record(
    await admin.post('/v1/invitations', {
      party: given.text('PARTY'),
      ttlSeconds,
      ...(san.length > 0 && { san }),
      ...(profile !== undefined && { profile }),
    }),
    'invitation',
  )
  if (given.flag('json')) {
    around.out(JSON.stringify(answer))
    return EXIT.ok
  }
  const ends = relativeTime(instant(answer, 'expiresAt'), around.clock())
  around.err(
    `for ${plainText(text(answer, 'party'))}, once; it ends ${ends}. Whoever has it can use it: hand it over safely`,
  )
  around.out(plainText(text(answer, 'token')))
  return EXIT.ok
}
