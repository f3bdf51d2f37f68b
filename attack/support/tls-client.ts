// A client that trusts nobody's word: it says what it is told to say, and tells what came back.
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import { referenceOfRandom } from '@countersign/mtls'
import { parseReference, type Reference } from '@countersign/protocol'
import { writePem } from '@countersign/x509'
import type { Holder } from '../../interop/chains/house.ts'
import type { Attempt, Target } from '../model.ts'
import { type Reshape, startTap } from './tap.ts'

/** What the service behind every door of the suite says. */
export const THROUGH = 'you are through'

/** Key and certificates as Node's TLS takes them: the leaf, and those above that are sent with it. */
export function presented(leaf: Holder, ...above: readonly Holder[]): Pick<ConnectionOptions, 'key' | 'cert'> {
  return {
    key: leaf.keys.privateKey.export({ type: 'pkcs8', format: 'pem' }),
    cert: [leaf, ...above].map(({ certificate }) => writePem('CERTIFICATE', certificate.der)).join(''),
  }
}

const MAX_SAID = 4 * 1024 * 1024

export interface Dialled {
  readonly socket: TLSSocket
  /** The session that was handed out last. */
  readonly session: () => Buffer | undefined
  readonly reference: () => Reference | undefined
  /** All that came back, when the connection is over or `quietMs` passed without an octet, before the first one `silentMs`. */
  over(quietMs?: number, silentMs?: number): Promise<Over>
}

/** How a connection ended. */
export interface Over {
  readonly said: string
  readonly error?: NodeJS.ErrnoException | undefined
  /** Nobody had ended it until the attacker did. */
  readonly open: boolean
}

/** Opens a TLS connection to the target and waits for its handshake, or its end. */
export async function dial(target: Target, options: ConnectionOptions = {}, reshape?: Reshape): Promise<Dialled> {
  // The random of a hello that comes to nothing is on the wire alone.
  const tap = await startTap(target, reshape)
  const socket = connect({
    host: '127.0.0.1',
    port: tap.port,
    servername: target.serverName,
    ca: writePem('CERTIFICATE', target.attackers.root.certificate.der),
    // The attacker does not mind whom it meets.
    rejectUnauthorized: false,
    ...options,
  })
  let session: Buffer | undefined
  let said = ''
  let error: NodeJS.ErrnoException | undefined
  let spoke = performance.now()
  socket.on('session', (given) => {
    session = given
  })
  socket.setEncoding('latin1').on('data', (text) => {
    // Whoever pours without end has said enough.
    if (said.length < MAX_SAID) said += text
    spoke = performance.now()
  })
  socket.on('error', (cause: NodeJS.ErrnoException) => {
    error ??= cause
    socket.destroy()
  })
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  await Promise.race([closed, new Promise((resolve) => socket.once('secureConnect', resolve))])
  return {
    socket,
    session: () => session,
    reference: () => referenceIn(tap.sent()),
    async over(quietMs = 3_000, silentMs = quietMs) {
      spoke = performance.now()
      while (!socket.destroyed && performance.now() - spoke < (said === '' ? silentMs : quietMs))
        await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, 20))])
      const open = !socket.destroyed
      socket.destroy()
      tap.close()
      return { said, error, open }
    },
  }
}

/** RFC 9846 §5.1, §4.2.2: the random is behind the headers of record and message and the version, 5 + 4 + 2 octets. */
export function referenceIn(sent: Uint8Array): Reference | undefined {
  return sent.length < 43 || sent[0] !== 22 ? undefined : referenceOfRandom(sent.subarray(11, 43))
}

/** One plain request to a web door; to a TCP door nothing need be said. */
export function greeting({ kind, serverName }: Target): string {
  return kind === 'web' ? `GET / HTTP/1.1\r\nHost: ${serverName}\r\nConnection: close\r\n\r\n` : 'hello\n'
}

/** Meets the target, greets the service and says what came of it. `won`: the service answered, or the attacker was let stay. */
export async function meet(
  target: Target,
  options: ConnectionOptions = {},
  reshape?: Reshape,
): Promise<Attempt & { resumed: boolean }> {
  const { socket, over, reference } = await dial(target, options, reshape)
  const resumed = socket.isSessionReused()
  if (!socket.destroyed) socket.write(greeting(target))
  const { said, error, open } = await over(target.kind === 'web' ? 3_000 : 500, 3_000)
  const attempt = attemptOf(said, error, reference())
  // A service may have nothing to say: then only its door tells, by ending the connection, that somebody is refused.
  return open && said === '' ? { ...attempt, peer: 'open', won: true, resumed } : { ...attempt, resumed }
}

/** What the attacker reads out of what it was told. */
export function attemptOf(
  said: string,
  error: NodeJS.ErrnoException | undefined,
  reference: Reference | undefined,
): Attempt {
  const peer = peerOf(said, error)
  const told = parseReference(/"reference": ?"(M-[0-9A-Z-]+)"/.exec(said)?.[1] ?? '')
  return { peer, won: peer === 'passed', ...(reference && { reference }), ...(told !== undefined && { told }) }
}

/** Of a refusal beside the meeting, as of a service behind it or of whom a proxy names: its record is under what was told. */
export function besideMeeting(attempt: Attempt): Attempt {
  return attempt.told === undefined ? attempt : { ...attempt, reference: attempt.told }
}

function peerOf(said: string, error: NodeJS.ErrnoException | undefined): string {
  const code = /"code": ?"(ERR_[A-Z_]+)"/.exec(said)?.[1]
  if (code !== undefined) return code
  if (said !== '')
    return said.includes(THROUGH) || /^HTTP\/1\.1 2/.test(said) ? 'passed' : (said.split('\r\n')[0] ?? '')
  const alert = /ALERT_(?:ALERT_)?([A-Z_]+)$/.exec(error?.code ?? '')?.[1]
  return alert === undefined ? 'closed' : `alert ${alert.toLowerCase()}`
}
