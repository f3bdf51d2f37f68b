/** The law that a name which other people import says what it is. */
import { posix } from 'node:path'
import { type Breach, type Source, sourcesOf } from './house.ts'

/** Rings 1 to 3: the packages that are installed by other people. */
const INDEX = /^packages\/(?:x509|ssh|policy|verify|protocol|mtls)\/src\/index\.ts$/
const EXPORT = /export\s+(?:type\s+)?\{([^}]*)\}\s+from\s+'([^']+)'/g

/** Exported names without a docstring where they are declared. */
export function docstringBreaches(root: string): readonly Breach[] {
  const sources = sourcesOf(root)
  const byFile = new Map(sources.map((source) => [source.file, source]))
  return sources.filter(({ file }) => INDEX.test(file)).flatMap((index) => breachesOf(index, byFile))
}

function breachesOf({ file, lines }: Source, byFile: ReadonlyMap<string, Source>): readonly Breach[] {
  return [...lines.join('\n').matchAll(EXPORT)].flatMap(([, names = '', from = '']) => {
    const source = byFile.get(posix.join(posix.dirname(file), from))
    return names
      .split(',')
      .map((name) => name.replace(/^\s*(?:type\s+)?/, '').replace(/\s+as\s.*$/s, ''))
      .map((name) => name.trim())
      .filter((name) => name !== '')
      .flatMap((name) => (source === undefined ? [] : breachIn(source, name)))
  })
}

function breachIn({ file, lines }: Source, name: string): readonly Breach[] {
  const declaration = new RegExp(
    `^export (?:declare )?(?:abstract )?(?:async )?(?:function\\*?|const|class|interface|type) ${name}\\b`,
  )
  const at = lines.findIndex((line) => declaration.test(line))
  const above = lines.slice(0, Math.max(at, 0)).findLast((line) => !line.startsWith('// biome-ignore'))
  if (at >= 0 && above?.trimEnd().endsWith('*/')) return []
  return [{ file, line: at + 1, law: 'docstrings', text: `${name} is exported, and does not say what it is` }]
}
