// `nft`, run again and again by a shell that stays: to start a process from this one takes milliseconds in which nothing else
// is done, as the memory of this one is large. That of the shell is small.
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'

/** What changes rules of the kernel's. */
export interface Nft {
  /**
   * Does a script, all of it or nothing; one at a time. Answers why it was not done, or that nobody knows whether it was, as
   * the program was killed; undefined where it was done.
   */
  run(script: string): Promise<string | undefined>
  close(): Promise<void>
}

/**
 * Each line is a script, with `\n` between its lines; for each comes what `nft` complains of, and then how it ended. What is
 * said to the whole group of processes, as by Ctrl-C, is not for it: callers are still to be cut. It ends with its input.
 */
const LOOP = `trap '' HUP INT TERM
while IFS= read -r script; do
  printf '%b\\n' "$script" | "$0" -t -f - 2>&1 >/dev/null
  echo "ended=$?"
done`
const ENDED = /^ended=(\d{1,3})$/
/** Where in a script it is: of no use to whoever has not written it. */
const PLACE = /^\/dev\/stdin:\S+ /
/** What the shell needs of the environment. */
const ENVIRONMENT = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' }
/** Of what it complains of, for whoever has to mend it. */
const KEPT_OUTPUT = 300

/** One run of the shell. */
interface Shell extends Nft {
  readonly hasEnded: boolean
}

/** Makes it; nothing runs yet. @param program The path of `nft`. */
export function createNft(program: string): Nft {
  let shell: Shell | undefined
  return {
    run(script) {
      if (shell === undefined || shell.hasEnded) shell = startShell(program)
      return shell.run(script)
    },
    async close() {
      await shell?.close()
    },
  }
}

function startShell(program: string): Shell {
  const child: ChildProcessByStdio<Writable, Readable, null> = spawn('/bin/sh', ['-c', LOOP, program], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: ENVIRONMENT,
  })
  const ended = Promise.withResolvers<void>()
  let hasEnded = false
  let complaint: string | undefined
  let waiting: PromiseWithResolvers<string | undefined> | undefined
  const answer = (fault: string | undefined) => {
    waiting?.resolve(fault)
    waiting = undefined
    complaint = undefined
  }
  const over = () => {
    hasEnded = true
    answer('the shell that runs it has ended')
    ended.resolve()
  }
  createInterface({ input: child.stdout }).on('line', (line) => {
    const [, code] = ENDED.exec(line) ?? []
    if (code === undefined) complaint ??= line.replace(PLACE, '').slice(0, KEPT_OUTPUT)
    else answer(code === '0' ? undefined : (complaint ?? `it ended with ${code}`))
  })
  child.stdin.on('error', () => child.stdin.destroy())
  child.once('error', over).once('close', over)
  return {
    get hasEnded() {
      return hasEnded
    },
    run(script) {
      waiting = Promise.withResolvers()
      const { promise } = waiting
      child.stdin.write(`${script.replaceAll('\n', '\\n')}\n`)
      return promise
    },
    async close() {
      child.stdin.end()
      await ended.promise
    },
  }
}
