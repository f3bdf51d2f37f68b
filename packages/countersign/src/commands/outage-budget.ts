import { type Field, fieldOf, formatLength, formatWhen } from '@countersign/protocol'
import { openAdmin } from '../admin/client.ts'
import { EXIT, type Run } from '../command.ts'
import { plainText } from '../output/plain-text.ts'
import { styleOf } from '../output/style.ts'
import { tableLines } from '../output/table.ts'

const MAX_DOORS = 100_000

/** `countersign outage-budget`: exit 1 where somebody fails already. */
export const outageBudget: Run = async (given, around) => {
  const admin = await openAdmin(given, around)
  const answer = await admin.get('/v1/outage-budget')
  const field = fieldOf(answer)
  const at = field.get('at').instant()
  const holdsUntil = field.get('holdsUntil').optional((each) => each.instant())
  const seconds = holdsUntil && (holdsUntil.epochMilliseconds - at.epochMilliseconds) / 1000
  const code = seconds !== undefined && seconds <= 0 ? EXIT.refused : EXIT.ok
  if (given.flag('json')) {
    around.out(JSON.stringify(answer))
    return code
  }
  const style = styleOf(around.color.out)
  if (seconds === undefined) around.out('nobody relies on the authority')
  else if (seconds <= 0) around.out(style.refused('somebody fails already'))
  else around.out(`the authority may be away for ${style.strong(formatLength(seconds))}, until ${holdsUntil}`)
  const failures = field.get('failures').list(100)
  if (failures.length > 0) {
    around.out('')
    for (const line of tableLines(
      [{ head: 'fails' }, { head: 'who' }, { head: 'because' }],
      failures.map((failure) => rowOf(failure, at)),
    ))
      around.out(line)
  }
  const names = (name: string) =>
    field
      .get(name)
      .list(MAX_DOORS)
      .map((each) => plainText(each.text(512)))
  const [goOn, endWithIt] = [names('goOn'), names('endWithIt')]
  if (goOn.length > 0 || endWithIt.length > 0) around.out('')
  if (goOn.length > 0) around.out(`go on without lists (revocation: prefer): ${goOn.join(', ')}`)
  if (endWithIt.length > 0) around.out(`in the process of the authority, and away with it: ${endWithIt.join(', ')}`)
  return code
}

function rowOf(failure: Field, now: Temporal.Instant): readonly string[] {
  const when = formatWhen(failure.get('at').instant(), now)
  if (failure.get('cause').oneOf(['list', 'certificate']) === 'list') {
    const doors = failure
      .get('doors')
      .list(MAX_DOORS)
      .map((each) => plainText(each.text(512)))
    const issuer = plainText(failure.get('issuer').text(256))
    return [when, [...doors, 'applications'].join(', '), `the revocation list of ${issuer} runs out`]
  }
  const text = (name: string) => plainText(failure.get(name).text(256))
  return [when, text('party'), `its certificate ends (${text('profile')}, ${text('serial')})`]
}
