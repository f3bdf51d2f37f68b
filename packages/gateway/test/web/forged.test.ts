// A caller writes itself into header fields, octet by octet; the upstream must see the door's word only.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { CALLERS, dial, openTestDoor, say, until } from '../../../../tools/testing/web-house.ts'
import { serveHttp, serveOctets } from '../support/plain-upstream.ts'

const MARK = 'forged-by-the-caller'

/** Each is a field name on the wire; RFC 9110 §5.6.2 allows all these characters in a token. */
const SPELLINGS = [
  'Client-Cert',
  'client-cert',
  'CLIENT-CERT',
  'cLIENT-cERT',
  'Client_Cert',
  'CLIENT_CERT',
  'client.cert',
  'Client--Cert',
  '-Client-Cert',
  'Client-Cert-',
  '_client_cert_',
  "Client'Cert",
  'Client~Cert',
  'Client!Cert',
  'Client+Cert',
  'Client^Cert',
  'Client|Cert',
  'Client`Cert',
  'Client*Cert',
  'Client%Cert',
  'Client-Cert-Chain',
  'client_cert_chain',
  'Client-Cert_Chain',
  'X-Forwarded-Client-Cert',
  'X_Forwarded_Client_Cert',
  'X-Client-Cert',
  'x-client-certificate',
  'X-SSL-Client-Cert',
  'SSL_CLIENT_S_DN',
  'X-Forwarded-For',
  'x_forwarded_for',
  'X-Forwarded-Proto',
  'Forwarded',
  'X-Real-IP',
  'Remote-User',
  'REMOTE_USER',
  'X-Remote-User',
  'X-Auth-Request-Email',
  'X-Amzn-Mtls-Clientcert',
  'X-Original-URL',
]

/** Lines around the forged one that have tempted parsers. */
const DISGUISES: readonly (readonly [name: string, lines: string])[] = [
  ['twice', `Client-Cert: :AAAA:${MARK}\r\nClient-Cert: ${MARK}\r\n`],
  ['as a connection option', `Connection: Client-Cert, close\r\nClient-Cert: ${MARK}\r\n`],
  ['with tabs around the value', `Client-Cert:\t${MARK}\t\r\n`],
  ['empty and then full', `Client-Cert:\r\nClient-Cert: ${MARK}\r\n`],
  ['in a list', `Client-Cert-Chain: :AA==:, ${MARK}\r\n`],
]

/** Lines that are no field lines at all. RFC 9112 §5.1, §5.2: refused, not repaired. */
const BROKEN: readonly (readonly [name: string, lines: string])[] = [
  ['a space before the colon', `Client-Cert : ${MARK}\r\n`],
  ['a space in the name', `Client Cert: ${MARK}\r\n`],
  ['a folded line', `X-A: b\r\n Client-Cert: ${MARK}\r\n`],
  ['a folded first line', ` Client-Cert: ${MARK}\r\n`],
  ['a NUL in the name', `Client\0Cert: ${MARK}\r\n`],
  ['a NUL in the value', `X-A: b\0c\r\n`],
  ['a bare CR', `X-A: b\rClient-Cert: ${MARK}\r\n`],
  ['a bare LF', `X-A: b\nClient-Cert: ${MARK}\r\n`],
  ['an octet above 127 in the name', `Client\u00adCert: ${MARK}\r\n`],
  ['no name', `: ${MARK}\r\n`],
  ['no colon', `Client-Cert\r\n`],
]

const echo = () =>
  serveHttp((request, response) => response.end(JSON.stringify({ raw: request.rawHeaders, seen: request.headers })))

