// Rows of text under a head, for people.

/** One column; `number` columns are right-aligned, `shrinks` ones are cut where the table is too wide. */
export interface Column {
  readonly head: string
  readonly number?: boolean
  readonly shrinks?: boolean
}

const GAP = 2
/** What is shorter says nothing any more. */
const LEAST_COLUMNS = 8

/**
 * Lines of a table whose columns are as wide as their widest cell; no trailing spaces.
 * @param maxColumns Of a line. Beyond it what may shrink is cut, and ends in `…`.
 */
export function tableLines(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  maxColumns: number = Number.POSITIVE_INFINITY,
): string[] {
  const widest = columns.map(({ head }, index) =>
    rows.reduce((most, row) => Math.max(most, row[index]?.length ?? 0), head.length),
  )
  const widths = shrunk(columns, widest, maxColumns)
  const line = (cells: readonly string[]) =>
    columns
      .map(({ number }, index) => {
        const width = widths[index] ?? 0
        const cell = cut(cells[index] ?? '', width)
        return number === true ? cell.padStart(width) : cell.padEnd(width)
      })
      .join('  ')
      .trimEnd()
  return [line(columns.map(({ head }) => head)), ...rows.map(line)]
}

/** Takes what is too much from the widest of the columns that may shrink. */
function shrunk(columns: readonly Column[], widest: readonly number[], maxColumns: number): readonly number[] {
  const widths = [...widest]
  const sum = () => widths.reduce((total, width) => total + width + GAP, -GAP)
  while (sum() > maxColumns) {
    const most = Math.max(LEAST_COLUMNS, ...widths.filter((_, index) => columns[index]?.shrinks))
    const index = widths.findIndex((width, each) => columns[each]?.shrinks && width === most)
    if (index < 0 || most === LEAST_COLUMNS) break
    widths[index] = most - 1
  }
  return widths
}

function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`
}
