// One call of `countersign`: finds the command, runs it, and tells every failure in one place.
import { readArguments } from './arguments.ts'
import { type Around, type Command, EXIT, type ExitCode, Failure } from './command.ts'
import { COMMANDS } from './commands/table.ts'
import { helpOf, helpOfAll } from './help.ts'
import { didYouMean } from './nearest.ts'
import { plainText } from './output/plain-text.ts'
import { styleOf } from './output/style.ts'

const HELP: readonly string[] = ['help', '--help', '-h']
const VERSION: readonly string[] = ['version', '--version', '-V', '-v']

/** Runs the command that `words` name. Never throws; answers the exit code. */
export async function main(words: readonly string[], around: Around): Promise<ExitCode> {
  const json = words.includes('--json')
  try {
    return await dispatch(words, around)
  } catch (error) {
    return tell(error, json, around)
  }
}

async function dispatch(words: readonly string[], around: Around): Promise<ExitCode> {
  const [first, ...rest] = words
  if (first === undefined) {
    for (const line of helpOfAll(COMMANDS, around.columns)) around.err(line)
    return EXIT.usage
  }
  if (HELP.includes(first)) {
    if (rest[0] !== undefined && !HELP.includes(rest[0])) return dispatch([...rest, '--help'], around)
    for (const line of helpOfAll(COMMANDS, around.columns)) around.out(line)
    return EXIT.ok
  }
  if (VERSION.includes(first)) {
    const { version } = await import('./version.ts')
    around.out(version())
    return EXIT.ok
  }
  const command = commandOf(words)
  const given = readArguments(command, words.slice(command.name.split(' ').length))
  if (given.flag('help')) {
    for (const line of helpOf(command, around.columns)) around.out(line)
    return EXIT.ok
  }
  const run = await command.load()
  return run(given, around)
}

/** The longest name that `words` begin with: `authority root` is one command. */
function commandOf(words: readonly string[]): Command {
  const command = COMMANDS.findLast(({ name }) => name.split(' ').every((word, index) => word === words[index]))
  if (command !== undefined) return command
  const [first = '', second = ''] = words
  const names = COMMANDS.map(({ name }) => name)
  const more = { code: 'ERR_CLI_COMMAND', next: 'see countersign --help' }
  if (first.startsWith('-'))
    throw new Failure(EXIT.usage, `a command comes first, and ${plainText(first)} after it`, more)
  const longer = names.filter((name) => name.startsWith(`${first} `))
  // Of `authority roots` both words count, of `lits alice` the first.
  const word = longer.length > 0 && !second.startsWith('-') ? `${first} ${second}`.trimEnd() : first
  const guess =
    longer.length > 0 && word === first
      ? `; did you mean ${longer.join(' or ')}?`
      : didYouMean(word, [...names, 'help', 'version'])
  throw new Failure(EXIT.usage, `there is no command ${plainText(word)}${guess}`, more)
}

/** The one place where a failure becomes a line and an exit code. */
async function tell(error: unknown, json: boolean, around: Around): Promise<ExitCode> {
  const known = error instanceof Failure ? error : (await import('./failure-of.ts')).failureOf(error)
  const style = styleOf(around.color.err)
  if (known === undefined) {
    const stack = error instanceof Error ? (error.stack ?? error.message) : String(error)
    if (json) around.out(JSON.stringify({ error: { code: 'ERR_CLI_BUG', title: 'a bug of ours', exit: EXIT.bug } }))
    around.err(`${style.refused('countersign')}: this is a bug of ours; please report it with what follows`)
    around.err(stack)
    return EXIT.bug
  }
  if (json) {
    const { message: title, code, next, exit, fields } = known
    around.out(JSON.stringify({ error: { ...fields, code, title, next, exit } }))
  }
  const code = known.code === undefined ? '' : style.quiet(` [${known.code}]`)
  around.err(`${style.refused('countersign')}: ${plainText(known.message)}${code}`)
  if (known.next !== undefined) around.err(`  ${plainText(known.next)}`)
  return known.exit
}
