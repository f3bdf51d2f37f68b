// The client side of the gate: the callee is judged before anything of ours has left.
import { connect as connectRaw, type Socket } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import type { Refusal } from '@countersign/protocol'
import { presentedCertificates } from '../gate/presented.ts'
import type { Connected, ConnectOptions } from '../model.ts'
import {
  type Call,
  judgeCallee,
  type Kept,
  prepareCall,
  resumptionKey,
  secureContextOf,
  takeResumable,
} from './call.ts'
import { openCall } from './open-call.ts'
import { type Asked, acceptedMeeting, refusedMeeting } from './record.ts'
import { MeetingRefusedError, refusalOfError } from './refused.ts'

const HANDSHAKE_TIMEOUT_MS = 10_000

/**
 * Meets a callee over TLS 1.3: resolves once it has proved its name by our trust, and not before.
 * A callee that is refused never sees our certificate. One that refuses us may say so only afterwards, on the socket:
 * TLS 1.3 lets a client finish first, and `refusalOfError` explains that error. Where a change of trust would now refuse
 * the callee, as its revocation does, the open socket ends with a `SessionCutError`.
 * @throws {MeetingRefusedError} with the refusal and the record of the meeting.
 */
export function connect(options: ConnectOptions): Promise<Connected> {
  const call = prepareCall(options)
  const kept = takeResumable(call)
  const { promise, resolve, reject } = Promise.withResolvers<Connected>()
  const raw = openRaw(call)
  let socket: TLSSocket | undefined
  const asked: Asked = { call, at: call.now(), random: undefined }
  let stage: 'asking' | 'handshake' = 'asking'

  const refuse = (refusal: Refusal, cause?: Error) => {
    settle()
    close()
    reject(new MeetingRefusedError(refusal, refusedMeeting(asked, refusal), cause && { cause }))
  }
  const close = () => {
    socket?.destroy()
    raw.destroy()
  }
  const timer = setTimeout(() => {
    const note = `no answer within ${(options.timeoutMs ?? HANDSHAKE_TIMEOUT_MS) / 1000} s`
    refuse({ code: stage === 'asking' ? 'ERR_CALLEE_UNREACHABLE' : 'ERR_GATE_TIMEOUT', note })
  }, options.timeoutMs ?? HANDSHAKE_TIMEOUT_MS)
  const onKeylog = (line: Buffer) => {
    asked.random ??= randomOfKeylog(line)
  }
  const onError = (error: Error) => refuse(refusalOfError(error, stage), error)
  const onClose = () => refuse({ code: 'ERR_GATE_HANDSHAKE', note: 'the other side closed the connection' })
  /** An identity that TLS does not take is an error of this call, and not of the process. */
  const startedTls = (): TLSSocket | undefined => {
    try {
      return startTls(raw, call, kept)
    } catch (error) {
      settle()
      close()
      reject(error)
      return undefined
    }
  }
  const onConnect = () => {
    stage = 'handshake'
    const tls = startedTls()
    if (tls === undefined) return
    socket = tls
    tls.on('keylog', onKeylog).once('secureConnect', () => onSecure(tls))
    tls.on('close', onClose).on('error', onError)
  }
  // Everything in here is synchronous: our certificate is made already, and leaves as soon as this returns.
  const onSecure = (tls: TLSSocket) => {
    try {
      settle()
      const resumed = tls.isSessionReused()
      const judgement = judgeCallee(call, resumed ? (kept?.certificates ?? []) : presentedCertificates(tls))
      if (!judgement.ok) {
        close()
        const { refusal } = judgement
        const meeting = refusedMeeting(asked, refusal, judgement.side)
        reject(new MeetingRefusedError(refusal, meeting))
        options.identity?.report?.(meeting)
        return
      }
      keepSessions(call, tls, judgement.path.certificates)
      const meeting = acceptedMeeting(asked, judgement, tls)
      resolve({ socket: tls, meeting, session: openCall(call, raw, tls, judgement, meeting), trust: judgement.trust })
    } catch (bug) {
      close()
      reject(bug)
    }
  }
  const settle = () => {
    clearTimeout(timer)
    raw.off('connect', onConnect).off('error', onError)
    socket?.off('keylog', onKeylog).off('close', onClose).off('error', onError)
  }
  raw.on('connect', onConnect).on('error', onError)
  // What becomes of it later, TLS is told too.
  raw.on('error', () => raw.destroy())
  return promise
}

function openRaw({ target: { host, port, lookup }, options: { allowHalfOpen = false } }: Call): Socket {
  return connectRaw({ host, port, allowHalfOpen, ...(lookup && { lookup }) })
}

function startTls(raw: Socket, { options, serverName, credential }: Call, kept: Kept | undefined): TLSSocket {
  return connectTls({
    // Half open where `raw` is.
    socket: raw,
    ...(serverName !== undefined && { servername: serverName }),
    ...(options.alpn && { ALPNProtocols: [...options.alpn] }),
    ...(kept && { session: kept.session }),
    secureContext: secureContextOf(credential),
    // One gate decides, in `onSecure`: OpenSSL's own word comes too late in TLS 1.3 and knows no revocation.
    rejectUnauthorized: false,
    checkServerIdentity: () => undefined,
  })
}

function keepSessions(call: Call, socket: TLSSocket, certificates: Kept['certificates']): void {
  const { resumption } = call.options
  if (resumption === undefined) return
  const key = resumptionKey(call)
  socket.on('session', (session) => resumption.put(key, session, certificates))
}

/** The ClientHello's random stands on each line of the key log; the secret beside it is not kept. @see RFC 9850 §2 */
function randomOfKeylog(line: Buffer): Uint8Array {
  const [, random = ''] = line.toString('latin1').split(' ')
  return Uint8Array.fromHex(random)
}
