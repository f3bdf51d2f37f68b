import { type Field, formatWhen } from '@countersign/protocol'
import { certificateField, lastSeenText } from '../admin/certificate.ts'
import { openAdmin } from '../admin/client.ts'
import { answersOf } from '../admin/pages.ts'
import { type Around, EXIT, type Run } from '../command.ts'
import { plainText } from '../output/plain-text.ts'
import { type Style, styleOf } from '../output/style.ts'
import { tableLines } from '../output/table.ts'
import { parseSpan } from '../span.ts'

/** One certificate that ends, as a line. */
interface Ending {
  readonly owner: string
  readonly isOverdue: boolean
  readonly isReplaced: boolean
  readonly cells: readonly string[]
}

const NOBODY = 'nobody answers for'

/** `countersign expiring`: exit 1 where something should have been renewed, so that a timer can ask. */
export const expiring: Run = async (given, around) => {
  const all = given.flag('all')
  const seconds = parseSpan(given.text('within') ?? '30d', '--within')
  const query = new URLSearchParams({ before: around.clock().add({ seconds }).toString(), ...(all && { all: 'true' }) })
  const admin = await openAdmin(given, around)
  const found: Ending[] = []
  const lists: string[] = []
  for await (const { answer, field } of answersOf(admin, '/v1/expiring', query)) {
    if (given.flag('json')) around.out(JSON.stringify(answer))
    for (const item of field.get('certificates').list(1_000)) found.push(endingOf(item, around.clock()))
    for (const list of field.get('lists').list(10_000)) lists.push(listLine(list, around.clock()))
  }
  const isLate = lists.length > 0 || found.some(({ isOverdue, isReplaced }) => isOverdue && !isReplaced)
  if (!given.flag('json')) print(found, lists, { all, around })
  return isLate ? EXIT.refused : EXIT.ok
}

function endingOf(item: Field, now: Temporal.Instant): Ending {
  const certificate = certificateField(item)
  const { party, profile, notAfter, serialNumber } = certificate
  const isOverdue = item.get('overdue').boolean()
  const isReplaced = item.get('replacedBy').present
  const due = formatWhen(item.get('renewBefore').instant(), now)
  return {
    owner: item.get('owner').optional((each) => each.text(256)) ?? NOBODY,
    isOverdue,
    isReplaced,
    cells: [
      plainText(party),
      plainText(profile),
      formatWhen(notAfter, now),
      isReplaced ? 'replaced' : isOverdue ? `overdue (${due})` : `due ${due}`,
      plainText(lastSeenText(certificate, now)),
      plainText(serialNumber),
    ],
  }
}

function listLine(list: Field, now: Temporal.Instant): string {
  const issuer = plainText(list.get('issuer').text(256))
  const number = list.get('number').number(Number.MAX_SAFE_INTEGER)
  const nextUpdate = list.get('nextUpdate').instant()
  const verb = Temporal.Instant.compare(nextUpdate, now) <= 0 ? 'ran out' : 'runs out'
  return `the revocation list of ${issuer} (number ${number}) ${verb} ${formatWhen(nextUpdate, now)}, and no newer one was signed`
}

function print(
  found: readonly Ending[],
  lists: readonly string[],
  { all, around }: { readonly all: boolean; readonly around: Around },
): void {
  const style = styleOf(around.color.out)
  for (const line of lists) around.out(style.refused(line))
  const shown = all ? found : found.filter(({ isReplaced }) => !isReplaced)
  const byOwner = Map.groupBy(shown, ({ owner }) => owner)
  // Whoever answers for something first; what nobody answers for at the end.
  const owners = [...byOwner.keys()].toSorted(
    (one, other) => Number(one === NOBODY) - Number(other === NOBODY) || (one < other ? -1 : 1),
  )
  for (const [index, owner] of owners.entries()) {
    if (index > 0 || lists.length > 0) around.out('')
    around.out(style.strong(plainText(owner)))
    for (const line of linesOf(byOwner.get(owner) ?? [], style)) around.out(`  ${line}`)
  }
  if (shown.length === 0 && lists.length === 0)
    around.err(all ? 'nothing ends by then that is not renewed yet' : 'all that ends by then is renewed in time')
  const replaced = found.length - shown.length
  if (replaced > 0)
    around.err(`${replaced} more: their parties have another certificate in their place (--all shows them)`)
}

function linesOf(endings: readonly Ending[], style: Style): readonly string[] {
  const heads = ['party', 'profile', 'ends', 'renewal', 'last seen', 'serial']
  const [head = '', ...lines] = tableLines(
    heads.map((each) => ({ head: each, number: each === 'serial' })),
    endings.map(({ cells }) => cells),
  )
  return [
    style.quiet(head),
    ...lines.map((line, index) => {
      const one = endings[index]
      return one?.isOverdue === true && !one.isReplaced ? style.refused(line) : line
    }),
  ]
}
