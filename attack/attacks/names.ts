import { openCarelessGateway } from '../controls/careless-gateway.ts'
import { openPlainProxy } from '../controls/plain-proxy.ts'
import type { Attack, Attackers, Case, Control, Target } from '../model.ts'
import { requestOf, sendFrames } from '../support/http2.ts'
import { attemptOf, dial } from '../support/tls-client.ts'

const GUARDED = 'guarded.localhost'

/** RFC 9110 §7.4, §15.5.20; RFC 9113 §9.1.1: a connection is for the name that it was made for, and for its like. */
export const names: Attack = {
  name: 'another name on one connection',
  goal: 'opens a connection for a name that asks for no certificate, and asks there for one that demands it',
  cases: [
    overHttp1('HTTP/1.1, the guarded name in Host', `GET /open HTTP/1.1\r\nHost: ${GUARDED}\r\n`),
    overHttp1('HTTP/1.1, in odd case and with a port', 'GET /open HTTP/1.1\r\nHost: GuArDeD.localhost:443\r\n'),
    overHttp1('HTTP/1.1, in the target', `GET https://${GUARDED}/open HTTP/1.1\r\nHost: open.localhost\r\n`),
    overHttp2('HTTP/2, the guarded name in :authority', [[':authority', GUARDED]]),
    overHttp2('HTTP/2, in Host alone', [['host', GUARDED]], ':authority'),
    overHttp1('a name that is nobody’s', 'GET /open HTTP/1.1\r\nHost: elsewhere.example\r\n'),
  ],
}

function overHttp1(name: string, head: string): Case {
  return {
    name,
    control: withoutAsking(openPlainProxy),
    async run(target) {
      const { socket, over, reference } = await dial(openName(target))
      socket.write(`${head}Connection: close\r\n\r\n`)
      const { said, error } = await over(300, 2_000)
      return { ...attemptOf(said, error, reference()), door: openName(target).name }
    },
  }
}

function overHttp2(name: string, fields: Parameters<typeof requestOf>[1], without?: string): Case {
  return {
    name,
    control: withoutAsking(openCarelessGateway),
    async run(target) {
      const open = openName(target)
      return { ...(await sendFrames(open, [requestOf(open, fields, undefined, without)], {})), door: open.name }
    },
  }
}

/** A control is its own. */
function openName(target: Target): Target {
  return target.guarded ?? target
}

/** Serves every name on every connection, and asks for a certificate on none. */
function withoutAsking(open: (attackers: Attackers, options: object) => ReturnType<Control>): Control {
  return (attackers) => open(attackers, { requestCert: false, rejectUnauthorized: false })
}
