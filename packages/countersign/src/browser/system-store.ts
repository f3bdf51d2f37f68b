// The store of the system, where update-ca-certificates keeps it: Debian and what descends from it, Alpine too.
import { hash } from 'node:crypto'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Certificate, writePem } from '@countersign/x509'
import { EXIT, Failure } from '../command.ts'
import type { Store } from './model.ts'
import { runTool } from './tool.ts'

/** Where certificates of this machine's own lie, update-ca-certificates(8). */
const FOLDER = '/usr/local/share/ca-certificates'

/** The store that `updater`, update-ca-certificates, makes. */
export function systemStore(updater: string): Store {
  const update = async () => {
    const { code, complaint } = await runTool(updater, [])
    if (code !== 0)
      throw new Failure(EXIT.input, `${updater} failed: ${complaint}`, {
        code: 'ERR_CLI_STORE',
        next: 'mend what it complains of, then try again',
      })
  }
  return {
    kind: 'system',
    label: 'the system',
    path: FOLDER,
    holdsClients: false,
    async install({ roots }) {
      const missing: Certificate[] = []
      for (const root of roots) if ((await readIfThere(pathOf(root))) !== pemOf(root)) missing.push(root)
      if (missing.length === 0) return []
      try {
        for (const root of missing) await allowed(writeFile(pathOf(root), pemOf(root), { mode: 0o644 }))
        await update()
      } catch (error) {
        for (const root of missing) await allowed(rm(pathOf(root), { force: true }))
        throw error
      }
      return ['the authority is trusted for servers']
    },
    async remove({ roots }) {
      const there: Certificate[] = []
      for (const root of roots) if ((await readIfThere(pathOf(root))) !== undefined) there.push(root)
      if (there.length === 0) return []
      for (const root of there) await allowed(rm(pathOf(root)))
      await update()
      return there.map((root) => `taken out: ${pathOf(root)}`)
    },
  }
}

/** The updater takes names that end in `.crt`, one certificate each. */
function pathOf({ der }: Certificate): string {
  return join(FOLDER, `countersign-${hash('sha256', der, 'hex').slice(0, 16)}.crt`)
}

function pemOf({ der }: Certificate): string {
  return writePem('CERTIFICATE', der)
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'latin1')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
}

async function allowed(change: Promise<void>): Promise<void> {
  try {
    await change
  } catch (error) {
    if (codeOf(error) !== 'EACCES' && codeOf(error) !== 'EPERM') throw error
    throw new Failure(EXIT.input, `${FOLDER} may be changed by root alone`, {
      code: 'ERR_CLI_STORE',
      next: 'run the same with sudo and --system, --trust naming the root certificate',
      cause: error,
    })
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
