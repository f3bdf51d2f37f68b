// Puts a program and what it imports into a few files, which are read in half of the time.
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/**
 * Stays a package of its own: what has another licence or compiles at install, so that whoever runs the program may leave it
 * out; and what is read as a file.
 */
const EXTERNAL = ['openpgp', 'pkcs11js', 'pg-native', '@serenity-kit/opaque']

/** Modules of CommonJS ask for Node's own by it. */
const REQUIRE = "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);"

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
    external: EXTERNAL,
    banner: { js: REQUIRE },
    legalComments: 'none',
    logLevel: 'warning',
    metafile: true,
  })
  return Object.keys(metafile.inputs)
}
