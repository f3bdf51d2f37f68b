// docs/cli.md, from the table of commands.

import type { Command } from 'countersign'
import { COMMANDS, COMMON_OPTIONS, optionWords, usageOf } from 'countersign'

/** The text of docs/cli.md. */
export function cliManual(commands: readonly Command[] = COMMANDS): string {
  return `${[
    '# The command line',
    '',
    '<!-- Written by tools/write-manuals.ts from packages/countersign/src/commands/table.ts: change it there. -->',
    '',
    'With `--json` a command writes one JSON object, or JSON lines, to standard output and everything else to standard error;',
    'a failure is `{"error": {"code", "title", "next", "exit"}}`. Times are RFC 3339 there, and relative in text.',
    'Colours appear on a terminal alone, and never where `NO_COLOR` is set.',
    '',
    '| Exit code | Means |',
    '|--:|---|',
    '| 0 | done, or accepted |',
    '| 1 | refused: a verdict |',
    '| 2 | the command line is not understood |',
    '| 3 | bad input: a file, a token, a configuration or a data directory |',
    '| 4 | not reachable: nobody answers, or an address is taken |',
    '| 70 | a bug of ours |',
    '| 130, 143 | ended at once, by a second Ctrl-C or SIGTERM |',
    '',
    ...commands.flatMap(section),
  ].join('\n')}`
}

function section(command: Command): string[] {
  const options = Object.entries({ ...command.options, ...COMMON_OPTIONS })
  return [
    `## ${command.name}`,
    '',
    `${command.summary[0]?.toUpperCase()}${command.summary.slice(1)}. ${command.details.join(' ')}`.trimEnd(),
    '',
    '```',
    usageOf(command),
    '```',
    '',
    '| Argument | Is |',
    '|---|---|',
    ...command.positionals.map(({ name, summary }) => `| \`${name}\` | ${cell(summary)} |`),
    ...options.map(([name, option]) => `| \`${optionWords(name, option)}\` | ${cell(option.summary)} |`),
    '',
    ...(command.examples.length > 0 ? ['```', ...command.examples, '```', ''] : []),
  ]
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}
