// Secrets come from a file or from standard input, never from the command line.
import type { Around } from './command.ts'

/** The first line of a file, `-` being standard input: a password has none of its own, and editors add one. */
export async function firstLine(
  path: string,
  { readFile, readLine }: Pick<Around, 'readFile' | 'readLine'>,
): Promise<string> {
  if (path === '-') return readLine()
  return new TextDecoder().decode(await readFile(path)).split(/\r?\n/, 1)[0] ?? ''
}
