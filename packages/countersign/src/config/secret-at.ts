import { resolve } from 'node:path'

/** Where a secret is: a descriptor (`fd:N`) as it stands, a path from `folder` on. */
export function secretAt(folder: string, source: string): string {
  return source.startsWith('fd:') ? source : resolve(folder, source)
}
