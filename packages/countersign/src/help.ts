// The help of a command and of all, from the table alone.
import { COMMON_OPTIONS, usageOf } from './arguments.ts'
import type { Command, Option } from './command.ts'

/** What `countersign --help` prints. */
export function helpOfAll(commands: readonly Command[]): string[] {
  const width = Math.max(...commands.map(({ name }) => name.length))
  return [
    'countersign: mutual authentication for everything you run',
    '',
    'usage: countersign COMMAND [arguments]',
    '',
    ...commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`),
    '',
    'countersign COMMAND --help tells more; every command takes --json.',
    'exit codes: 0 done or accepted, 1 refused, 2 usage, 3 bad input, 4 not reachable, 70 a bug of ours',
  ]
}

/** What `countersign COMMAND --help` prints. */
export function helpOf(command: Command): string[] {
  const options = Object.entries({ ...command.options, ...COMMON_OPTIONS })
  const rows: [string, string][] = [
    ...command.positionals.map(({ name, summary }): [string, string] => [name, summary]),
    ...options.map(([name, option]): [string, string] => [optionWords(name, option), option.summary]),
  ]
  const width = Math.max(...rows.map(([words]) => words.length))
  return [
    `${command.name}: ${command.summary}`,
    '',
    `usage: ${usageOf(command)}`,
    '',
    ...command.details,
    ...(command.details.length > 0 ? [''] : []),
    ...rows.map(([words, summary]) => `  ${words.padEnd(width)}  ${summary}`),
    ...(command.examples.length > 0 ? ['', 'examples:', ...command.examples.map((line) => `  ${line}`)] : []),
  ]
}

/** As in `--data DIR`. */
export function optionWords(name: string, { value }: Option): string {
  return value === undefined ? `--${name}` : `--${name} ${value}`
}
