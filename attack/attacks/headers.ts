import { openPlainProxy } from '../controls/plain-proxy.ts'
import type { Attack, Case } from '../model.ts'
import { attemptOf, dial, presented } from '../support/tls-client.ts'

const MARK = 'forged-by-the-caller'

/** Field lines that an upstream of some make takes for the word of its door. RFC 9440 §2.4, RFC 3875 §4.1.18. */
export const headers: Attack = {
  name: 'forged identity headers',
  goal: 'writes itself into a field by which the service behind the door learns who calls',
  anywhere: true,
  looksBehind: true,
  cases: [
    way('as the door writes it', `Client-Cert: ${MARK}\r\n`),
    way('in lower case', `client-cert: ${MARK}\r\n`),
    way('in mixed case', `cLIENT-cERT: ${MARK}\r\n`),
    way('with an underscore', `Client_Cert: ${MARK}\r\n`),
    way('with underscores all over', `_CLIENT_CERT_: ${MARK}\r\n`),
    way('with a dot', `client.cert: ${MARK}\r\n`),
    way('twice', `Client-Cert: x\r\nClient-Cert: ${MARK}\r\n`),
    way('empty and then full', `Client-Cert:\r\nClient-Cert: ${MARK}\r\n`),
    way('named as a connection option', `Connection: Client-Cert\r\nClient-Cert: ${MARK}\r\n`),
    way('as the chain', `Client-Cert-Chain: ${MARK}\r\n`),
    way('as Envoy writes it', `X-Forwarded-Client-Cert: Hash=${MARK}\r\n`),
    way('as nginx recipes write it', `X-SSL-Client-Verify: ${MARK}\r\nSSL_CLIENT_S_DN: ${MARK}\r\n`),
    way('as a user who signed in', `Remote-User: ${MARK}\r\nX-Forwarded-User: ${MARK}\r\n`),
    way('as an address', `Forwarded: for=${MARK}\r\nX-Real-IP: ${MARK}\r\nX-Forwarded-For: ${MARK}\r\n`),
    way('with a space before the colon', `Client-Cert : ${MARK}\r\n`),
    way('behind a folded line', `X-A: b\r\n Client-Cert: ${MARK}\r\n`),
    way('behind a bare LF', `X-A: b\nClient-Cert: ${MARK}\r\n`),
    way('behind a bare CR', `X-A: b\rClient-Cert: ${MARK}\r\n`),
    way('as a trailer', 'Transfer-Encoding: chunked\r\nTrailer: Client-Cert\r\n', `0\r\nClient-Cert: ${MARK}\r\n\r\n`),
  ],
}

function way(name: string, lines: string, body = ''): Case {
  return {
    name,
    control: (attackers) => openPlainProxy(attackers),
    async run(target) {
      const { attackers, service, serverName } = target
      if (service === undefined) throw new Error('needs the service behind the door')
      service.taken()
      const { socket, over, reference } = await dial(target, presented(attackers.alice, attackers.issuing))
      const method = body === '' ? 'GET' : 'POST'
      socket.write(`${method} / HTTP/1.1\r\nHost: ${serverName}\r\n${lines}Connection: close\r\n\r\n${body}`, 'latin1')
      const { said, error } = await over(300, 2_000)
      return { ...attemptOf(said, error, reference()), won: service.taken().includes(MARK) }
    },
  }
}
