import { type Field, formatWhen } from '@countersign/protocol'
import { openAdmin } from '../admin/client.ts'
import { itemsOf } from '../admin/pages.ts'
import { EXIT, Failure, type Run } from '../command.ts'
import { didYouMean } from '../nearest.ts'
import { plainText } from '../output/plain-text.ts'
import { tableLines } from '../output/table.ts'

const VOUCHED = ['own', 'other', 'claimed']

/** `countersign unissued`: what met a door and is in no row. */
export const unissued: Run = async (given, around) => {
  const vouched = given.text('vouched')
  if (vouched !== undefined && !VOUCHED.includes(vouched))
    throw new Failure(EXIT.usage, `--vouched must be one of ${VOUCHED.join(', ')}${didYouMean(vouched, VOUCHED)}`, {
      code: 'ERR_CLI_USAGE',
    })
  const admin = await openAdmin(given, around)
  const query = new URLSearchParams(vouched === undefined ? {} : { vouched })
  const rows: (readonly string[])[] = []
  for await (const { item, value } of itemsOf(admin, '/v1/unissued', 'certificates', query))
    if (given.flag('json')) around.out(JSON.stringify(value))
    else rows.push(rowOf(item, around.clock()))
  if (given.flag('json')) return EXIT.ok
  if (rows.length === 0) around.err('every certificate that met a door was issued here')
  else
    for (const line of tableLines(
      ['vouched', 'subject', 'issuer', 'last seen', 'meetings', 'SHA-256'].map((head) => ({
        head,
        number: head === 'meetings',
      })),
      rows,
    ))
      around.out(line)
  return EXIT.ok
}

function rowOf(item: Field, now: Temporal.Instant): readonly string[] {
  const text = (name: string, most: number) => plainText(item.get(name).text(most))
  const authority = item.get('authority').optional((each) => each.text(256))
  return [
    authority === undefined ? text('vouched', 16) : plainText(authority),
    text('subject', 4096),
    text('issuer', 4096),
    `${formatWhen(item.get('lastSeenAt').instant(), now)} at ${text('door', 256)}`,
    String(item.get('meetings').number(Number.MAX_SAFE_INTEGER)),
    text('sha256', 64),
  ]
}
