/** Laws about the papers that go with the code: dependencies, the lock, the programs that tests need. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Breach, manifestsOf, sourcesOf } from './house.ts'

const DEPENDENCIES = 'docs/dependencies.md'
const LOCK = 'package-lock.json'
const PEERS = 'tools/install-peers'
const PUBLIC_REGISTRY = 'https://registry.npmjs.org/'

/** Dependencies without a line, lines without a dependency, locks bound to a host, peers that nothing installs. */
export function paperBreaches(root: string): readonly Breach[] {
  return [...dependencyBreaches(root), ...lockBreaches(root), ...peerBreaches(root)]
}

function dependencyBreaches(root: string): readonly Breach[] {
  const manifests = manifestsOf(root)
  const ours = new Set(manifests.map(({ name }) => name))
  const declared = new Set(
    manifests
      .flatMap((manifest) => [...manifest.dependencies, ...manifest.devDependencies, ...manifest.optionalDependencies])
      .filter((name) => !ours.has(name)),
  )
  // A row's first cell may name several packages that are one choice, such as Node for five platforms.
  const rows = read(root, DEPENDENCIES)
    .split('\n')
    .filter((line) => line.startsWith('| `'))
  const explained = new Set(
    rows.flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)].map((m) => m[1])),
  )
  const breach = (text: string): Breach => ({ file: DEPENDENCIES, law: 'dependencies', text })
  return [
    ...[...declared].filter((name) => !explained.has(name)).map((name) => breach(`no line says why we use ${name}`)),
    ...[...explained].filter((name) => !declared.has(name ?? '')).map((name) => breach(`${name} is not used any more`)),
  ]
}

function lockBreaches(root: string): readonly Breach[] {
  const { packages = {} } = JSON.parse(read(root, LOCK) || '{}') as {
    packages?: Record<string, { resolved?: string; link?: boolean; integrity?: string }>
  }
  return Object.entries(packages).flatMap(([path, { resolved, link, integrity }]) => {
    if (link || !path.includes('node_modules/')) return []
    const breach = (text: string): Breach => ({ file: LOCK, law: 'lock', text: `${path} ${text}` })
    return [
      ...(resolved === undefined || resolved.startsWith(PUBLIC_REGISTRY) ? [] : [breach(`comes from ${resolved}`)]),
      ...(integrity === undefined ? [breach('has no integrity hash')] : []),
    ]
  })
}

/** A test that asks for a Debian package which nothing installs would be skipped for ever, or fail in CI alone. */
function peerBreaches(root: string): readonly Breach[] {
  const installed = new Set(
    read(root, PEERS)
      .match(/^ {2}[a-z0-9][a-z0-9.+-]*/gm)
      ?.map((name) => name.trim()),
  )
  return sourcesOf(root)
    .filter(({ file }) => !file.startsWith('tools/'))
    .flatMap(({ file, lines }) =>
      lines.flatMap((text, index) =>
        [...text.matchAll(/\bneeds\('[^']+', '([^']+)'\)/g)]
          .map((match) => match[1] ?? '')
          .filter((name) => !installed.has(name) && !text.trimStart().startsWith('*'))
          .map((name) => ({ file, line: index + 1, law: 'peers', text: `${PEERS} does not install ${name}` })),
      ),
    )
}

function read(root: string, file: string): string {
  const path = join(root, file)
  return existsSync(path) ? readFileSync(path, 'utf8') : ''
}
