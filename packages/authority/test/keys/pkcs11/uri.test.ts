// Expected values are RFC 7512's own examples (§3), with the query that our reader asks for.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { parseKeyUri } from '../../../src/keys/pkcs11/uri.ts'

const MODULE = '?module-path=/mnt/libmypkcs11.so.1'

suite('PKCS #11 URIs of keys', () => {
  test('§3: a key by its object, through a module by its path', () => {
    const uri = parseKeyUri(`pkcs11:object=my-sign-key;type=private${MODULE}`)
    assert.equal(uri.object.label, 'my-sign-key')
    assert.equal(uri.modulePath, '/mnt/libmypkcs11.so.1')
    assert.equal(uri.pinSource, undefined)
    assert.equal(uri.token.label, undefined)
  })

  test('§3: the PIN is in a file', () => {
    for (const source of ['file:/etc/token', 'file:///etc/token', '/etc/token', 'file:%2Fetc%2Ftoken'])
      assert.equal(parseKeyUri(`pkcs11:object=my-key${MODULE}&pin-source=${source}`).pinSource, '/etc/token')
    assert.equal(parseKeyUri(`pkcs11:object=my-key${MODULE}&pin-source=fd:3`).pinSource, 'fd:3')
  })

  test('§3: percent-encoded names, an id in octets, an empty serial', () => {
    const uri = parseKeyUri(
      'pkcs11:token=The%20Software%20PKCS%2311%20Softtoken;manufacturer=Snake%20Oil,%20Inc.;model=1.0;' +
        `object=my-certificate;id=%69%95%3E%5C%F4%BD%EC%91;serial=${MODULE}`,
    )
    assert.deepEqual(uri.token, {
      label: 'The Software PKCS#11 Softtoken',
      manufacturer: 'Snake Oil, Inc.',
      model: '1.0',
      serial: '',
    })
    assert.equal(uri.object.id?.toHex(), '69953e5cf4bdec91')
  })

  test('§3: digits of either case, and library-version 3 is 3.0', () => {
    const uri = parseKeyUri(
      `pkcs11:token=My%20token%25%20created%20by%20Joe;library-version=3;id=%01%02%03%Ba%dd%Ca%fe%04%05%06${MODULE}`,
    )
    assert.equal(uri.token.label, 'My token% created by Joe')
    assert.equal(uri.library.version, '3.0')
    assert.equal(uri.object.id?.toHex(), '010203baddcafe040506')
    assert.equal(parseKeyUri(`pkcs11:id=%01;library-version=1.23${MODULE}`).library.version, '1.23')
  })

  test('§3: a semicolon and a small A with acute; §5: one form of each letter', () => {
    assert.equal(parseKeyUri(`pkcs11:id=%01;token=substring%20%25%3B${MODULE}`).token.label, 'substring %;')
    for (const a of ['%C3%A1', 'a%CC%81'])
      assert.equal(parseKeyUri(`pkcs11:id=%01;token=acute:%20${a}${MODULE}`).token.label, 'acute: \u00e1')
  })

  test('§3: slots and libraries', () => {
    const uri = parseKeyUri(
      `pkcs11:id=%01;slot-description=Sun%20Metaslot;slot-id=327;library-description=Soft%20Token%20Library${MODULE}`,
    )
    assert.equal(uri.slot.description, 'Sun Metaslot')
    assert.equal(uri.slot.id, 327n)
    assert.equal(uri.library.description, 'Soft Token Library')
  })

  test('what is told of a URI has no query in it', () => {
    assert.equal(parseKeyUri(`pkcs11:id=%01${MODULE}&pin-source=/secret`).text, 'pkcs11:id=%01')
  })

  test('a PIN in the URI is refused, and not repeated', () => {
    assert.throws(
      () => parseKeyUri(`pkcs11:id=%01${MODULE}&pin-value=the-pin`),
      (error: Error & { code?: string; path?: string; next?: string }) =>
        error.code === 'ERR_AUTHORITY_KEY_URI' &&
        /§6/.test(error.message) &&
        /pin-source/.test(error.next ?? '') &&
        !JSON.stringify([error.message, error.path, error.next, error.stack]).includes('the-pin'),
    )
  })

  const REFUSED: readonly (readonly [string, string, RegExp])[] = [
    ['another scheme', `pkcs12:id=%01${MODULE}`, /§2\.3/],
    ['no key named', `pkcs11:token=acme${MODULE}`, /object or id/],
    ['nothing at all', 'pkcs11:', /object or id/],
    ['a name without a value', `pkcs11:object${MODULE}`, /name=value/],
    ['an empty part', `pkcs11:id=%01;${MODULE}`, /name=value/],
    ['a name twice', `pkcs11:id=%01;id=%02${MODULE}`, /twice/],
    ['a name twice, in another case', `pkcs11:object=a;Object=b${MODULE}`, /twice/],
    ['two modules', `pkcs11:id=%01${MODULE}&module-path=/b`, /twice/],
    ['an unknown attribute', `pkcs11:id=%01;vendor-aaa=a${MODULE}`, /§2\.5/],
    ['a misspelt attribute of the query', `pkcs11:id=%01${MODULE}&pin-souce=/a`, /pin-souce/],
    ['half a percent-encoding', `pkcs11:id=%0${MODULE}`, /§2\.1/],
    ['percent-encoding of no digits', `pkcs11:id=%0g${MODULE}`, /§2\.1/],
    ['a space', `pkcs11:object=my key${MODULE}`, /percent-encoded/],
    ['a slash in the path', `pkcs11:object=a/b${MODULE}`, /percent-encoded/],
    ['a fragment', `pkcs11:id=%01${MODULE}#a`, /percent-encoded/],
    ['a letter beyond US-ASCII', `pkcs11:object=\u00e1${MODULE}`, /percent-encoded/],
    ['text that is not UTF-8', `pkcs11:object=%ff${MODULE}`, /UTF-8/],
    ['a certificate', `pkcs11:object=a;type=cert${MODULE}`, /private/],
    ['a token of 33 octets', `pkcs11:id=%01;token=${'a'.repeat(33)}${MODULE}`, /32 octets/],
    ['a serial of 17 octets', `pkcs11:id=%01;serial=${'1'.repeat(17)}${MODULE}`, /16 octets/],
    ['a serial beyond US-ASCII', `pkcs11:id=%01;serial=%C3%A1${MODULE}`, /US-ASCII/],
    ['an empty id', `pkcs11:id=${MODULE}`, /id has/],
    ['a slot that is no number', `pkcs11:id=%01;slot-id=0x1${MODULE}`, /decimal/],
    ['a slot above CK_ULONG', `pkcs11:id=%01;slot-id=18446744073709551616${MODULE}`, /decimal/],
    ['a version above an octet', `pkcs11:id=%01;library-version=3.256${MODULE}`, /octet/],
    ['no module', 'pkcs11:id=%01', /module-path/],
    ['a module by its name', 'pkcs11:id=%01?module-name=mypkcs11', /by its path/],
    ['a relative module', 'pkcs11:id=%01?module-path=lib/a.so', /absolute/],
    ['a NUL in the module', 'pkcs11:id=%01?module-path=/a%00b', /absolute/],
    ['a program for the PIN', `pkcs11:id=%01${MODULE}&pin-source=|/usr/bin/pin`, /no program/],
    ['a PIN of the web', `pkcs11:id=%01${MODULE}&pin-source=https://a/b`, /file:/],
    ['a file of another host', `pkcs11:id=%01${MODULE}&pin-source=file://host/b`, /file:/],
    ['a relative file', `pkcs11:id=%01${MODULE}&pin-source=file:pin`, /file:/],
    ['more than anybody writes', `pkcs11:id=%01${MODULE}&pin-source=/${'a'.repeat(4_096)}`, /characters/],
  ]
  for (const [name, uri, message] of REFUSED)
    test(`refused: ${name}`, () => {
      assert.throws(() => parseKeyUri(uri), { code: 'ERR_AUTHORITY_KEY_URI', message })
    })
})
