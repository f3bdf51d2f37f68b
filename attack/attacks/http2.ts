import { FLAG, FRAME, fieldBlock, frame } from '../../tools/testing/http2-frames.ts'
import { openCarelessGateway } from '../controls/careless-gateway.ts'
import type { Attack, Case } from '../model.ts'
import { type Fields, requestOf, sendFrames } from '../support/http2.ts'
import { requestLines } from '../support/request-lines.ts'

const MARK = 'forged-by-the-caller'
const HIDDEN = 'GET /hidden HTTP/1.1\r\nHost: hidden\r\n\r\n'

/** RFC 9113 §8.2.1, §10.3: what HTTP/2 can carry in a field and HTTP/1.1 cannot becomes something else on the way. */
export const http2: Attack = {
  name: 'HTTP/2 on its way to HTTP/1.1',
  goal: 'writes what becomes an identity, or another request, when the door turns it into HTTP/1.1',
  anywhere: true,
  looksBehind: true,
  cases: [
    way('the field as the door writes it', [['client-cert', MARK]]),
    way('with underscores', [['_client_cert_', MARK]]),
    way('in upper case', [['Client-Cert', MARK]]),
    way(
      'as a trailer',
      [],
      [frame(FRAME.headers, FLAG.endHeaders | FLAG.endStream, 1, fieldBlock([['client-cert', MARK]]))],
    ),
    way('as a pseudo-field', [[':client-cert', MARK]]),
    way('as a connection option', [
      ['connection', 'client-cert'],
      ['client-cert', MARK],
    ]),
    way('behind CR and LF in a value', [['x-a', `b\r\nclient-cert: ${MARK}`]]),
    way('behind LF in a value', [['x-a', `b\nclient-cert: ${MARK}`]]),
    way('behind CR and LF in a name', [[`x-a: b\r\nclient-cert`, MARK]]),
    way('behind a colon in a name', [['client-cert: x', MARK]]),
    way('behind CR and LF in the path', [[':path', `/ HTTP/1.1\r\nclient-cert: ${MARK}\r\nx-b: `]]),
    way('behind CR and LF in the method', [[':method', `GET / HTTP/1.1\r\nclient-cert: ${MARK}\r\nx-b: `]]),
    way('behind CR and LF in the authority', [[':authority', `hello.localhost\r\nclient-cert: ${MARK}`]]),
    way('a request within the path', [[':path', `/open HTTP/1.1\r\nHost: x\r\n\r\nGET /hidden`]]),
    way('a version within the path', [[':path', '/hidden HTTP/1.1']]),
    way('a transfer coding', [['transfer-encoding', 'chunked']], [data(`0\r\n\r\n${HIDDEN}`)]),
    // RFC 9113 §8.2.2: "An endpoint MUST NOT generate an HTTP/2 message containing connection-specific header fields".
    way('an upgrade', [['upgrade', MARK]]),
    way('a connection that is kept', [['keep-alive', MARK]]),
    way('TE that is not trailers', [['te', MARK]]),
    way('a length shorter than the body', [['content-length', '0']], [data(HIDDEN)]),
    way('a length longer than the body', [['content-length', '99']], [data('x')]),
    way(
      'two lengths',
      [
        ['content-length', '0'],
        ['content-length', String(HIDDEN.length)],
      ],
      [data(HIDDEN)],
    ),
    way('another Host than the authority', [['host', 'hidden']]),
    way('two authorities', [
      [':authority', 'hello.localhost'],
      [':authority', 'hidden'],
    ]),
    way('somebody else in the authority', [[':authority', 'hidden@hello.localhost']]),
    way('no path', [[':path', '']]),
    way('the path of a proxy', [[':path', 'http://hidden/']]),
  ],
}

function data(text: string): Buffer {
  return frame(FRAME.data, FLAG.endStream, 1, Buffer.from(text, 'latin1'))
}

function way(name: string, fields: Fields, body: readonly Buffer[] = []): Case {
  const hasBody = body.length > 0
  return {
    name,
    control: openCarelessGateway,
    async run(target) {
      const { service } = target
      if (service === undefined) throw new Error('needs the service behind the door')
      service.taken()
      const head = requestOf(
        target,
        hasBody ? [[':method', 'POST'], ...fields] : fields,
        hasBody ? FLAG.endHeaders : FLAG.endHeaders | FLAG.endStream,
      )
      const attempt = await sendFrames(target, [head, ...body])
      return { ...attempt, won: isOtherwise(service.taken()) }
    },
  }
}

/** Did the service get what the door has not judged? */
function isOtherwise(taken: string): boolean {
  const lines = [...requestLines(taken, 'transfer-encoding'), ...requestLines(taken, 'content-length')]
  const isOdd = (taken !== '' && lines.length === 0) || lines.some((line) => !/^[A-Z]+ \/\S* HTTP\/1\.1$/.test(line))
  const isElsewhere = lines.some((line) => line.includes('hidden')) || /^host:.*hidden/im.test(taken)
  // Of a body that is said to be longer, the next request is made to be the rest.
  const [, length, content = ''] = /^content-length: (\d+)\r\n(?:.+\r\n)*\r\n([\s\S]*)$/im.exec(taken) ?? []
  const isCut = length !== undefined && Number(length) !== content.length
  return taken.includes(MARK) || isOdd || isElsewhere || isCut
}
