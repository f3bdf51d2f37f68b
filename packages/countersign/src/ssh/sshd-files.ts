// What OpenSSH is told: shown, and on request written where Debian's sshd and ssh look for it.
import { readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { EXIT, Failure } from '../command.ts'

/** One file, and the lines of ours in it. */
export interface FileLines {
  readonly path: string
  readonly lines: readonly string[]
  /** `whole`: the file is ours. `first`: ours stand before the first line of PAM's session. `top`, `last`: they are added. */
  readonly place: 'whole' | 'first' | 'top' | 'last'
}

/** Debian's sshd_config includes this folder before anything else, and the first value counts. @see sshd_config(5) */
const SSHD_FILE = '/etc/ssh/sshd_config.d/20-countersign.conf'
const PAM_FILE = '/etc/pam.d/sshd'
/** The key of this host that is certified, where no other is named. */
export const HOST_KEY = '/etc/ssh/ssh_host_ed25519_key'

/**
 * The lines of a host: its certificate, and where a door of ours is on this host, whom it lets in.
 * @param door The directory of the door's socket.
 * @param asker Who runs the door's program for sshd.
 */
export function hostLines(
  key: string,
  certificate: string,
  door: string | undefined,
  asker = 'nobody',
): readonly FileLines[] {
  const own = [`HostKey ${key}`, `HostCertificate ${certificate}`]
  if (door === undefined) return [{ path: SSHD_FILE, place: 'whole', lines: own }]
  return [
    {
      path: SSHD_FILE,
      place: 'whole',
      lines: [
        ...own,
        `TrustedUserCAKeys ${join(door, 'authorities.pub')}`,
        `RevokedKeys ${join(door, 'revoked.krl')}`,
        `AuthorizedPrincipalsCommand ${join(door, 'principals')} %u %k`,
        `AuthorizedPrincipalsCommandUser ${asker}`,
        'UsePAM yes',
      ],
    },
    // Before pam_env, which lets a user set variables.
    {
      path: PAM_FILE,
      place: 'first',
      lines: [`session required pam_exec.so quiet stdout type=open_session ${join(door, 'opened')}`],
    },
  ]
}

/** Where a person's list of revoked hosts is kept. */
export function listOf(home: string): string {
  return join(home, '.ssh', 'countersign.krl')
}

/** The lines of a person: hosts are believed that these have certified, but those on the list. */
export function personLines(home: string, authorities: readonly string[]): readonly FileLines[] {
  const lines = authorities.map((line) => `@cert-authority * ${line}`)
  return [
    // Before the first Host, and so for each. @see ssh_config(5)
    { path: join(home, '.ssh', 'config'), place: 'top', lines: [`RevokedHostKeys "${listOf(home)}"`] },
    { path: join(home, '.ssh', 'known_hosts'), place: 'last', lines },
  ]
}

/** A file that was written, and what it said before, where it was there. */
export interface Changed {
  readonly path: string
  readonly before: string | undefined
}

/** Writes them; answers the files that are another now. @throws {Failure} where a file is not as it must be. */
export async function install(files: readonly FileLines[]): Promise<readonly Changed[]> {
  const changed: Changed[] = []
  for (const file of files) {
    const before = await textOf(file.path)
    const text = withLines(file, before)
    if (text === before) continue
    await put(file.path, text, before === undefined ? 0o644 : (await stat(file.path)).mode & 0o777)
    changed.push({ path: file.path, before })
  }
  return changed
}

/** Puts back what was there before {@link install}. */
export async function takeBack(changed: readonly Changed[]): Promise<void> {
  for (const { path, before } of changed)
    if (before === undefined) await rm(path)
    else await put(path, before, (await stat(path)).mode & 0o777)
}

/** Whether the lines stand where they must. */
export async function isInstalled(file: FileLines): Promise<boolean> {
  const text = await textOf(file.path)
  return text !== undefined && hasPlace(file, text) && withLines(file, text) === text
}

/** Whole or not at all. */
export async function put(path: string, text: string | Uint8Array, mode: number): Promise<void> {
  const beside = `${path}.countersign.tmp`
  await writeFile(beside, text, { mode })
  await rename(beside, path)
}

const SESSION = /^\s*-?session\s|^\s*@include\s+common-session/

function hasPlace({ place }: FileLines, text: string): boolean {
  return place !== 'first' || text.split('\n').some((line) => SESSION.test(line) && !/\/opened\s*$/.test(line))
}

function withLines({ path, lines, place }: FileLines, before: string | undefined): string {
  const ours = lines.map((line) => `${line}\n`).join('')
  if (place === 'whole') return ours
  const had = before?.split('\n') ?? []
  if (place === 'top') {
    // The first one counts, and the other list would count no more.
    if (had.some((line) => /^\s*RevokedHostKeys[\s=]/i.test(line) && !lines.includes(line)))
      throw new Failure(EXIT.input, `${path} names another list of revoked hosts`, {
        code: 'ERR_CLI_SSH_CONFIG',
        next: 'leave out --install, and see what this command shows without it',
      })
    return lines.every((line) => had.includes(line)) ? (before ?? '') : `${ours}${before ?? ''}`
  }
  if (place === 'last') {
    const missing = lines.filter((line) => !had.includes(line)).map((line) => `${line}\n`)
    const end = before === undefined || before === '' || before.endsWith('\n') ? '' : '\n'
    return missing.length === 0 ? (before ?? '') : `${before ?? ''}${end}${missing.join('')}`
  }
  const rest = had.filter((line) => !/^\s*session\s.*pam_exec\.so.*\/opened\s*$/.test(line))
  const at = rest.findIndex((line) => SESSION.test(line))
  if (before === undefined || at < 0)
    throw new Failure(EXIT.input, `${path} has no line of session`, {
      code: 'ERR_CLI_SSH_PAM',
      next: `put the line that this command shows without --install before any other of session there`,
    })
  return [...rest.slice(0, at), ...lines, ...rest.slice(at)].join('\n')
}

/** Undefined where there is no such file. */
export async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}
