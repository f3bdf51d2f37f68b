// The SMTP server that notices are given to: encrypted, but on this machine.
import { isIPv4, Socket } from 'node:net'
import { createTransport, type SendMailOptions } from 'nodemailer'
import type SMTPTransport from 'nodemailer/lib/smtp-transport/index.js'

/** Where notices go, and from whom. */
export interface MailOptions {
  /** As in `smtp://mail.bank.example:587` or `smtps://user@mail.bank.example`. */
  readonly url: string
  /** As in `notices@bank.example`. */
  readonly from: string
  /** Of the user that `url` names. Secret. */
  readonly password?: string
}

/** RFC 8314 §3.3, RFC 6409 §3.1 */
const PORTS = { 'smtps:': 465, 'smtp:': 587 } as const
const TIMES = { connectionTimeout: 10_000, greetingTimeout: 10_000, socketTimeout: 30_000 } as const

/** What nodemailer is told. Without encryption nothing goes to another machine: neither a notice nor a password. */
export function transportOptions({ url, password }: MailOptions): SMTPTransport.Options {
  const { protocol, hostname, port, username } = new URL(url)
  const isEncrypted = protocol === 'smtps:'
  const isHere = isLoopback(hostname)
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? PORTS[isEncrypted ? 'smtps:' : 'smtp:'] : Number(port),
    secure: isEncrypted,
    // STARTTLS, or not at all. @see RFC 8314 §4.1
    requireTLS: !isEncrypted && !isHere,
    ignoreTLS: !isEncrypted && isHere,
    tls: { minVersion: 'TLSv1.2' },
    ...(username !== '' && { auth: { user: decodeURIComponent(username), pass: password ?? '' } }),
    ...TIMES,
    // What is in a notice is text: nothing of it names a file or an address that is read.
    disableFileAccess: true,
    disableUrlAccess: true,
  }
}

/** Where notices are given away. */
export interface NoticeTransport {
  /** @throws {Error} (rejects) where nobody has taken it. */
  send(message: SendMailOptions): Promise<void>
  /** Cuts what is under way: it was not sent. */
  cut(): void
}

/** Connects for each notice. */
export function openTransport(mail: MailOptions): NoticeTransport {
  const options = transportOptions(mail)
  const underWay = new Set<() => void>()
  return {
    async send(message) {
      // Ours: by itself the library waits half a minute for a server that says nothing any more.
      const socket = new Socket()
      const { promise: cut, reject } = Promise.withResolvers<never>()
      const end = () => {
        reject(new Error('it was cut, since the house ends'))
        socket.destroy()
      }
      underWay.add(end)
      const transport = createTransport({ ...options, socket })
      try {
        await Promise.race([transport.sendMail(message), cut])
      } finally {
        underWay.delete(end)
        transport.close()
      }
    },
    cut() {
      for (const end of underWay) end()
    },
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || (isIPv4(host) && host.startsWith('127.'))
}
