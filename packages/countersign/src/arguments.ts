// From the words of a command line to the arguments of one command.
import { parseArgs } from 'node:util'
import { type Arguments, type Command, EXIT, Failure, type Option } from './command.ts'
import { didYouMean } from './nearest.ts'

/** Options that every command has. */
export const COMMON_OPTIONS: Readonly<Record<string, Option>> = {
  json: { type: 'boolean', summary: 'write one JSON object, or JSON lines, to standard output' },
  help: { type: 'boolean', summary: 'print this help' },
}

/** The usage, as in `countersign invite PARTY [--ttl SPAN] [--json]`. */
export function usageOf(command: Command): string {
  return usageWords(command).join(' ')
}

/** The usage in words between which a line may break. */
export function usageWords(command: Command): string[] {
  const words = command.positionals.map(({ name, optional, multiple }) =>
    optional === true ? `[${name}]` : multiple === true ? `${name}…` : name,
  )
  for (const [name, { value, multiple }] of Object.entries(command.options)) {
    const option = value === undefined ? `--${name}` : `--${name} ${value}`
    words.push(`[${option}]${multiple === true ? '…' : ''}`)
  }
  return [`countersign ${command.name}`, ...words, '[--json]']
}

/** Checks `words` against the command's table. @throws {Failure} with exit code 2 and the nearest name. */
export function readArguments(command: Command, words: readonly string[]): Arguments {
  const options: Readonly<Record<string, Option>> = { ...command.options, ...COMMON_OPTIONS }
  const { tokens } = parseArgs({
    args: [...words],
    options: Object.fromEntries(Object.entries(options).map(([name, { type }]) => [name, { type }])),
    strict: false,
    allowPositionals: true,
    tokens: true,
  })
  const values = new Map<string, string[]>()
  const given: string[] = []
  for (const token of tokens) {
    if (token.kind === 'positional') given.push(token.value)
    if (token.kind !== 'option') continue
    if (token.rawName === '-h') {
      values.set('help', ['true'])
      continue
    }
    const option = Object.hasOwn(options, token.name) ? options[token.name] : undefined
    if (option === undefined || !token.rawName.startsWith('--'))
      throw usageFailure(
        command,
        `there is no option ${token.rawName}${didYouMean(
          token.rawName,
          Object.keys(options).map((name) => `--${name}`),
        )}`,
      )
    if (option.type === 'boolean' && token.value !== undefined)
      throw usageFailure(command, `--${token.name} takes no value`)
    // A value that looks like an option is one whose own value was forgotten; `--name=-x` says otherwise, `-` is a file.
    if (option.type === 'string' && (token.value === undefined || (!token.inlineValue && /^-./.test(token.value))))
      throw usageFailure(command, `--${token.name} needs a value (${option.value ?? 'TEXT'})`)
    const before = values.get(token.name) ?? []
    if (before.length > 0 && option.multiple !== true) throw usageFailure(command, `--${token.name} is given twice`)
    values.set(token.name, [...before, token.value ?? 'true'])
  }
  if (!values.has('help')) readPositionals(command, given, values)
  const known = (name: string) => {
    const declared = Object.hasOwn(options, name) || command.positionals.some((each) => each.name === name)
    if (!declared) throw new RangeError(`countersign ${command.name} has no argument ${name}`)
    return values.get(name) ?? []
  }
  return {
    text: (name) => known(name)[0],
    texts: (name) => known(name),
    flag: (name) => known(name).length > 0,
  }
}

function readPositionals(command: Command, given: readonly string[], values: Map<string, string[]>): void {
  for (const [index, { name, optional, multiple }] of command.positionals.entries()) {
    const words = multiple === true ? given.slice(index) : given.slice(index, index + 1)
    if (words.length > 0) values.set(name, words)
    else if (optional !== true) throw usageFailure(command, `${name} is missing`)
  }
  const extra = command.positionals.at(-1)?.multiple === true ? undefined : given[command.positionals.length]
  if (extra !== undefined) throw usageFailure(command, `there is one argument too many: ${extra}`)
}

function usageFailure(command: Command, message: string): Failure {
  return new Failure(EXIT.usage, message, { code: 'ERR_CLI_USAGE', next: `usage: ${usageOf(command)}` })
}
