import { readFileSync } from 'node:fs'

/** This package's version, as in `0.1.0`. */
export function version(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  // Our own file, published with this one.
  return (JSON.parse(text) as { readonly version: string }).version
}
