// The help of a command and of all, from the table alone.
import { COMMON_OPTIONS, usageWords } from './arguments.ts'
import type { Command, Option } from './command.ts'
import { wrapWords } from './output/wrap.ts'

/** What `countersign --help` prints. */
export function helpOfAll(commands: readonly Command[], columns: number): string[] {
  return [
    'countersign: mutual authentication for everything you run',
    '',
    'usage: countersign COMMAND [arguments]',
    '',
    ...twoColumns(
      commands.map(({ name, summary }) => [name, summary]),
      columns,
    ),
    '',
    'countersign COMMAND --help tells more; every command takes --json.',
    'exit codes: 0 done or accepted, 1 refused, 2 usage, 3 bad input, 4 not reachable,',
    '            70 a bug of ours',
  ]
}

/** What `countersign COMMAND --help` prints. */
export function helpOf(command: Command, columns: number): string[] {
  const options = Object.entries({ ...command.options, ...COMMON_OPTIONS })
  const rows: [string, string][] = [
    ...command.positionals.map(({ name, summary }): [string, string] => [name, summary]),
    ...options.map(([name, option]): [string, string] => [optionWords(name, option), option.summary]),
  ]
  const [first = '', ...others] = wrapWords(usageWords(command), columns - 'usage: '.length - 2)
  return [
    ...wrapWords(`${command.name}: ${command.summary}`.split(' '), columns),
    '',
    `usage: ${first}`,
    ...others.map((line) => `         ${line}`),
    '',
    ...wrapWords(command.details.join(' ').split(' '), columns),
    '',
    ...twoColumns(rows, columns),
    ...(command.examples.length > 0 ? ['', 'examples:', ...command.examples.map((line) => `  ${line}`)] : []),
  ]
}

/** As in `--data DIR`. */
export function optionWords(name: string, { value }: Option): string {
  return value === undefined ? `--${name}` : `--${name} ${value}`
}

/** Names on the left, and what they are, broken where the terminal ends, on the right. */
function twoColumns(rows: readonly (readonly [name: string, summary: string])[], columns: number): string[] {
  const width = Math.max(...rows.map(([name]) => name.length))
  return rows.flatMap(([name, summary]) =>
    wrapWords(summary.split(' '), columns - width - 4).map(
      (line, index) => `  ${(index === 0 ? name : '').padEnd(width)}  ${line}`,
    ),
  )
}
