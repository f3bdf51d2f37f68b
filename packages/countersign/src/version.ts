import { readFileSync } from 'node:fs'
import { ownFile } from './own-file.ts'

/** This package's version, as in `0.1.0`. */
export function version(): string {
  const text = readFileSync(ownFile('package.json'), 'utf8')
  // Our own file, published with this one.
  return (JSON.parse(text) as { readonly version: string }).version
}
