// The client side of the gate: the callee is judged before anything of ours has left.
import { connect as connectTls, type TLSSocket } from 'node:tls'
import type { Refusal } from '@countersign/protocol'
import type { Connected, ConnectOptions } from '../model.ts'
import { SessionCutError } from '../sessions/session.ts'
import {
  type Call,
  judgeCallee,
  type Kept,
  prepareCall,
  resumptionKey,
  secureContextOf,
  takeResumable,
} from './call.ts'
import { presentedCertificates } from './presented.ts'
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
  const socket = openSocket(call, kept)
  const asked: Asked = { call, at: call.now(), random: undefined }
  let stage: 'asking' | 'handshake' = 'asking'

  const refuse = (refusal: Refusal, cause?: Error) => {
    settle()
    socket.destroy()
    reject(new MeetingRefusedError(refusal, refusedMeeting(asked, refusal), cause && { cause }))
  }
  const timer = setTimeout(() => {
    const note = `no answer within ${(options.timeoutMs ?? HANDSHAKE_TIMEOUT_MS) / 1000} s`
    refuse({ code: stage === 'asking' ? 'ERR_CALLEE_UNREACHABLE' : 'ERR_GATE_TIMEOUT', note })
  }, options.timeoutMs ?? HANDSHAKE_TIMEOUT_MS)
  const onConnect = () => {
    stage = 'handshake'
  }
  const onKeylog = (line: Buffer) => {
    asked.random ??= randomOfKeylog(line)
  }
  const onError = (error: Error) => refuse(refusalOfError(error, stage), error)
  const onClose = () => refuse({ code: 'ERR_GATE_HANDSHAKE', note: 'the other side closed the connection' })
  // Everything in here is synchronous: our certificate is made already, and leaves as soon as this returns.
  const onSecure = () => {
    try {
      settle()
      const resumed = socket.isSessionReused()
      const judgement = judgeCallee(call, resumed ? (kept?.certificates ?? []) : presentedCertificates(socket))
      if (!judgement.ok) {
        socket.destroy()
        const { refusal } = judgement
        reject(new MeetingRefusedError(refusal, refusedMeeting(asked, refusal, judgement.side)))
        return
      }
      keepSessions(call, socket, judgement.path.certificates)
      followTrust(call, socket, judgement.path.certificates)
      resolve({ socket, meeting: acceptedMeeting(asked, judgement, socket), trust: judgement.trust })
    } catch (bug) {
      socket.destroy()
      reject(bug)
    }
  }
  const settle = () => {
    clearTimeout(timer)
    socket.off('connect', onConnect).off('keylog', onKeylog).off('secureConnect', onSecure)
    socket.off('close', onClose).off('error', onError)
  }
  socket.on('connect', onConnect).on('keylog', onKeylog).on('secureConnect', onSecure)
  socket.on('close', onClose).on('error', onError)
  return promise
}

function openSocket(call: Call, kept: Kept | undefined): TLSSocket {
  const { target, options, serverName, credential } = call
  // Node's documentation has it, and its types do not.
  const halfOpen = { allowHalfOpen: options.allowHalfOpen ?? false }
  return connectTls({
    host: target.host,
    port: target.port,
    ...halfOpen,
    ...(target.lookup && { lookup: target.lookup }),
    ...(serverName !== undefined && { servername: serverName }),
    ...(options.alpn && { ALPNProtocols: [...options.alpn] }),
    ...(kept && { session: kept.session }),
    secureContext: secureContextOf(credential),
    // One gate decides, in `onSecure`: OpenSSL's own word comes too late in TLS 1.3 and knows no revocation.
    rejectUnauthorized: false,
    checkServerIdentity: () => undefined,
  })
}

/** From the same turn as the judgement on, so that no change is missed; for kept connections of pools too. */
function followTrust(call: Call, socket: TLSSocket, certificates: Kept['certificates']): void {
  const stop = call.options.trust?.onChange(() => {
    const judgement = judgeCallee(call, certificates)
    if (!judgement.ok) socket.destroy(new SessionCutError(judgement.refusal.code))
  })
  if (stop) socket.once('close', stop)
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
