// Runs the tools that own the stores of a machine. What they say is for their reader, not for a shell.
import { execFile } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** A store may ask for its password, on the terminal itself; when nobody answers it is given up. */
const TIMEOUT_MS = 120_000
const MAX_OUTPUT_OCTETS = 4 << 20
const MAX_COMPLAINT = 500
/** Where the tools of an administrator lie; a user's PATH often lacks them. */
const SBIN = ['/usr/local/sbin', '/usr/sbin', '/sbin']

/** How a tool ended. `code` is 0 where it did what it should. */
export interface ToolRun {
  readonly code: number
  readonly stdout: string
  /** What it complained about, on one line. */
  readonly complaint: string
}

/** The path of a tool, or undefined where this machine does not have it. */
export function findTool(name: string, path: string | undefined): string | undefined {
  return [...(path ?? '').split(delimiter), ...SBIN]
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, name))
    .find(mayRun)
}

/** Runs a tool to its end, with nothing on its standard input. */
export function runTool(tool: string, args: readonly string[]): Promise<ToolRun> {
  return new Promise((resolve, reject) => {
    const options = { timeout: TIMEOUT_MS, maxBuffer: MAX_OUTPUT_OCTETS, killSignal: 'SIGKILL' } as const
    const child = execFile(tool, args, options, (error, stdout, stderr) => {
      const complaint = stderr
        .trim()
        .split(/\s*\n\s*/)
        .join('; ')
        .slice(0, MAX_COMPLAINT)
      if (error === null) resolve({ code: 0, stdout, complaint })
      else if (typeof error.code === 'number') resolve({ code: error.code, stdout, complaint })
      else if (error.killed === true) resolve({ code: -1, stdout, complaint: `no end within ${TIMEOUT_MS / 1000} s` })
      else reject(error)
    })
    // One that ends without reading is no failure.
    child.stdin?.on('error', () => child.stdin?.destroy())
    child.stdin?.end()
  })
}

function mayRun(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
