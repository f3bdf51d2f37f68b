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
  'change-app',
  'change-password',
  'change-picture',
  'choose-picture',
  'common',
  'common-passwords',
  'confirm',
  'device',
  'dom',
  'dpop',
  'draw',
  'fresh',
  'look-at',
  'matter',
  'matter-lines',
  'new-here',
  'octets',
  'opaque',
  'opaque-worker',
  'open-account',
  'passkey',
  'password',
  'prove-password',
  'qr',
  'recovery-codes',
  'redraw',
  'renew',
  'restore',
  'seal',
  'seen',
  'sent',
  'session',
  'set-up',
  'shown',
  'sign-in',
  'sign-out',
  'sms',
  'sms-number',
  'step-up',
  'steps',
  'store',
  'trusted',
  'web-socket',
  'words',
  'worker',
] as const

/**
 * Without a hash in their address: the workers stand where their scope and their policy ask for, and what pages of the
 * application import where they know it.
 */
export const STANDING = {
  'opaque-worker': '/login/opaque-worker.js',
  worker: '/login/worker.js',
  'web-socket': '/login/web-socket.js',
} as const
/** By its package, and under these names in ours. */
const OPAQUE = {
  bare: '@serenity-kit/opaque',
  file: '@serenity-kit/opaque/esm/index.js',
  name: 'opaque-client',
  wasm: 'opaque-client.wasm',
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
  /** Compressed when somebody asks for it, once. */
  octets(coding: Coding): Promise<Buffer>
}

/** The table. */
export interface Assets {
  /** By the path of a request; undefined for everything that is not in the table. */
  find(path: string): Asset | undefined
  /** The address of a file. */
  url(name: string): string
  /** The addresses of everything that modules import, of the first one first: what a page asks for at once, instead of one after the other. */
  importedBy(modules: readonly Entry[]): readonly string[]
}

/** A module of `browser/`. */
export type Entry = (typeof MODULES)[number]

let opened: Promise<Assets> | undefined

/** Reads what is served, once for this process. */
export function openAssets(): Promise<Assets> {
  opened ??= readAssets()
  return opened
}

async function readAssets(): Promise<Assets> {
  const sources = new Map(await Promise.all(MODULES.map(async (name) => [name, await readModule(name)] as const)))
  const opaque = withoutWasm(await readFile(fileURLToPath(import.meta.resolve(OPAQUE.file)), 'utf8'))
  const files = new Map<string, Contents>([
    ['style.css', ['text/css; charset=utf-8', Buffer.from(STYLE)]],
    ['icon.svg', [SVG, Buffer.from(ICON)]],
    [`${OPAQUE.name}.js`, [JAVASCRIPT, Buffer.from(opaque.script)]],
    [OPAQUE.wasm, ['application/wasm', opaque.wasm]],
  ])
  for (const [name, svg] of Object.entries(PICTURES)) files.set(`${name}.svg`, [SVG, Buffer.from(svg)])
  // One hash for all: modules name each other by relative addresses, so that none can be of another version than its neighbour.
  const parts = [
    ...[...sources.values()].map((source) => Buffer.from(source)),
    ...[...files.values()].map(([, octets]) => octets),
  ]
  const base = `/login/assets/${hashOf(Buffer.concat(parts)).slice(0, 16)}/`

  const served = new Map([...files].map(([name, contents]) => [base + name, contents]))
  for (const [name, source] of sources) {
    const path = isStanding(name) ? STANDING[name] : `${base}${name}.js`
    served.set(path, [JAVASCRIPT, Buffer.from(addressed(source, path.startsWith(base) ? './' : base))])
  }
  const assets = new Map(
    [...served].map(([path, [type, identity]]) => [
      path,
      { path, type, immutable: path.startsWith(base), hash: hashOf(identity), octets: coded(identity) },
    ]),
  )
  return {
    find: (path) => assets.get(path),
    url: (name) => base + name,
    importedBy: (modules) => importedBy(modules, sources).map((each) => `${base}${each}.js`),
  }
}

function isStanding(name: Entry): name is keyof typeof STANDING {
  return Object.hasOwn(STANDING, name)
}

type Contents = readonly [type: string, octets: Buffer]
const JAVASCRIPT = 'text/javascript; charset=utf-8'
const SVG = 'image/svg+xml'

/** From sources the types are taken out here; what was built has none. Comments are for who reads the source. */
async function readModule(name: Entry): Promise<string> {
  const built = !import.meta.url.endsWith('.ts')
  const text = await readFile(new URL(`./browser/${name}.${built ? 'js' : 'ts'}`, import.meta.url), 'utf8')
  return (built ? text : withoutTypes(text)).replaceAll(/^[^\S\n]*(?:\/\/.*|\/\*\*[\s\S]*?\*\/)?[^\S\n]*(?:\n|$)/gm, '')
}

/** Node says each time that it may do this in another way one day; whoever starts a clone cannot do anything about it. */
function withoutTypes(source: string): string {
  const { emitWarning } = process
  process.emitWarning = () => undefined
  try {
    return stripTypeScriptTypes(source)
  } finally {
    process.emitWarning = emitWarning
  }
}

/**
 * Takes the WebAssembly out of the library's file, where it stands as base64: by itself it is a third smaller on its way,
 * and compiled while it arrives. The library takes an address in its place.
 */
function withoutWasm(library: string): { readonly script: string; readonly wasm: Buffer } {
  const [, base64 = ''] = /'(AGFzbQ[\w+/=]+)'/.exec(library) ?? []
  const script = library
    .replace(base64, '')
    .replace('module_or_path: wasmData()', `module_or_path: new URL('${OPAQUE.wasm}', import.meta.url)`)
  if (base64 === '' || !script.includes(OPAQUE.wasm)) throw new TypeError('the file of OPAQUE has another form')
  return { script, wasm: Buffer.from(base64, 'base64') }
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
function importedBy(modules: readonly Entry[], sources: ReadonlyMap<Entry, string>): readonly Entry[] {
  const found = new Set<Entry>()
  for (const module of modules) {
    found.add(module)
    // A set is walked with what is added meanwhile.
    for (const each of found) {
      for (const [, before = '', imported] of (sources.get(each) ?? '').matchAll(SPECIFIER)) {
        const known = MODULES.find((name) => name === imported)
        if (before.startsWith('from') && known !== undefined) found.add(known)
      }
    }
  }
  return [...found].filter((each) => !modules.includes(each))
}

/** The best there is (11) is a tenth smaller, and takes seven times as long. */
const QUALITY = 9

/** Off the event loop, and not at the start of a house: most of it is not asked for in one of these codings, or not at all. */
function coded(identity: Buffer): Asset['octets'] {
  const known: Partial<Record<Coding, Promise<Buffer>>> = { identity: Promise.resolve(identity) }
  return (coding) => {
    known[coding] ??=
      coding === 'gzip'
        ? promisify(gzip)(identity, { level: 9 })
        : promisify(brotliCompress)(identity, {
            params: { [zlib.BROTLI_PARAM_QUALITY]: QUALITY, [zlib.BROTLI_PARAM_SIZE_HINT]: identity.length },
          })
    return known[coding]
  }
}

function hashOf(octets: Buffer): string {
  return createHash('sha256').update(octets).digest('base64url')
}
