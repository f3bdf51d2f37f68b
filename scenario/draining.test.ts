// SIGTERM while many callers ask without a pause: every request that was taken is answered whole, in both versions of HTTP.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { connect as connectHttp2 } from 'node:http2'
import { Agent, request } from 'node:https'
import type { AddressInfo } from 'node:net'
import { suite, test } from 'node:test'
import { connect, type TLSSocket } from 'node:tls'
import { type RunningHouse, startHouse } from './support/house.ts'
import { enrolled, type PartyFiles } from './support/peers.ts'

const HTTP1_CALLERS = 40
const HTTP2_CALLERS = 10
const STREAMS_EACH = 8
const HALF = 'half of the answer, '

/** How the requests of a caller went. */
interface Tally {
  whole: number
  /** Taken, and not answered whole. */
  dropped: string[]
}

/** A service that takes its time: half of the answer now, the other half later. */
async function openService() {
  const server = createServer((_request, response) => {
    response.write(HALF)
    setTimeout(() => response.end(HALF), 20)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function optionsOf(house: RunningHouse, { key, certificate, trust }: PartyFiles) {
  return {
    host: '127.0.0.1',
    port: Number(new URL(house.ready.doors[0]?.url ?? '').port),
    servername: 'busy.localhost',
    key: readFileSync(key),
    cert: readFileSync(certificate),
    ca: readFileSync(trust),
  }
}

/** Asks again and again on one connection, until the door says that it goes. */
async function askByHttp1(options: ReturnType<typeof optionsOf>, tally: Tally): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1, ...options })
  for (let goes = false; !goes; ) {
    const asked = request({ ...options, agent, path: '/', headers: { Host: 'busy.localhost' } })
    let isMet = false
    asked.once('socket', (socket: TLSSocket) => {
      isMet = asked.reusedSocket
      if (!isMet)
        socket.once('secureConnect', () => {
          isMet = true
        })
    })
    asked.end()
    try {
      const [response] = await once(asked, 'response')
      let text = ''
      for await (const chunk of response) text += String(chunk)
      assert.deepEqual([response.statusCode, text], [200, HALF + HALF])
      tally.whole++
      goes = response.headers.connection === 'close'
    } catch (error) {
      // Where nobody listens any more, nothing was taken.
      if (isMet) tally.dropped.push(`HTTP/1.1: ${String(error)}`)
      goes = true
    }
  }
  agent.destroy()
}

/** Keeps several streams open on one connection, until GOAWAY. */
async function askByHttp2(options: ReturnType<typeof optionsOf>, tally: Tally): Promise<void> {
  const session = connectHttp2('https://busy.localhost', {
    createConnection: () => connect({ ...options, ALPNProtocols: ['h2'] }),
  })
  let goes = false
  session.on('error', () => undefined)
  session.once('goaway', () => {
    goes = true
  })
  await once(session, 'remoteSettings')
  const one = async () => {
    while (!goes && !session.closed && !session.destroyed) {
      const stream = session.request({ ':path': '/' })
      let status: unknown
      let text = ''
      stream.once('response', (headers) => {
        status = headers[':status']
      })
      stream.on('data', (chunk) => {
        text += String(chunk)
      })
      let failed = 'no error'
      stream.once('error', (error) => {
        failed = String(error)
      })
      await new Promise((resolve) => stream.once('close', resolve))
      if (status === 200 && text === HALF + HALF && stream.rstCode === 0) tally.whole++
      // RFC 9113 §6.8, §8.7: behind the last stream that GOAWAY names, or refused, nothing was taken, and it says so.
      else if (!(goes && status === undefined && [0, 7, 8].includes(stream.rstCode ?? 0)))
        tally.dropped.push(`HTTP/2: ${String(status)}, ${text.length} octets, code ${stream.rstCode}, ${failed}`)
    }
  }
  await Promise.all(Array.from({ length: STREAMS_EACH }, one))
  session.close()
}

suite('a house that is told to end while it works', () => {
  test('answers whatever it has taken, takes no more, and ends with 0', async () => {
    await using service = await openService()
    await using house = await startHouse({
      config: {
        authority: { listen: '127.0.0.1:0' },
        doors: [
          {
            name: 'busy',
            kind: 'web',
            host: ['busy.localhost'],
            listen: '127.0.0.1:0',
            upstream: { url: service.url },
            allow: ['alice'],
          },
        ],
      },
    })
    const options = optionsOf(house, await enrolled(house, 'alice'))
    const [http1, http2]: [Tally, Tally] = [
      { whole: 0, dropped: [] },
      { whole: 0, dropped: [] },
    ]
    const callers = [
      ...Array.from({ length: HTTP1_CALLERS }, () => askByHttp1(options, http1)),
      ...Array.from({ length: HTTP2_CALLERS }, () => askByHttp2(options, http2)),
    ]
    // Each has asked more than once on its connection.
    const isBusy = () => http1.whole > 3 * HTTP1_CALLERS && http2.whole > 3 * HTTP2_CALLERS * STREAMS_EACH
    while (!isBusy()) await new Promise((resolve) => setTimeout(resolve, 20))
    const [before1, before2] = [http1.whole, http2.whole]
    const ended = house.stop('SIGTERM')
    await Promise.all(callers)
    assert.deepEqual([...http1.dropped, ...http2.dropped], [])
    assert.ok(http1.whole > before1 && http2.whole > before2, 'requests were under way')
    assert.deepEqual(await ended, { code: 0, signal: null })
    await assert.rejects(once(connect(options), 'secureConnect'), { code: 'ECONNREFUSED' })
  })
})
