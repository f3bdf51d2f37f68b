import { resolve } from 'node:path'
import { type Admission, whatIf as compare, type Difference } from '@countersign/policy'
import { readRulebook, rulesOf } from '../asking/rules-of.ts'
import { type Around, EXIT, Failure, type Run } from '../command.ts'
import { plainText } from '../output/plain-text.ts'
import { styleOf } from '../output/style.ts'

/** `countersign what-if`: who gains and who loses by another policy; exit 1 where anybody gains or mail must be less, as that wants a second look. */
export const whatIf: Run = async (given, around) => {
  const asked = await rulesOf(given, around)
  const { rulebook: before, config } = asked
  const file = given.text('FILE') ?? ''
  if (config.policy === resolve(around.cwd, file))
    throw new Failure(EXIT.usage, `${file} is the policy of the house itself, and differs in nothing from it`, {
      code: 'ERR_CLI_USAGE',
      next: 'change a copy of it, and name that',
    })
  const after = await readRulebook(file, asked, around)
  const people = { before: before.directory, after: after.directory }
  const difference = compare(before.policy, after.policy, people, around.clock())
  if (given.flag('json')) around.out(JSON.stringify(difference))
  else for (const line of differenceLines(difference, around)) around.out(line)
  return difference.gains.length + difference.looser.length > 0 ? EXIT.refused : EXIT.ok
}

function differenceLines({ gains, losses, looser, stricter }: Difference, around: Around): string[] {
  if (gains.length + losses.length + looser.length + stricter.length === 0) return ['nobody gains and nobody loses']
  const style = styleOf(around.color.out)
  const line = (mark: string, { who, what, rule, conditions }: Admission) =>
    `${mark} ${plainText(who)} meets ${plainText(what)}, by “${plainText(rule)}”${conditions.length > 0 ? ` (${plainText(conditions.join(', '))})` : ''}`
  return [
    ...gains.map((each) => line(style.refused('+'), each)),
    ...looser.map((name) => `${style.refused('+')} mail no longer ${plainText(name)}`),
    ...losses.map((each) => line('–', each)),
    ...stricter.map((name) => `– mail ${plainText(name)}`),
  ]
}
