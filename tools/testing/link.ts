// Puts a program and what it imports into a few files, which are read in half of the time: the command, by tools/bundle.ts, and
// what tests of packages start a hundred times, for which it stands here.
import { fileURLToPath } from 'node:url'
import { build, type Plugin } from 'esbuild'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/**
 * Stays a package of its own: what has another licence or compiles at install, so that whoever runs the program may leave it
 * out; and what is read as a file.
 */
export const EXTERNAL: readonly string[] = ['openpgp', 'pkcs11js', 'pg-native', '@serenity-kit/opaque']

/** Modules of CommonJS ask for Node's own by it. */
const REQUIRE = "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);"

/** Node loads its whole `fetch` (50 ms) where a module imports `node:http`, and not where it is asked for like this. */
const LIGHT_HTTP: Plugin = {
  name: 'light-http',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^(?:node:)?http$/ }, () => ({ path: 'node:http', namespace: 'light-http' }))
    onLoad({ filter: /^/, namespace: 'light-http' }, () => ({
      contents: "module.exports = process.getBuiltinModule('node:http')",
    }))
  },
}

/** Puts modules and what they import into a few files of `directory`. Answers which went in. Throws where one cannot be read. */
export async function link(entryPoints: readonly string[], directory: string): Promise<readonly string[]> {
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: [...entryPoints],
    outdir: directory,
    entryNames: '[name]',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node26',
    conditions: ['source'],
    external: [...EXTERNAL],
    plugins: [LIGHT_HTTP],
    banner: { js: REQUIRE },
    legalComments: 'eof',
    logLevel: 'warning',
    metafile: true,
  })
  return Object.keys(metafile.inputs)
}
