// A real SMTP server on this machine, and the letters that it was given.
import type { AddressInfo } from 'node:net'
import { SMTPServer } from 'smtp-server'

/** A letter, as it came. */
export interface Letter {
  readonly to: readonly string[]
  /** Header and text, decoded where it was quoted. */
  readonly text: string
}

/** An address of this machine. */
export interface MailPlace {
  readonly host: string
  readonly port: number
}

/** Takes what is sent to anybody. */
export interface Mailbox extends AsyncDisposable {
  /** For `people.mail` of a door. */
  readonly mail: { readonly url: string; readonly from: string }
  readonly letters: readonly Letter[]
  /** Waits for a letter with this subject, to whomever, past ones too. Throws after ten seconds: notices are sent every two. */
  letter(subject: string, to?: string): Promise<Letter>
}

/** Opens it. @param at Where; by default somewhere. */
export async function openMailbox(at: MailPlace = { host: '127.0.0.1', port: 0 }): Promise<Mailbox> {
  const letters: Letter[] = []
  const waiting = new Set<() => void>()
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData(stream, { envelope }, callback) {
      let text = ''
      stream.setEncoding('utf8')
      stream.on('data', (chunk: string) => {
        text += chunk
      })
      stream.on('end', () => {
        // RFC 2045 §6.7: lines end softly, so that none is long.
        letters.push({ to: envelope.rcptTo.map(({ address }) => address), text: text.replaceAll('=\r\n', '') })
        for (const look of [...waiting]) look()
        callback()
      })
    },
  })
  // A house that is ended while it sends is no failure of the test.
  server.on('error', () => undefined)
  await new Promise<void>((resolve) => server.listen(at.port, at.host, resolve))
  const { port } = server.server.address() as AddressInfo
  return {
    mail: { url: `smtp://${at.host}:${port}`, from: 'bank@acme.example' },
    letters,
    letter(subject, to) {
      const { promise, resolve, reject } = Promise.withResolvers<Letter>()
      const look = () => {
        const found = letters.find(
          (one) => one.text.includes(`Subject: ${subject}`) && (to === undefined || one.to.includes(to)),
        )
        if (found !== undefined) resolve(found)
      }
      const timer = setTimeout(
        () => reject(new Error(`no letter “${subject}”; so far ${letters.map(({ text }) => text).join('\n')}`)),
        10_000,
      )
      waiting.add(look)
      look()
      return promise.finally(() => {
        clearTimeout(timer)
        waiting.delete(look)
      })
    },
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  }
}
