// Who reads an answer: a person in a browser, or a program.

/**
 * Does the caller want a page? Only where it names HTML, and no form for programs with more weight. Programs that never
 * thought of it take anything.
 * @param accept The field's value; copies joined with commas.
 * @see RFC 9110 §12.5.1
 */
export function prefersHtml(accept: string | undefined): boolean {
  let html = 0
  let program = 0
  for (const range of (accept ?? '').split(',')) {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase())
    const weight = weightOf(parameters)
    if (type === 'text/html' || type === 'application/xhtml+xml') html = Math.max(html, weight)
    if (type === 'application/problem+json' || type === 'application/json') program = Math.max(program, weight)
  }
  return html > 0 && html >= program
}

/** RFC 9110 §12.4.2. What is no weight counts as none given. */
function weightOf(parameters: readonly string[]): number {
  const value = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2)
  return value !== undefined && /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.test(value) ? Number(value) : 1
}
