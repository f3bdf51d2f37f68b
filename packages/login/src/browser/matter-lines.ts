// What is confirmed, line by line.

/** The rows of a list of terms. */
export function matterLines(lines: readonly (readonly [string, string])[]): readonly HTMLElement[] {
  return lines.flatMap(([name, value]) => [cell('dt', name), cell('dd', value)])
}

function cell(kind: 'dt' | 'dd', text: string): HTMLElement {
  const made = document.createElement(kind)
  made.textContent = text
  // Of whatever direction it is, it cannot turn around what stands beside it.
  made.dir = 'auto'
  return made
}
