/**
 * Writes the command as it is published: `npm run bundle`.
 *
 * Its own packages and the libraries that they need are put into a few files beside `bin.js`: a command reads these in half of
 * the time that it takes for a thousand, and so does a house when it starts. Tests run it in this form.
 */
import { chmod, copyFile, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
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
export async function bundle(directory: string): Promise<void> {
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
  // Windows lets everybody make a junction.
  await symlink(join(ROOT, 'node_modules'), join(directory, 'node_modules'), 'junction')
  return join(directory, 'bin.js')
}

/** The program in a directory that goes when this is disposed of, and the environment in which tests start that one. */
export async function layOutForNow(): Promise<AsyncDisposable & { readonly env: NodeJS.ProcessEnv }> {
  const directory = await mkdtemp(join(tmpdir(), 'countersign-program-'))
  const clear = () => rm(directory, { recursive: true, force: true })
  try {
    await chmod(directory, 0o755) // Other users run it too.
    const launcher = await layOut(directory)
    return {
      env: { COUNTERSIGN_PROGRAM: launcher, XDG_CACHE_HOME: join(directory, 'cache') },
      [Symbol.asyncDispose]: clear,
    }
  } catch (error) {
    await clear()
    throw error
  }
}

/** What is ours to pass on of the licences of everything that went in. What single files say of themselves stays with them. */
async function licencesOf(inputs: readonly string[]): Promise<string> {
  const packages = Map.groupBy(inputs, (path) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? '')
  packages.delete('') // Ours.
  const parts = await Promise.all(
    [...packages].sort().map(async ([folder, files]) => {
      const { name, version, license } = JSON.parse(await readFile(join(ROOT, folder, 'package.json'), 'utf8'))
      const texts = await Promise.all(foldersOf(files, folder).map(licenceTexts))
      return [`${name} ${version}: ${license}`, ...(texts.flat().length > 0 ? texts.flat() : await inReadme(folder))]
    }),
  )
  return `${parts.map((texts) => texts.join('\n\n')).join(`\n\n${'-'.repeat(80)}\n\n`)}\n`
}

/** Those of a package that files went in from, and those above them: what it took from elsewhere has a licence of its own. */
function foldersOf(files: readonly string[], folder: string): readonly string[] {
  const folders = new Set([folder])
  for (const file of files) for (let at = dirname(file); at.length > folder.length; at = dirname(at)) folders.add(at)
  return [...folders].sort()
}

async function licenceTexts(folder: string): Promise<readonly string[]> {
  const names = (await readdir(join(ROOT, folder))).filter((name) => LICENCE_FILE.test(name)).sort()
  return Promise.all(names.map(async (name) => (await readFile(join(ROOT, folder, name), 'utf8')).trim()))
}

const LICENCE_FILE = /^(?:licen[cs]e|copying|copyright|notice)[\w-]*(?:\.(?:md|txt))?$/i

/** Of a package without such a file: the end of what it says of itself, from that heading on. */
async function inReadme(folder: string): Promise<readonly string[]> {
  const name = (await readdir(join(ROOT, folder))).find((each) => /^readme\.md$/i.test(each))
  const readme = name === undefined ? '' : await readFile(join(ROOT, folder, name), 'utf8')
  const [, text = 'The package holds no text of it.'] = /^#+ *licen[cs]e\s+([\s\S]*)/im.exec(readme) ?? []
  return [text.trim()]
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await bundle(join(HOME, 'bundle'))
