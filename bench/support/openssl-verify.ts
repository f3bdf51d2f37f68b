// OpenSSL's own verifier in a small program of ours, compiled for the run.
import { execFileSync } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findProgram } from '../../interop/peer.ts'
import type { House } from './paths.ts'

const SOURCE = fileURLToPath(new URL('openssl-verify.c', import.meta.url))

/** Microseconds of CPU for each leaf. */
export interface OpensslTimes {
  readonly cold: number
  readonly warm: number
  readonly warmRead: number
}

/** Compiles the program into the folder `scratch`; a reason where it cannot be. */
export function compileOpensslVerify(scratch: string): { readonly program: string } | { readonly skipped: string } {
  const gcc = findProgram('gcc')
  if (gcc === undefined) return { skipped: 'gcc is not installed' }
  const program = join(scratch, 'openssl-verify')
  try {
    execFileSync(gcc, ['-O2', '-o', program, SOURCE, '-lcrypto'], { stdio: ['ignore', 'ignore', 'pipe'] })
  } catch (error) {
    if (error instanceof Error && 'stderr' in error && /openssl\/.*No such file/.test(String(error.stderr)))
      return { skipped: 'libssl-dev is not installed' }
    throw error
  }
  return { program }
}

/** Times one round of `leaves`, whose files are put into the empty folder `folder`. */
export async function timeOpenssl(
  program: string,
  folder: string,
  { root, issuing }: Pick<House, 'root' | 'issuing'>,
  leaves: readonly Uint8Array[],
  now: Temporal.Instant,
): Promise<OpensslTimes> {
  await mkdir(folder)
  const files = await Promise.all(
    [root, issuing, ...leaves].map(async (der, i) => {
      const file = join(folder, String(i))
      await writeFile(file, der)
      return file
    }),
  )
  const [rootFile = '', issuingFile = '', ...leafFiles] = files
  const seconds = String(now.epochMilliseconds / 1000)
  const printed = execFileSync(program, [rootFile, issuingFile, seconds, ...leafFiles], { encoding: 'utf8' })
  return JSON.parse(printed) as OpensslTimes
}
