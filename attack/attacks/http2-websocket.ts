import { FLAG, headersFrame, PREFACE } from '../../tools/testing/http2-frames.ts'
import { openCarelessGateway } from '../controls/careless-gateway.ts'
import type { Attack, Case, Control, Target } from '../model.ts'
import { type Fields, requestOf, sendFrames } from '../support/http2.ts'
import { besideMeeting, type dial } from '../support/tls-client.ts'
import { whileRevoked, withGuests } from '../support/while-revoked.ts'

const MARK = 'forged-by-the-caller'
const GUARDED = 'guarded.localhost'
/** RFC 9113 §3.4: 24 octets, and SETTINGS behind them. */
const PREFACE_ALONE = PREFACE.subarray(0, 24)

/** RFC 8441 §4, §5: an opening handshake that is a CONNECT, and a stream that is then nobody's request. */
export const http2WebSocket: Attack = {
  name: 'a WebSocket over HTTP/2',
  goal: 'opens a tunnel to the service that the door has not judged, or keeps one open',
  cases: [
    // RFC 9113 §3.4: the preface "MUST be followed by a SETTINGS frame".
    way('without SETTINGS', handshake(), { preface: PREFACE_ALONE }),
    // RFC 8441 §3: "A sender MUST NOT send" it before SETTINGS_ENABLE_CONNECT_PROTOCOL came; it is judged all the same.
    way('before it is offered, with an identity', handshake(['client-cert', MARK]), { wanted: MARK }),
    way('with a key of its own', handshake(['sec-websocket-key', MARK]), { wanted: MARK }),
    way('to a service that rules give to nobody', handshake([':path', '/admin/ws']), { at: ({ shop }) => shop }),
    ofAnotherName('with the guarded name in :authority', handshake([':authority', GUARDED])),
    ofAnotherName('with the guarded name in Host alone', handshake(['host', GUARDED]), ':authority'),
    ofAnotherName('with the guarded name in Host beside the open one', handshake(['host', GUARDED])),
    way('with a connection that is upgraded', handshake(['upgrade', 'h2c'])),
    way('by another protocol', handshake([':protocol', 'connect-udp'])),
    way('by GET', handshake([':method', 'GET'])),
    way('without a path', handshake(), { without: ':path' }),
    way('to a port, as a proxy has it', () => [
      headersFrame(
        1,
        [
          [':method', 'CONNECT'],
          [':authority', 'hidden:80'],
        ],
        FLAG.endHeaders,
      ),
    ]),
    {
      name: 'whose caller is revoked',
      control: async (attackers) => withGuests(await openCarelessGateway(attackers)),
      run: (target) =>
        whileRevoked(target, { alpn: ['h2'], said: () => Buffer.concat([PREFACE, ...handshake()(target)]) }),
    },
  ],
}

type Frames = (target: Target, without?: string) => readonly Buffer[]

/** An opening handshake but for what `different` says; more comes on the stream. */
function handshake(...different: Fields): Frames {
  return (target, without) => {
    const named = new Set(different.map(([name]) => name))
    const usual: Fields = [
      [':method', 'CONNECT'],
      [':protocol', 'websocket'],
      [':path', '/ws'],
      ['sec-websocket-version', '13'],
    ]
    const fields = [...usual.filter(([name]) => !named.has(name) && name !== without), ...different]
    return [requestOf(target, fields, FLAG.endHeaders, without)]
  }
}

interface Different {
  readonly preface?: Buffer
  readonly without?: string
  /** What must not reach the service; absent: a single octet. */
  readonly wanted?: string
  /** Absent: the target itself. */
  readonly at?: (target: Target) => Target | undefined
  readonly identity?: Parameters<typeof dial>[1]
  readonly control?: Control
}

function way(name: string, frames: Frames, different: Different = {}): Case {
  const { preface, without, wanted, at = (target) => target, identity, control = openCarelessGateway } = different
  return {
    name,
    control,
    async run(given) {
      // A control is its own.
      const target = at(given) ?? given
      const { service } = target
      if (service === undefined) throw new Error('needs the service behind the door')
      service.taken()
      const attempt = await sendFrames(target, frames(target, without), identity, preface)
      const taken = service.taken()
      const won = wanted === undefined ? taken !== '' : taken.includes(wanted)
      // A service that is refused beside the door has a record of its own.
      return { ...(target === given.shop ? besideMeeting(attempt) : attempt), won, door: target.name }
    },
  }
}

/** On a connection for a name that asks for no certificate: RFC 9110 §15.5.20. */
function ofAnotherName(name: string, frames: Frames, without?: string): Case {
  return way(name, frames, {
    ...(without !== undefined && { without }),
    at: ({ guarded }) => guarded,
    identity: {},
    control: (attackers) => openCarelessGateway(attackers, { requestCert: false, rejectUnauthorized: false }),
  })
}
