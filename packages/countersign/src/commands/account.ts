import { type Field, fieldOf, formatWhen } from '@countersign/protocol'
import { openAdmin } from '../admin/client.ts'
import { itemsOf } from '../admin/pages.ts'
import { type Arguments, type Around, EXIT, type ExitCode, Failure, type Run } from '../command.ts'
import { plainText } from '../output/plain-text.ts'
import { tableLines } from '../output/table.ts'
import { parseSpan } from '../span.ts'

const MAX_DEVICES = 1_000
const HEADS = ['account', 'door', 'opened', 'device', 'last seen', 'id'] as const

/** `countersign invite --account`: the address alone on standard output. */
export async function inviteAccount(door: string, given: Arguments, around: Around): Promise<ExitCode> {
  const of = ['san', 'profile', 'role'].find((name) => given.text(name) !== undefined || given.texts(name).length > 0)
  if (of !== undefined)
    throw new Failure(EXIT.usage, `--${of} is of a certificate, and an account has none`, { code: 'ERR_CLI_USAGE' })
  const [email, ttl] = [given.text('email'), given.text('ttl')]
  const party = given.text('PARTY') ?? ''
  const isAgain = given.flag('again')
  const proofed = given.text('proofed')
  if (isAgain && proofed === undefined)
    throw new Failure(EXIT.usage, '--again asks for --proofed TEXT: by what the person has proved who they are', {
      code: 'ERR_CLI_USAGE',
    })
  const body = {
    party,
    door,
    ...(email !== undefined && { email }),
    ...(isAgain && { again: true }),
    ...(proofed !== undefined && { proofed }),
    ...(ttl !== undefined && { ttlSeconds: parseSpan(ttl, '--ttl') }),
  }
  const answer = await (await openAdmin(given, around)).post('/v1/accounts/invitations', body)
  if (given.flag('json')) {
    around.out(JSON.stringify(answer))
    return EXIT.ok
  }
  const field = fieldOf(answer)
  const ends = formatWhen(field.get('expiresAt').instant(), around.clock())
  around.err(
    isAgain
      ? `an invitation for ${plainText(party)} to set up anew the account at ${plainText(door)}; it works once and ends ${ends}. Until then nothing changes; after it nothing of before counts. Whoever has it can use it: give it to nobody who has not proved who they are.`
      : `an invitation for ${plainText(party)} to open an account at ${plainText(door)}; it works once and ends ${ends}. Whoever has it can use it.`,
  )
  around.out(plainText(field.get('url').text()))
  return EXIT.ok
}

/** `countersign account list`: a line for each device, page by page. */
export const accountList: Run = async (given, around) => {
  const door = given.text('door')
  const admin = await openAdmin(given, around)
  const query = new URLSearchParams(door === undefined ? {} : { door })
  const rows: (readonly string[])[] = []
  for await (const { item, value } of itemsOf(admin, '/v1/accounts', 'accounts', query))
    if (given.flag('json')) around.out(JSON.stringify(value))
    else rows.push(...rowsOf(item, around.clock()))
  if (given.flag('json')) return EXIT.ok
  if (rows.length === 0) around.err('nobody has an account')
  else
    for (const line of tableLines(
      HEADS.map((head) => ({ head })),
      rows,
    ))
      around.out(line)
  return EXIT.ok
}

function rowsOf(account: Field, now: Temporal.Instant): readonly (readonly string[])[] {
  const text = (field: Field, name: string) => plainText(field.get(name).text(256))
  const when = (field: Field, name: string) => field.get(name).optional((each) => formatWhen(each.instant(), now))
  const own = [text(account, 'account'), text(account, 'door'), when(account, 'openedAt') ?? 'not yet']
  const devices = account
    .get('devices')
    .list(MAX_DEVICES)
    .map((device) => [...own, text(device, 'name'), when(device, 'lastSeenAt') ?? '', text(device, 'device')])
  return devices.length > 0 ? devices : [[...own, 'none', when(account, 'lastSeenAt') ?? '', '']]
}

/** `countersign account remove-device`: it is known no more, and its sessions end. */
export const accountRemoveDevice: Run = async (given, around) => {
  const [door, account, device] = ['DOOR', 'ACCOUNT', 'DEVICE'].map((name) =>
    encodeURIComponent(given.text(name) ?? ''),
  )
  const admin = await openAdmin(given, around)
  const answer = await admin.delete(`/v1/accounts/${door}/${account}/devices/${device}`)
  if (given.flag('json')) around.out(JSON.stringify(answer))
  else {
    const removed = fieldOf(answer)
    const [of, at] = [removed.get('account').text(256), removed.get('door').text(256)]
    around.out(plainText(`the device was removed from the account of ${of} at ${at}, and its sessions have ended`))
  }
  return EXIT.ok
}
