import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { readCertificate, readPem } from '@countersign/x509'
import { clientCertHeaders, forwardableHeaders, responseHeaders, responseTrailers } from '../../src/web/headers.ts'
import { IDENTITY_HEADERS, namesIdentity, plainName } from '../../src/web/identity-headers.ts'
import { LEAF } from '../support/rfc9440.ts'

const FORGED = [
  'Client-Cert',
  'client-cert',
  'CLIENT-CERT',
  'Client_Cert',
  'client_cert',
  'CLIENT_CERT',
  'cLiEnT-cErT',
  'Client.Cert',
  'Client--Cert',
  '_Client-Cert_',
  'Client-Cert-Chain',
  'client_cert_chain',
  'CLIENT_CERT-CHAIN',
  'X-Forwarded-Client-Cert',
  'x_forwarded_client_cert',
  'X-Client-Cert',
  'X-Client-Certificate',
  'X-SSL-Client-Cert',
  'X-SSL-Client-S-DN',
  'X_SSL_CLIENT_VERIFY',
  'SSL-Client-Cert',
  'SSL_CLIENT_S_DN',
  'X-Forwarded-For',
  'X-Forwarded-Proto',
  'X-Forwarded-User',
  'X-Forwarded-Email',
  'x_forwarded_for',
  'Forwarded',
  'X-Real-IP',
  'Remote-User',
  'REMOTE_USER',
  'X-Remote-User',
  'X-Auth-Request-User',
  'X-Auth-Request-Email',
  'X-WebAuth-User',
  'X-ARR-ClientCert',
  'X-MS-CLIENT-PRINCIPAL-NAME',
  'True-Client-IP',
  'X-Original-URL',
  'X-Rewrite-URL',
  'X-Countersign-Party',
  // Each by the documentation of the program that reads it.
  'WL-Proxy-Client-Cert',
  '$WSCC',
  '$WSRU',
  'Proxy-auth-cert',
  'l5d-client-id',
  'SSLClientCertSubject',
  'Cert_Chain_0',
  'Client-IP',
  'SCRIPT_NAME',
  'Proxy',
  'X-Middleware-Subrequest',
]

suite('forwardableHeaders', () => {
  for (const name of FORGED)
    test(`${name} of the caller does not reach the upstream`, () => {
      assert.deepEqual(forwardableHeaders(['Range', 'a', name, 'x', 'Accept', '*/*']), ['Range', 'a', 'Accept', '*/*'])
    })
  test('nor does any of several copies', () => {
    assert.deepEqual(forwardableHeaders(['Client-Cert', 'a', 'Range', 'h', 'client_cert', 'b']), ['Range', 'h'])
  })
  // RFC 9110 §7.6.1
  for (const name of ['Connection', 'Keep-Alive', 'Proxy-Connection', 'TE', 'Trailer', 'Transfer-Encoding', 'Upgrade'])
    test(`${name} is for one connection`, () => assert.deepEqual(forwardableHeaders([name, 'x']), []))
  // RFC 3875 §4.1.18: a CGI variable has one name for all of them.
  for (const name of ['Content_Length', 'Transfer_Encoding', 'content.length', 'Connection_', 'HOST!', 'Upgrade~'])
    test(`${name} is no second ${plainName(name)}`, () => {
      assert.deepEqual(forwardableHeaders(['Content-Length', '5', name, '7']), ['Content-Length', '5'])
    })
  test('so is what Connection names', () => {
    assert.deepEqual(forwardableHeaders(['Connection', 'close, X-Secret', 'x-secret', '1', 'Range', 'h']), [
      'Range',
      'h',
    ])
  })
  test('everything else goes on as it stood, copies and all', () => {
    const raw = ['Range', 'h', 'Cookie', 'a=b', 'cookie', 'c=d', 'Authorization', 'Bearer x', 'X-Client-Version', '1']
    assert.deepEqual(forwardableHeaders(raw), raw)
  })
})

