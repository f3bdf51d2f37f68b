import { fileURLToPath } from 'node:url'

/** Where a file of this package lies. This module is one folder deep, in the sources and in the bundle. */
export function ownFile(name: string): string {
  return fileURLToPath(new URL(`../${name}`, import.meta.url))
}
