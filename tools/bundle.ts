/**
 * Writes the command as it is published: `npm run bundle`.
 *
 * Its own packages and the libraries that they need are put into a few files beside `bin.js`: a command reads these in half of
 * the time that it takes for a thousand, and so does a house when it starts. Tests run it in this form.
 */
import { chmod, copyFile, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { link } from './testing/link.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const HOME = join(ROOT, 'packages', 'countersign')
const BROWSER = join(ROOT, 'packages', 'login', 'dist', 'browser')

/** What is started: the command, and what it starts itself, by these names beside it. */
const ENTRIES = [
  'packages/countersign/src/start.ts',
  'packages/login/src/clear/stretch-worker.ts',
  'packages/authority/src/keys/pkcs11/holder-process.ts',
]

/** Writes the program into `directory`, in place of what is there. */
async function bundle(directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true })
  const inputs = await link(ENTRIES, directory)
  await writeFile(join(directory, 'THIRD-PARTY.txt'), await licencesOf(inputs))
  // What browsers run is served from files, as `npm run build` writes them.
  await mkdir(join(directory, 'browser'))
  for (const name of await readdir(BROWSER))
    if (name.endsWith('.js')) await copyFile(join(BROWSER, name), join(directory, 'browser', name))
}

/** Lays out what `npm install countersign` would: the program in `directory`, with what it needs beside it. Answers its launcher. */
async function layOut(directory: string): Promise<string> {
  await bundle(join(directory, 'bundle'))
  for (const name of ['bin.js', 'package.json']) await copyFile(join(HOME, name), join(directory, name))
  await symlink(join(ROOT, 'node_modules'), join(directory, 'node_modules'))
  return join(directory, 'bin.js')
}

/** The program in a directory that goes when this is disposed of, and the environment in which tests start that one. */
export async function layOutForNow(): Promise<AsyncDisposable & { readonly env: NodeJS.ProcessEnv }> {
  const directory = await mkdtemp(join(tmpdir(), 'countersign-program-'))
  await chmod(directory, 0o755) // Other users run it too.
  return {
    env: { COUNTERSIGN_PROGRAM: await layOut(directory), XDG_CACHE_HOME: join(directory, 'cache') },
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  }
}

/** What is ours to pass on of the licences of everything that went in. */
async function licencesOf(inputs: readonly string[]): Promise<string> {
  const folders = new Set(inputs.flatMap((path) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path) ?? []))
  const parts = await Promise.all(
    [...folders].sort().map(async (folder) => {
      const { name, version, license } = JSON.parse(await readFile(join(ROOT, folder, 'package.json'), 'utf8'))
      const file = (await readdir(join(ROOT, folder))).find((each) => /^(?:licen[cs]e|copying)/i.test(each))
      const text =
        file === undefined ? 'The package holds no text of it.' : await readFile(join(ROOT, folder, file), 'utf8')
      return `${name} ${version}: ${license}\n\n${text.trim()}\n`
    }),
  )
  return parts.join(`\n${'-'.repeat(80)}\n\n`)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await bundle(join(HOME, 'bundle'))