suite('IDENTITY_HEADERS', () => {
  for (const [name, readBy] of IDENTITY_HEADERS)
    test(`${name} is in plain form and says who reads it`, () => {
      assert.match(name, /^[a-z0-9]+(?:-[a-z0-9]+)*(?:-?\*)?$/)
      assert.notEqual(readBy, '')
      assert.ok(namesIdentity(name.replace(/\*$/, 'x')))
    })
  for (const name of [
    'Host',
    'Accept',
    'Cookie',
    'Authorization',
    'X-Auth-Token',
    'X-User-Agent',
    'X-Request-Id',
    'Origin',
  ])
    test(`${name} is none`, () => assert.equal(namesIdentity(name), false))
  test('plainName makes one of all spellings', () => {
    for (const name of ['X-A-B', 'x_a_b', 'X.A.B', 'x a b', 'X--A__B', '-x-a-b-', "x'a|b"])
      assert.equal(plainName(name), 'x-a-b')
  })
})

suite('responseHeaders', () => {
  // RFC 9440 §2.2 and §2.4
  test('Client-Cert is never in a response', () =>
    assert.deepEqual(responseHeaders(['Client-Cert', ':AA==:'], 200), []))
  test('a response that varies by it is not for a shared cache', () => {
    assert.deepEqual(responseHeaders(['Vary', 'Accept, Client-Cert'], 200), ['Vary', '*'])
  })
  test('Transfer-Encoding beside Content-Length wins, so that a response has one length', () => {
    assert.deepEqual(responseHeaders(['Content-Length', '5', 'Transfer-Encoding', 'chunked'], 200), [])
  })
  test('Connection cannot take the length away', () => {
    assert.deepEqual(responseHeaders(['Connection', 'Content-Length', 'Content-Length', '5'], 200), [
      'Content-Length',
      '5',
    ])
  })
  test('another Vary stays', () => assert.deepEqual(responseHeaders(['Vary', 'Accept'], 200), ['Vary', 'Accept']))
  test('Transfer-Encoding is for the other connection', () => {
    assert.deepEqual(responseHeaders(['Transfer-Encoding', 'chunked', 'ETag', '"1"'], 200), ['ETag', '"1"'])
  })
  // RFC 9110 §8.6: "A server MUST NOT send a Content-Length header field in any response with a status code of 1xx (Informational) or 204"
  for (const status of [101, 103, 204])
    test(`${status} has no length`, () => assert.deepEqual(responseHeaders(['Content-Length', '5'], status), []))
  for (const coding of ['gzip', 'gzip, chunked', 'chunked, chunked', ''])
    test(`the coding "${coding}" is refused`, () => {
      assert.throws(() => responseHeaders(['Transfer-Encoding', coding], 200), /transfer coding/)
    })
})

suite('responseTrailers', () => {
  test('neither framing, nor what changes how the answer is read, nor a certificate', () => {
    const names = ['Transfer-Encoding', 'Content-Length', 'Connection', 'Set-Cookie', 'Content-Type', 'Client-Cert']
    const raw = names.flatMap((name) => [name, name === 'Transfer-Encoding' ? 'chunked' : 'x'])
    assert.deepEqual(responseTrailers([...raw, 'Server-Timing', 'a']), [['Server-Timing', 'a']])
  })
})

suite('clientCertHeaders', () => {
  const [block] = readPem(
    `-----BEGIN CERTIFICATE-----\n${LEAF.replaceAll(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`,
  )
  const leaf = readCertificate(block?.der ?? assert.fail('the example is there'))
  test('RFC 9440 Figure 2', () => assert.deepEqual(clientCertHeaders([leaf]), ['Client-Cert', `:${LEAF}:`]))
  test('the chain leaves the leaf out', () => {
    assert.deepEqual(clientCertHeaders([leaf, leaf]), ['Client-Cert', `:${LEAF}:`, 'Client-Cert-Chain', `:${LEAF}:`])
  })
  test('nobody has none', () => assert.deepEqual(clientCertHeaders([]), []))
})