suite('what a caller writes about itself', () => {
  for (const name of SPELLINGS)
    test(`${name} never reaches the upstream`, async () => {
      await using upstream = await echo()
      await using door = await openTestDoor(upstream)
      const text = await say(
        door,
        CALLERS.alice,
        `GET / HTTP/1.1\r\nHost: h\r\n${name}: ${MARK}\r\nConnection: close\r\n\r\n`,
      )
      assert.match(text, /^HTTP\/1\.1 200 /)
      assert.ok(!text.includes(MARK), text)
      assert.equal(text.match(/"Client-Cert"/g)?.length, 1)
      assert.equal(upstream.reached, 1)
    })

  for (const [name, lines] of DISGUISES)
    test(`${name}: the upstream sees the door’s word alone`, async () => {
      await using upstream = await echo()
      await using door = await openTestDoor(upstream)
      const text = await say(door, CALLERS.alice, `GET / HTTP/1.1\r\nHost: h\r\n${lines}Connection: close\r\n\r\n`)
      assert.match(text, /^HTTP\/1\.1 200 /)
      assert.ok(!text.includes(MARK), text)
      assert.ok(text.includes(`:${Buffer.from(CALLERS.alice.certificate.der).toString('base64')}:`))
    })

  for (const [name, lines] of BROKEN)
    test(`${name}: refused, and nothing reaches the upstream`, async () => {
      await using upstream = await echo()
      await using door = await openTestDoor(upstream)
      const text = await say(door, CALLERS.alice, `GET / HTTP/1.1\r\nHost: h\r\n${lines}Connection: close\r\n\r\n`)
      assert.match(text, /^HTTP\/1\.1 400 /)
      assert.equal(upstream.reached, 0)
    })
})

