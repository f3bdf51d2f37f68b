// The page of all differences, made from the tables that the comparison uses.
import type { Row } from './model.ts'
import { PEERS } from './peers.ts'

const RIGHT: Readonly<Record<Row['right'], string>> = { ours: 'we', theirs: 'they', both: 'either' }

/** `docs/differences.md`. */
export function differencesPage(): string {
  const sections = Object.values(PEERS).flatMap(({ name, table }) =>
    (['us', 'them'] as const).map((refuser) => {
      const rows = table.filter(({ refusedBy }) => refusedBy === refuser)
      const lines = rows.map(({ what, right, why }) => `| ${what} | ${RIGHT[right]} | ${why} |`)
      const title = refuser === 'us' ? `What ${name} accepts and we refuse` : `What ${name} refuses and we accept`
      return `## ${title}\n\n| What | Right | Why |\n|---|---|---|\n${lines.join('\n')}\n`
    }),
  )
  return `<!-- Made by tools/write-differences.ts from the tables in interop/differ. Do not edit. -->
# Where other verifiers decide otherwise

\`npm run differ\` makes chains from a seed, by combining what can be right or wrong with each certificate (validity, versions, keys, signatures, identifiers, constraints, usages, extensions), with names that are presented and asked for, name constraints, policies and lists, and has each judged by our verifier under the profile \`private\` and by another one. A difference is in this table, or the run fails; and a row of the table that explains no difference fails it, too. "Right" says who decides as the standard says; "either" where it leaves this open. Figures are in \`docs/soak.md\`.

${sections.join('\n')}`
}
