import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { answerOf } from '@countersign/mtls'
import { TO_APPLICATION, TO_LOGIN, toPerson } from '../../src/web/person-fields.ts'

const STRICT = ['Strict-Transport-Security', 'max-age=63072000; includeSubDomains']

suite('at a door where people sign in', () => {
  test('every answer says that this name is asked by TLS alone, whatever the application says of that', () => {
    assert.deepEqual(TO_LOGIN.response(['ETag', '"x"']), ['ETag', '"x"', ...STRICT])
    for (const name of ['Strict-Transport-Security', 'strict-transport-security'])
      assert.deepEqual(TO_APPLICATION.response([name, 'max-age=0', 'ETag', '"x"']), ['ETag', '"x"', ...STRICT])
    assert.equal(toPerson(answerOf(303, 'text/plain', '')).headers['Strict-Transport-Security'], STRICT[1])
  })

  test('the application reads neither cookie nor proof of the session, and sets none', () => {
    const cookie = 'a=1; __Host-countersign=id.secret; b=2'
    assert.deepEqual(TO_APPLICATION.request(['Cookie', cookie, 'DPoP', 'x', 'X-Own', '1']), [
      'Cookie',
      'a=1; b=2',
      'X-Own',
      '1',
    ])
    assert.deepEqual(TO_APPLICATION.request(['Cookie', '__HOST-Countersign=x']), [])
    for (const value of ['__Host-countersign=x; Path=/', ' __host-Countersign =x'])
      assert.deepEqual(TO_APPLICATION.response(['Set-Cookie', value]), STRICT)
    assert.deepEqual(TO_APPLICATION.response(['DPoP-Nonce', 'x', 'Countersign-Ath', 'x']), STRICT)
    assert.deepEqual(TO_APPLICATION.response(['Set-Cookie', 'a=1']), ['Set-Cookie', 'a=1', ...STRICT])
  })

  test('the application hears of no proof among protocols, and chooses among its own', () => {
    const protocol = 'Sec-WebSocket-Protocol'
    assert.deepEqual(TO_APPLICATION.request([protocol, 'chat, countersign.dpop.x.y.z']), [protocol, 'chat'])
    for (const name of [protocol, 'sec_websocket_protocol'])
      assert.deepEqual(TO_APPLICATION.request([name, 'countersign, countersign.dpop.x.y.z']), [])
    assert.deepEqual(TO_APPLICATION.response([protocol, 'chat'], 'chat, countersign.dpop.x'), [
      ...[protocol, 'chat'],
      ...STRICT,
    ])
    assert.deepEqual(TO_APPLICATION.response([], 'chat, countersign.dpop.x'), STRICT)
    assert.deepEqual(TO_APPLICATION.response([], 'countersign, countersign.dpop.x'), [
      ...[protocol, 'countersign'],
      ...STRICT,
    ])
    assert.deepEqual(TO_APPLICATION.response([]), STRICT)
  })

  test('the application hears of no other method than the one that was proved, however it is written', () => {
    for (const name of ['X-HTTP-Method-Override', 'x-method-override', 'X-HTTP-Method', 'X_HTTP_Method_Override'])
      assert.deepEqual(TO_APPLICATION.request([name, 'DELETE', 'Accept', '*/*']), ['Accept', '*/*'], name)
    assert.deepEqual(TO_APPLICATION.request(['X-HTTP-Method-Own', 'x']), ['X-HTTP-Method-Own', 'x'])
  })

  test('the application clears what it keeps in caches, and neither cookie nor keys of the device', () => {
    for (const value of ['"*"', '"cache", "cookies", "storage"', '"storage","cache"'])
      assert.deepEqual(TO_APPLICATION.response(['Clear-Site-Data', value]), ['Clear-Site-Data', '"cache"', ...STRICT])
    for (const value of ['"cookies"', '"storage", "executionContexts"', 'cache'])
      assert.deepEqual(TO_APPLICATION.response(['clear-site-data', value]), STRICT)
  })

  test('the application lets no worker stand above its own directory', () => {
    for (const name of ['Service-Worker-Allowed', 'service-worker-allowed'])
      assert.deepEqual(TO_APPLICATION.response([name, '/', 'Accept-Ranges', 'none']), [
        'Accept-Ranges',
        'none',
        ...STRICT,
      ])
    assert.deepEqual(TO_LOGIN.response(['service-worker-allowed', '/']).slice(0, 2), ['service-worker-allowed', '/'])
  })

  test('a cookie without a name that is the one of the session to whoever reads it', () => {
    for (const value of ['=__Host-countersign=x; Path=/', ' = __Host-countersign=x', '==__host-countersign=x'])
      assert.deepEqual(TO_APPLICATION.response(['Set-Cookie', value]), STRICT, value)
    for (const value of ['=a=1', '=', 'a=__Host-countersign=x'])
      assert.deepEqual(TO_APPLICATION.response(['Set-Cookie', value]), ['Set-Cookie', value, ...STRICT])
  })

  test('login reads and sets what it needs', () => {
    const fields = ['Cookie', '__Host-countersign=x', 'DPoP', 'x']
    assert.deepEqual(TO_LOGIN.request(fields), fields)
    const set = ['Set-Cookie', '__Host-countersign=x', 'DPoP-Nonce', 'x']
    assert.deepEqual(TO_LOGIN.response(set), [...set, ...STRICT])
  })
})
