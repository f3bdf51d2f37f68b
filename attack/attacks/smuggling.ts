import { openPlainProxy } from '../controls/plain-proxy.ts'
import type { Attack, Case } from '../model.ts'
import { requestLines } from '../support/request-lines.ts'
import { attemptOf, dial, presented } from '../support/tls-client.ts'

const HIDDEN = 'GET /hidden HTTP/1.1\r\nHost: hidden\r\n\r\n'
const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`

/** RFC 9112 §6.1, §6.3, §11.2: a message of two lengths is an attack, and is read by one reader as two. */
export const smuggling: Attack = {
  name: 'request smuggling',
  goal: 'makes the service read a request that the door has never judged',
  anywhere: true,
  looksBehind: true,
  cases: [
    way('CL.TE', `Content-Length: ${HIDDEN.length + 5}\r\nTransfer-Encoding: chunked\r\n`, `0\r\n\r\n${HIDDEN}`),
    way('TE.CL', 'Content-Length: 4\r\nTransfer-Encoding: chunked\r\n', `${chunk(HIDDEN)}0\r\n\r\n`),
    way(
      'TE.TE, the second in disguise',
      'Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\nContent-Length: 4\r\n',
      `${chunk(HIDDEN)}0\r\n\r\n`,
    ),
    way(
      'TE with a tab before the colon',
      'Content-Length: 4\r\nTransfer-Encoding\t: chunked\r\n',
      `${chunk(HIDDEN)}0\r\n\r\n`,
    ),
    way('two different lengths', `Content-Length: 0\r\nContent-Length: ${HIDDEN.length}\r\n`, HIDDEN),
    way('a length with a sign', `Content-Length: +${HIDDEN.length}\r\n`, HIDDEN),
    way('a length with an underscore', `Content_Length: ${HIDDEN.length}\r\nContent-Length: 0\r\n`, ''),
    way('a chunk length beyond 64 bits', 'Transfer-Encoding: chunked\r\n', `10000000000000000\r\n${HIDDEN}`),
    {
      ...way('CL.0, in a GET', `Content-Length: ${HIDDEN.length}\r\n`, HIDDEN),
      // Takes a GET for one without a body, and forgets its length.
      control: (attackers) => openPlainProxy(attackers, {}, (octets) => octets.replace(/Content-Length: \d+\r\n/, '')),
    },
  ],
}

function way(name: string, lines: string, body: string): Case {
  return {
    name,
    control: (attackers) => openPlainProxy(attackers),
    async run(target) {
      const { attackers, service, serverName } = target
      if (service === undefined) throw new Error('needs the service behind the door')
      service.taken()
      const { socket, over, reference } = await dial(target, presented(attackers.alice, attackers.issuing))
      const method = name.includes('GET') ? 'GET' : 'POST'
      socket.write(`${method} /open HTTP/1.1\r\nHost: ${serverName}\r\n${lines}\r\n${body}`, 'latin1')
      const { said, error } = await over(500)
      const taken = service.taken()
      // A service may prefer either length, and may take an underscore for a dash.
      const read = [...requestLines(taken, 'transfer-encoding'), ...requestLines(taken, 'content-length')]
      const ambiguous = /^content_length:/im.test(taken)
      return { ...attemptOf(said, error, reference()), won: ambiguous || read.some((line) => line.includes('/hidden')) }
    },
  }
}
