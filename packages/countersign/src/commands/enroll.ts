import { resolve } from 'node:path'
import { enroll as enrollWith } from '@countersign/mtls'
import { formatWhen, parseToken } from '@countersign/protocol'
import { type Arguments, type Around, EXIT, type Run } from '../command.ts'
import { plainText } from '../output/plain-text.ts'

/** `countersign enroll`: the key is made here, and the authority proves itself before anything is sent to it. */
export const enroll: Run = async (given, around) => {
  const token = parseToken(await tokenOf(given, around))
  const directory = resolve(around.cwd, given.text('out') ?? token.party)
  const { party, notAfter } = await enrollWith(token, { directory, clock: around.clock })
  if (given.flag('json'))
    around.out(JSON.stringify({ event: 'enrolled', party, directory, notAfter: notAfter.toString() }))
  else
    around.out(`${plainText(party)} has an identity in ${directory}; it ends ${formatWhen(notAfter, around.clock())}`)
  return EXIT.ok
}

/** A token on the command line can be seen by whoever lists processes; `-` reads it from standard input. */
function tokenOf(given: Arguments, { readLine }: Around): Promise<string> | string {
  const word = given.text('TOKEN') ?? ''
  return word === '-' ? readLine() : word
}
