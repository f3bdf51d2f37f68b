import { fieldOf, formatWhen } from '@countersign/protocol'
import { openAdmin } from '../admin/client.ts'
import { kindOfName } from '../admin/kind-of-name.ts'
import { EXIT, Failure, type Run } from '../command.ts'
import { plainText } from '../output/plain-text.ts'
import { parseSpan } from '../span.ts'

/** `countersign invite`: the token alone on standard output, so that a shell can hand it on. */
export const invite: Run = async (given, around) => {
  const door = given.text('account')
  if (door !== undefined) return (await import('./account.ts')).inviteAccount(door, given, around)
  const of = ['email', 'proofed'].find((name) => given.text(name) !== undefined) ?? (given.flag('again') && 'again')
  if (of)
    throw new Failure(EXIT.usage, `--${of} is of an account, and --account DOOR is missing`, { code: 'ERR_CLI_USAGE' })
  const san = given.texts('san').map(kindOfName)
  const profile = given.text('profile')
  const role = given.text('role')
  const ttlSeconds = parseSpan(given.text('ttl') ?? '10m', '--ttl')
  const admin = await openAdmin(given, around)
  const answer = await admin.post('/v1/invitations', {
    party: given.text('PARTY') ?? '',
    ttlSeconds,
    ...(san.length > 0 && { san }),
    ...(profile !== undefined && { profile }),
    ...(role !== undefined && { role }),
  })
  if (given.flag('json')) {
    around.out(JSON.stringify(answer))
    return EXIT.ok
  }
  const field = fieldOf(answer)
  const party = plainText(field.get('party').text(256))
  const ends = formatWhen(field.get('expiresAt').instant(), around.clock())
  around.err(`an invitation for ${party}; it works once and ends ${ends}. Whoever has it can use it.`)
  around.out(plainText(field.get('token').text()))
  return EXIT.ok
}
