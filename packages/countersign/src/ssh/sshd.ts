// The sshd of this host, asked what it makes of its configuration.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

/** sshd stands where the paths of other users do not lead. */
const PATH = '/usr/sbin:/usr/bin:/sbin:/bin'

/** What it printed; or what it said in its place, where it is here at all. */
export type SshdSaid =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly isHere: boolean; readonly said: string }

/** Runs it for what it says, as in `-t` (is the configuration sound?) and `-T` (what is it?). */
export async function askSshd(args: readonly string[]): Promise<SshdSaid> {
  try {
    const { stdout } = await promisify(execFile)('sshd', [...args], { env: { ...process.env, PATH } })
    return { ok: true, text: stdout }
  } catch (cause) {
    if (!(cause instanceof Error)) throw cause
    const isHere = !('code' in cause && cause.code === 'ENOENT')
    const said = 'stderr' in cause ? String(cause.stderr).trim() : ''
    return { ok: false, isHere, said: said === '' ? cause.message : said }
  }
}