/** Requests that two readers could understand differently. */
const AMBIGUOUS: readonly (readonly [name: string, request: string])[] = [
  ['both lengths', 'POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
  [
    'both lengths, the other way',
    'POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n',
  ],
  ['two lengths', 'POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef'],
  ['the same length twice', 'POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na'],
  ['a list of lengths', 'POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1, 1\r\n\r\na'],
  ['a signed length', 'POST / HTTP/1.1\r\nHost: h\r\nContent-Length: +1\r\n\r\na'],
  ['a negative length', 'POST / HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n'],
  ['a hexadecimal length', 'POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0x1\r\n\r\na'],
  ['an unknown coding', 'POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n'],
  [
    'chunked, then another coding',
    'POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n',
  ],
  ['chunked twice', 'POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n'],
  ['a vertical tab in the coding', 'POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: \vchunked\r\n\r\n0\r\n\r\n'],
  ['no host', 'GET / HTTP/1.1\r\n\r\n'],
  ['two hosts', 'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n'],
  ['the same host twice', 'GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n'],
  ['a host with a path', 'GET / HTTP/1.1\r\nHost: a/b\r\n\r\n'],
  ['a host with a user', 'GET / HTTP/1.1\r\nHost: a@b\r\n\r\n'],
  ['a list of hosts', 'GET / HTTP/1.1\r\nHost: a b\r\n\r\n'],
  ['an absolute form without a host', 'GET http:///x HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['an absolute form with a user', 'GET http://u@a/x HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['an authority as target', 'GET a:443 HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['another scheme', 'GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['a fragment', 'GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['the whole server', 'OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['TRACE', 'TRACE / HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['an unknown expectation', 'POST / HTTP/1.1\r\nHost: a\r\nExpect: x\r\nContent-Length: 1\r\n\r\na'],
  ['an unknown version', 'GET / HTTP/3.0\r\nHost: a\r\n\r\n'],
  ['HTTP/0.9', 'GET /\r\n\r\n'],
  ['HTTP/0.9 by its number', 'GET / HTTP/0.9\r\nHost: a\r\n\r\n'],
  ['HTTP/2 in the form of HTTP/1', 'GET / HTTP/2.0\r\nHost: a\r\n\r\n'],
  // RFC 9112 §6.1: "MUST treat the message as if the framing is faulty"
  [
    'chunks in HTTP/1.0',
    'POST / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n',
  ],
  ['HTTP/2 by prior knowledge', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ['a lower-case method', 'get / HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['a space in the target', 'GET /a b HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['nothing like HTTP', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
]

/** Chunks that are none, RFC 9112 §7.1. */
const BROKEN_CHUNKS: readonly (readonly [name: string, body: string])[] = [
  ['a bare LF behind the size', '5\nhello\r\n0\r\n\r\n'],
  ['a bare LF behind the data', '5\r\nhello\n0\r\n\r\n'],
  ['a bare LF in an extension', '5;a\nhello\r\n0\r\n\r\n'],
  ['a size with a prefix', '0x5\r\nhello\r\n0\r\n\r\n'],
  ['a size of more than 64 bits', '10000000000000005\r\nhello\r\n0\r\n\r\n'],
  ['data longer than its size', '4\r\nhello\r\n0\r\n\r\n'],
  ['extensions without end', `5;${'x'.repeat(20_000)}\r\nhello\r\n0\r\n\r\n`],
]

suite('a request that two readers could read differently', () => {
  for (const [name, body] of BROKEN_CHUNKS)
    test(`${name}: refused with the reference, and logged; no second request is seen in it`, async () => {
      await using upstream = await echo()
      await using door = await openTestDoor(upstream)
      const chunked = 'POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n'
      const text = await say(door, CALLERS.alice, `${chunked}${body}GET /b HTTP/1.1\r\nHost: h\r\n\r\n`)
      assert.match(text, /^HTTP\/1\.1 400 /)
      assert.match(text, /urn:countersign:ERR_DOOR_REQUEST/)
      assert.ok(text.includes(door.records[0]?.reference ?? 'none'))
      assert.equal(text.match(/HTTP\/1\.1 [0-9]{3}/g)?.length, 1)
      assert.deepEqual(
        door.logs.map(({ event, fields }) => [event, fields['code']]),
        [['request.refused', 'ERR_DOOR_REQUEST']],
      )
    })

  test('a chunk that breaks when the upstream has begun to read: it sees that the body is not whole', async () => {
    let ended: 'whole' | 'broken' | undefined
    await using upstream = await serveHttp((request) => {
      request.resume()
      request.once('end', () => {
        ended = 'whole'
      })
      request.once('error', () => {
        ended = 'broken'
      })
    })
    await using door = await openTestDoor(upstream)
    const { socket, said } = await dial(door, CALLERS.alice)
    socket.write('POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n')
    await until(() => upstream.reached === 1, 'the upstream is reached')
    socket.write('zz\r\n')
    assert.match(await said, /^HTTP\/1\.1 400 /)
    await until(() => ended !== undefined, 'the upstream has the end')
    assert.equal(ended, 'broken')
  })

  for (const [name, request] of AMBIGUOUS)
    test(`${name}: refused with the reference, and nothing reaches the upstream`, async () => {
      await using upstream = await echo()
      await using door = await openTestDoor(upstream)
      const text = await say(door, CALLERS.alice, request)
      assert.match(text, /^HTTP\/1\.1 400 /)
      assert.match(text, /\r\nConnection: close\r\n/i)
      assert.match(text, /urn:countersign:ERR_DOOR_REQUEST/)
      assert.ok(text.includes(door.records[0]?.reference ?? 'none'))
      assert.equal(upstream.reached, 0)
    })

  test('a tunnel to anywhere is not built', async () => {
    await using upstream = await echo()
    await using door = await openTestDoor(upstream)
    assert.doesNotMatch(await say(door, CALLERS.alice, 'CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n'), / 200 /)
    assert.equal(upstream.reached, 0)
  })

  test('a head of more than 16 KiB is refused', async () => {
    await using upstream = await echo()
    await using door = await openTestDoor(upstream)
    const text = await say(door, CALLERS.alice, `GET / HTTP/1.1\r\nHost: h\r\nX-Long: ${'a'.repeat(17_000)}\r\n\r\n`)
    assert.match(text, /^HTTP\/1\.1 431 /)
    assert.match(text, /ERR_DOOR_LIMIT/)
    assert.equal(upstream.reached, 0)
  })

  test('so is a target of that length', async () => {
    await using upstream = await echo()
    await using door = await openTestDoor(upstream)
    assert.match(
      await say(door, CALLERS.alice, `GET /${'a'.repeat(17_000)} HTTP/1.1\r\nHost: h\r\n\r\n`),
      /^HTTP\/1\.1 431 /,
    )
    assert.equal(upstream.reached, 0)
  })

  test('no field is left unread: a forged one behind 2,500 others does not pass', async () => {
    await using upstream = await serveOctets((socket) => {
      let head = ''
      socket.setEncoding('latin1').on('data', (text) => {
        head += text
        if (head.endsWith('\r\n\r\n')) socket.end(`HTTP/1.1 200 OK\r\nContent-Length: ${head.length}\r\n\r\n${head}`)
      })
    })
    await using door = await openTestDoor(upstream)
    const many = 'a:\r\n'.repeat(2_500)
    const text = await say(
      door,
      CALLERS.alice,
      `GET / HTTP/1.1\r\nHost: h\r\n${many}Client-Cert: ${MARK}\r\nX-Last: yes\r\nConnection: close\r\n\r\n`,
    )
    assert.match(text, /^HTTP\/1\.1 200 /)
    assert.match(text, /\r\nX-Last: yes\r\n/)
    assert.ok(!text.includes(MARK))
  })
})
