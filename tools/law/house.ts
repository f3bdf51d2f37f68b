/** The house as the law sees it: its packages, its sources, and what a breach is. */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Breach {
  /** Relative to the root. */
  readonly file: string
  readonly line?: number
  /** Which law, in two or three words. */
  readonly law: string
  readonly text: string
}

export interface Manifest {
  /** The folder that holds it, relative to the root; empty for the root's own. */
  readonly folder: string
  readonly name: string
  readonly dependencies: readonly string[]
  readonly devDependencies: readonly string[]
  readonly optionalDependencies: readonly string[]
  readonly peerDependencies: readonly string[]
}

export interface Source {
  /** Relative to the root, with `/`. */
  readonly file: string
  readonly lines: readonly string[]
}

const FOLDERS = 'packages/*/{src,test},interop,scenario,bench,attack,fuzz,tools'

/** The root's manifest and those of all packages. */
export function manifestsOf(root: string): readonly Manifest[] {
  return ['package.json', ...globSync('packages/*/package.json', { cwd: root }).sort()].map((file) => {
    const json = JSON.parse(readFileSync(join(root, file), 'utf8')) as {
      name: string
      [kind: `${string}ependencies`]: Record<string, string> | undefined
    }
    const named = (kind: `${string}ependencies`) => Object.keys(json[kind] ?? {})
    return {
      folder: file.slice(0, -'/package.json'.length),
      name: json.name,
      dependencies: named('dependencies'),
      devDependencies: named('devDependencies'),
      optionalDependencies: named('optionalDependencies'),
      peerDependencies: named('peerDependencies'),
    }
  })
}

/** Every TypeScript file of ours. */
export function sourcesOf(root: string): readonly Source[] {
  return globSync(`{${FOLDERS}}/**/*.ts`, { cwd: root })
    .sort()
    .map((file) => ({
      file: file.replaceAll('\\', '/'),
      lines: readFileSync(join(root, file), 'utf8').replace(/\n$/, '').split('\n'),
    }))
}
