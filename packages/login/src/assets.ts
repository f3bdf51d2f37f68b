// What pages load, as a fixed table: nothing else can be asked for, whatever the path.
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { stripTypeScriptTypes } from 'node:module'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { brotliCompress, gzip, constants as zlib } from 'node:zlib'
import { PICTURES } from './pages/pictures.ts'
import { ICON, STYLE } from './pages/style.ts'

/** The modules of `browser/`: each is served by itself, as it is written, without its types. */
const MODULES = [
  'account',
  'call',
  'common',
  'confirm',
  'device',
  'dom',
  'dpop',
  'draw',
  'fresh',
  'matter',
  'matter-lines',
  'octets',
  'opaque',
  'opaque-worker',
  'passkey',
  'password',
  'qr',
  'recovery-codes',
  'redraw',
  'renew',
  'seal',
  'session',
  'set-up',
  'shown',
  'sign-in',
  'step-up',
  'steps',
  'store',
  'trusted',
  'words',
  'worker',
] as const

/** The workers stand where their scope and their policy ask for, and so have no hash in their address. */
const WORKERS = { 'opaque-worker': '/login/opaque-worker.js', worker: '/login/worker.js' } as const
/** By its package, and under this name in ours. */
const OPAQUE = {
  bare: '@serenity-kit/opaque',
  file: '@serenity-kit/opaque/esm/index.js',
  name: 'opaque-client',
} as const

/** In which coding an asset can be sent. @see RFC 9110 §8.4.1 */
export type Coding = 'br' | 'gzip' | 'identity'

/** One file, ready to be sent. */
export interface Asset {
  readonly path: string
  readonly type: string
  /** Whether the address changes with the contents. */
  readonly immutable: boolean
  /** Strong, of the contents before coding. */
  readonly hash: string
  readonly octets: Readonly<Record<Coding, Buffer>>
}

/** The table. */
export interface Assets {
  /** By the path of a request; undefined for everything that is not in the table. */
  find(path: string): Asset | undefined
  /** The address of a file. */
  url(name: string): string
  /** The addresses of everything that a module imports, itself first: what a page asks for at once, instead of one after the other. */
  modulesOf(name: Entry): readonly string[]
}

/** A module of `browser/`. */
export type Entry = (typeof MODULES)[number]

let opened: Promise<Assets> | undefined

/** Reads and compresses what is served, once for this process and off its event loop. */
export function openAssets(): Promise<Assets> {
  opened ??= readAssets()
  return opened
}

async function readAssets(): Promise<Assets> {
  const sources = new Map(await Promise.all(MODULES.map(async (name) => [name, await readModule(name)] as const)))
  const opaque = await readFile(fileURLToPath(import.meta.resolve(OPAQUE.file)), 'utf8')
  const files = new Map<string, string>([
    ['style.css', STYLE],
    ['icon.svg', ICON],
  ])
  for (const [name, svg] of Object.entries(PICTURES)) files.set(`${name}.svg`, svg)
  // One hash for all: modules name each other by relative addresses, so that none can be of another version than its neighbour.
  const version = hashOf([...sources.values(), opaque, ...files.values()].join('\0')).slice(0, 16)
  const base = `/login/assets/${version}/`

  const texts = new Map<string, readonly [type: string, text: string]>()
  for (const [name, source] of sources) {
    const path = name === 'opaque-worker' || name === 'worker' ? WORKERS[name] : `${base}${name}.js`
    texts.set(path, [JAVASCRIPT, addressed(source, path.startsWith(base) ? './' : base)])
  }
  texts.set(`${base}${OPAQUE.name}.js`, [JAVASCRIPT, opaque])
  for (const [name, text] of files) texts.set(base + name, [name.endsWith('.css') ? CSS : SVG, text])

  const assets = new Map(
    await Promise.all(
      [...texts].map(async ([path, [type, text]]) => {
        const octets = await compressed(Buffer.from(text))
        return [path, { path, type, immutable: path.startsWith(base), hash: hashOf(text), octets }] as const
      }),
    ),
  )
  return {
    find: (path) => assets.get(path),
    url: (name) => base + name,
    modulesOf: (name) => importedBy(name, sources).map((each) => `${base}${each}.js`),
  }
}

const JAVASCRIPT = 'text/javascript; charset=utf-8'
const CSS = 'text/css; charset=utf-8'
const SVG = 'image/svg+xml'

/** From sources the types are taken out here; what was built has none. */
async function readModule(name: Entry): Promise<string> {
  const built = !import.meta.url.endsWith('.ts')
  const text = await readFile(new URL(`./browser/${name}.${built ? 'js' : 'ts'}`, import.meta.url), 'utf8')
  return built ? text : stripTypeScriptTypes(text)
}

/** As in `from './call.ts'` and `import('./redraw.js')`. */
const SPECIFIER = /(\bfrom\s+|\bimport\s*\(\s*)'(?:\.\/([\w-]+)\.[jt]s|(@[^']+))'/g

/** Writes addresses in place of file names. */
function addressed(source: string, folder: string): string {
  return source.replaceAll(SPECIFIER, (_, before: string, name: string | undefined, bare: string | undefined) => {
    const known = bare === OPAQUE.bare ? OPAQUE.name : MODULES.find((each) => each === name)
    if (known === undefined) throw new TypeError(`a module of the browser imports ${bare ?? name}, which is not served`)
    return `${before}'${folder}${known}.js'`
  })
}

/** What is imported at once, and so on; what is imported when it is needed is not among it. */
function importedBy(name: Entry, sources: ReadonlyMap<Entry, string>): readonly Entry[] {
  const found = new Set<Entry>([name])
  // A set is walked with what is added meanwhile.
  for (const each of found) {
    for (const [, before = '', imported] of (sources.get(each) ?? '').matchAll(SPECIFIER)) {
      const known = MODULES.find((module) => module === imported)
      if (before.startsWith('from') && known !== undefined) found.add(known)
    }
  }
  return [...found]
}

async function compressed(identity: Buffer): Promise<Asset['octets']> {
  const [br, gz] = await Promise.all([
    promisify(brotliCompress)(identity, {
      params: { [zlib.BROTLI_PARAM_MODE]: zlib.BROTLI_MODE_TEXT, [zlib.BROTLI_PARAM_SIZE_HINT]: identity.length },
    }),
    promisify(gzip)(identity, { level: 9 }),
  ])
  return { identity, br, gzip: gz }
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}
