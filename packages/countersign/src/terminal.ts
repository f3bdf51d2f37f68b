// Questions to the person at the terminal.
import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'

/** Ended by Ctrl-C, as a shell counts it. */
const INTERRUPTED = 130

/**
 * Asks one question on the terminal; the answer without its line end. Undefined where there is none to ask on: then
 * whoever started this process cannot answer either.
 * @param hidden Whether the answer is a secret, which is not shown while it is typed.
 */
export async function askOnTerminal(question: string, hidden: boolean): Promise<string | undefined> {
  const { stdin, stderr } = process
  if (!stdin.isTTY || !stderr.isTTY) return undefined
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  const lines = createInterface({ input: stdin, output: hidden ? nowhere : stderr, terminal: true, historySize: 0 })
  const { promise: closed, resolve: close } = Promise.withResolvers<string>()
  // Ctrl-D is an empty answer.
  lines.on('close', () => close(''))
  lines.on('SIGINT', () => {
    lines.close()
    stderr.write('\n')
    process.exit(INTERRUPTED)
  })
  if (hidden) stderr.write(question)
  const answer = await Promise.race([lines.question(hidden ? '' : question), closed])
  lines.close()
  if (hidden) stderr.write('\n')
  return answer
}
