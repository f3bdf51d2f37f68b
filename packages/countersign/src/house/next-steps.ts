// What to try next: lines that work as pasted, in a second terminal, from any directory.
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { shellWord } from '../output/shell-word.ts'
import { ownFile } from '../own-file.ts'

/** Names for newcomers; one whose directory is there already has enrolled before. */
const NAMES = ['alice', 'bob', 'carol', 'dave', 'erin', 'frank', 'grace', 'heidi'] as const

export interface NextStep {
  readonly what: string
  readonly line: string
}

/** The three lines for a house whose data are in `data` and whose door is at `doorUrl`. */
export function nextSteps(cwd: string, data: string, doorUrl: string): readonly NextStep[] {
  const name = NAMES.find((each) => !existsSync(join(cwd, each))) ?? `party-${process.pid}`
  const command = `cd ${shellWord(cwd)} && ${commandWord(cwd)}`
  const where = data === join(cwd, 'countersign-data') ? '' : ` --data ${shellWord(data)}`
  const file = (part: string) => shellWord(join(cwd, name, part))
  return [
    {
      what: `enroll ${name}: a one-time token, a key made here, a certificate`,
      // Through a pipe: a token on a command line can be seen by whoever lists processes, and used before its owner.
      line: `${command} invite ${name}${where} | ${commandWord(cwd)} enroll - --out ${name}`,
    },
    {
      what: `meet the door as ${name}, with curl`,
      line: `curl --cacert ${file('trust.pem')} --cert ${file('identity.pem')} --key ${file('identity.key')} ${doorUrl}/`,
    },
    {
      what: `end ${name} everywhere, open connections too; then try curl again`,
      line: `${command} revoke ${name}${where}`,
    },
  ]
}

/** `npx countersign` where npx finds it from `cwd`, else the launcher itself. */
function commandWord(cwd: string): string {
  for (let at = cwd; ; at = dirname(at)) {
    if (existsSync(join(at, 'node_modules', '.bin', 'countersign'))) return 'npx countersign'
    if (at === dirname(at)) return shellWord(ownFile('bin.js'))
  }
}
