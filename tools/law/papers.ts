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
      .flatMap(({ dependencies, devDependencies, optionalDependencies, peerDependencies }) => [
        ...dependencies,
        ...devDependencies,
        ...optionalDependencies,
        ...peerDependencies,
      ])
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

/** What every Debian has (its essential packages and `mount`), so that a test may start it without asking. */
const ALWAYS_THERE = new Set(['cat', 'id', 'kill', 'mkfifo', 'mount', 'sh', 'true', 'umount'])
const STARTED = /\b(?:spawn|spawnSync|execFile|execFileSync)\(\s*'([^'/]+)'/g
const NEEDED = /\bneeds\('([^']+)', '([^']+)'\)/g

/**
 * A program that a test starts without having asked for it fails where it is not installed, and one whose Debian package
 * nothing installs is skipped for ever.
 */
function peerBreaches(root: string): readonly Breach[] {
  const list = /^PACKAGES=\(\n([^)]*)^\)/m.exec(read(root, PEERS))?.[1] ?? ''
  const installed = new Set(list.split('\n').map((line) => line.trim().split(' ')[0]))
  return (
    sourcesOf(root)
      // What tests share starts programs on behalf of a test, which asks.
      .filter(({ file }) => !/^tools\/|\/src\/|\/support\//.test(file))
      .flatMap(({ file, lines }) => {
        const code = lines.map((line) => (line.trimStart().startsWith('*') ? '' : line))
        const asked = new Set(code.flatMap((line) => [...line.matchAll(NEEDED)].map((match) => match[1])))
        const found = (pattern: RegExp, group: number, breach: (name: string) => string | undefined) =>
          code.flatMap((line, index) =>
            [...line.matchAll(pattern)]
              .map((match) => breach(match[group] ?? ''))
              .filter((text) => text !== undefined)
              .map((text) => ({ file, line: index + 1, law: 'peers', text })),
          )
        return [
          ...found(STARTED, 1, (name) =>
            asked.has(name) || ALWAYS_THERE.has(name)
              ? undefined
              : `starts ${name}, and does not ask: needs('${name}', …)`,
          ),
          ...found(NEEDED, 2, (name) => (installed.has(name) ? undefined : `${PEERS} does not install ${name}`)),
        ]
      })
  )
}

function read(root: string, file: string): string {
  const path = join(root, file)
  return existsSync(path) ? readFileSync(path, 'utf8') : ''
}
