import { boundaryBreaches } from './boundaries.ts'
import { docstringBreaches } from './docstrings.ts'
import type { Breach } from './house.ts'
import { paperBreaches } from './papers.ts'
import { ringBreaches } from './rings.ts'
import { wordBreaches } from './words.ts'

export type { Breach } from './house.ts'
export { longFiles } from './words.ts'

/** Every breach of the law in the house at `root`, an absolute path. */
export function breachesOf(root: string): readonly Breach[] {
  return [
    ...ringBreaches(root),
    ...boundaryBreaches(root),
    ...wordBreaches(root),
    ...paperBreaches(root),
    ...docstringBreaches(root),
  ]
}
