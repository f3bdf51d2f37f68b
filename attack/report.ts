// The report of a run, for programs and for people. Says what was seen; names no machine.
import { NOT_ASKED, type Result } from './run-attack.ts'

export interface Report {
  /** Calendar date. */
  readonly date: string
  readonly node: string
  readonly openssl: string
  readonly results: readonly Result[]
}

/** Of the refusals that the table expects: how many came with its cause, at the door and to the attacker where it can be told. */
export function reasonsIn({ results }: Pick<Report, 'results'>): string {
  const share = (side: 0 | 1) => {
    const refusals = results.filter(
      ({ expected, seen }) => expected[side].startsWith('ERR_') && seen[side] !== NOT_ASKED,
    )
    const right = refusals.filter(({ expected, seen }) => seen[side] === expected[side])
    return `${right.length} of ${refusals.length}`
  }
  return `Causes as expected, of all refusals: ${share(1)} in the door's record, ${share(0)} told to the attacker`
}

/** Draws it as a page of Markdown. */
export function drawReport({ date, node, openssl, results }: Report): string {
  const failed = results.filter(({ ok }) => !ok)
  const found = results.filter(({ control }) => control === 'found').length
  return [
    '# The attack suite',
    '',
    `Made by \`npm run attack -- --write\` on ${date}, Node ${node}, OpenSSL ${openssl}. What each attack must come to stands in \`attack/expected.ts\`, written before a door is run. Each attack is also run against a *control*: a door of plain Node options that is vulnerable on purpose, and must fall, or the attack proves nothing.`,
    '',
    `${results.length} rows; ${results.length - failed.length} as expected on both sides, ${failed.length} not. In ${found} the control was found vulnerable; where there is none the table says why.`,
    '',
    `${reasonsIn({ results })}. Behind a TCP door there are no words for a refusal, and before the end of a handshake there is no channel to say them on.`,
    '',
    '`npm run attack -- --against https://HOST:PORT --identity DIR` tries at a door that you run what needs nothing but a party that it lets in; with `--house DIR`, the data directory of its house, what it records is compared too.',
    ...sections(results),
    '',
  ].join('\n')
}

function sections(results: readonly Result[]): readonly string[] {
  return [...Map.groupBy(results, ({ attack }) => attack)].flatMap(([attack, rows]) => [
    '',
    `## ${attack[0]?.toUpperCase()}${attack.slice(1)}`,
    '',
    '| Way | Door | The attacker sees | The door records | As expected | Control |',
    '|---|---|---|---|---|---|',
    ...rows.map(
      ({ way, door, seen: [peer, record], expected, ok, control, defect }) =>
        `| ${way} | ${door} | ${cell(peer)} | ${cell(record)} | ${ok ? 'yes' : `**no**, but ${cell(expected.join('; '))}${defect ? `: ${cell(defect)}` : ''}`} | ${control} |`,
    ),
  ])
}

const cell = (text: string): string => text.replaceAll('|', '\\|')
