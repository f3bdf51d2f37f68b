/** The rings: which package may declare which. Biome's noUndeclaredDependencies holds each import to what is declared. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Breach, type Manifest, manifestsOf } from './house.ts'

/** The ring of each folder in `packages/`; a package uses only packages of a lower ring. */
export const RINGS: Readonly<Record<string, number>> = {
  x509: 1,
  ssh: 1,
  verify: 2,
  policy: 2,
  protocol: 2,
  mtls: 3,
  authority: 4,
  gateway: 4,
  login: 4,
  mail: 4,
  openpgp: 4,
  countersign: 5,
}

/** What a package may use of its own ring. */
const WITHIN: Readonly<Record<string, readonly string[]>> = { protocol: ['verify', 'policy'] }

/** Packages without a ring, declarations that point outwards, and tsconfig references that differ from them. */
export function ringBreaches(root: string): readonly Breach[] {
  const packages = manifestsOf(root).filter(({ folder }) => folder.startsWith('packages/'))
  const folderOf = new Map(packages.map((manifest) => [manifest.name, shortName(manifest)]))
  return packages.flatMap((manifest) => {
    const own = shortName(manifest)
    const file = `${manifest.folder}/package.json`
    const ring = RINGS[own]
    if (ring === undefined) return [{ file, law: 'import law', text: `${own} has no ring in tools/law/rings.ts` }]
    const { dependencies, devDependencies, optionalDependencies } = manifest
    const used = [...dependencies, ...devDependencies, ...optionalDependencies].flatMap(
      (name) => folderOf.get(name) ?? [],
    )
    const outwards = used
      .filter((other) => !((RINGS[other] ?? Number.POSITIVE_INFINITY) < ring || WITHIN[own]?.includes(other)))
      .map((other) => ({
        file,
        law: 'import law',
        text: `${own} is of ring ${ring} and must not use ${other} of ring ${RINGS[other]}`,
      }))
    return [...outwards, ...referenceBreaches(root, manifest, used)]
  })
}

/** tsc builds in the order of the references, so a missing one fails only on a machine that has not built before. */
function referenceBreaches(root: string, { folder }: Manifest, used: readonly string[]): readonly Breach[] {
  const file = `${folder}/tsconfig.json`
  if (!existsSync(join(root, file))) return [{ file, law: 'import law', text: 'is missing' }]
  const { references = [] } = JSON.parse(readFileSync(join(root, file), 'utf8')) as { references?: { path: string }[] }
  const referenced = references.map(({ path }) => path.replace('../', '')).sort()
  const same = referenced.join() === [...new Set(used)].sort().join()
  return same ? [] : [{ file, law: 'import law', text: 'its references are not the packages that package.json names' }]
}

function shortName({ folder }: Manifest): string {
  return folder.slice('packages/'.length)
}
