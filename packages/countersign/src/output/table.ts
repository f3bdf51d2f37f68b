// Rows of text under a head, for people.

/** One column; `number` columns are right-aligned. */
export interface Column {
  readonly head: string
  readonly number?: boolean
}

/** Lines of a table whose columns are as wide as their widest cell; no trailing spaces. */
export function tableLines(columns: readonly Column[], rows: readonly (readonly string[])[]): string[] {
  const widths = columns.map(({ head }, index) => Math.max(head.length, ...rows.map((row) => row[index]?.length ?? 0)))
  const line = (cells: readonly string[]) =>
    columns
      .map(({ number }, index) => {
        const cell = cells[index] ?? ''
        const width = widths[index] ?? 0
        return number === true ? cell.padStart(width) : cell.padEnd(width)
      })
      .join('  ')
      .trimEnd()
  return [line(columns.map(({ head }) => head)), ...rows.map(line)]
}
