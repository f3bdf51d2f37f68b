import { fieldOf } from '@countersign/protocol'
import { openLocalAdmin } from '../admin/client.ts'
import { EXIT, type Run } from '../command.ts'
import { plainText } from '../output/plain-text.ts'

/** `countersign reload`: what was put in force, or exit 3 with every fault and where it stands. */
export const reload: Run = async (given, around) => {
  const answer = await openLocalAdmin(given, around).post('/v1/reload', {})
  if (given.flag('json')) {
    around.out(JSON.stringify(answer))
    return EXIT.ok
  }
  const field = fieldOf(answer)
  const texts = (name: string) =>
    field
      .get(name)
      .list(10_000)
      .map((each) => plainText(each.text()))
  const applied = texts('applied')
  around.out(`${plainText(field.get('file').text())} was read again, and holds`)
  for (const line of applied.length > 0 ? applied : ['nothing is another']) around.out(`  ${line}`)
  for (const line of texts('warnings')) around.err(line)
  return EXIT.ok
}
