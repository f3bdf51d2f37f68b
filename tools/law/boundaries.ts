/** Imports that would go round the rings: by a relative path into another package, or by the name in a type. */
import { posix } from 'node:path'
import { type Breach, manifestsOf, type Source, sourcesOf } from './house.ts'

/** What a package's tests may use of the house outside their package. */
const TEST_GROUNDS = ['interop/', 'tools/testing/']

/** Every way in which TypeScript names another module; the specifier is group 1. */
const SPECIFIER = /(?:\bfrom\s+|\bimport\s+|\bimport\s*\(\s*|\brequire\s*\(\s*)(['"])([^'"]+)\1/g

/** Relative imports that leave their package, and imports of a package of ours that the importer does not declare. */
export function boundaryBreaches(root: string): readonly Breach[] {
  const manifests = manifestsOf(root)
  const ours = new Set(manifests.map(({ name }) => name))
  return sourcesOf(root).flatMap((source) => {
    const manifest = manifests.find(({ folder }) => folder !== '' && source.file.startsWith(`${folder}/`))
    return specifiersOf(source).flatMap(({ specifier, line }) => {
      const breach = (text: string) => [{ file: source.file, line, law: 'import law', text }]
      if (specifier.startsWith('.')) {
        const target = posix.join(posix.dirname(source.file), specifier)
        return mayReach(source.file, target, manifest?.folder) ? [] : breach(`${target} is outside: import by name`)
      }
      if (manifest === undefined || !ours.has(specifier)) return []
      const { name, dependencies, devDependencies, optionalDependencies } = manifest
      const declared = [name, ...dependencies, ...devDependencies, ...optionalDependencies]
      return declared.includes(specifier) ? [] : breach(`${specifier} is not declared in ${manifest.folder}`)
    })
  })
}

function mayReach(file: string, target: string, packageFolder: string | undefined): boolean {
  if (packageFolder === undefined) return !target.startsWith('packages/')
  if (file.startsWith(`${packageFolder}/src/`)) return target.startsWith(`${packageFolder}/src/`)
  return target.startsWith(`${packageFolder}/`) || TEST_GROUNDS.some((ground) => target.startsWith(ground))
}

function specifiersOf({ lines }: Source): readonly { specifier: string; line: number }[] {
  return lines.flatMap((text, index) =>
    [...text.matchAll(SPECIFIER)].map((match) => ({ specifier: match[2] ?? '', line: index + 1 })),
  )
}
