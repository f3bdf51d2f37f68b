import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import {
  type AttributeTypeAndValue,
  escapeText,
  formatGeneralName,
  formatName,
  type GeneralName,
  isEmptyName,
  type Name,
  nameOf,
  namesEqual,
  OID,
  readName,
  TAG,
  writeElement,
  writeName,
  writePrintableString,
  writeUtf8String,
} from '@countersign/x509'

/** A name of one attribute. */
function single(type: string, value: Uint8Array): Name {
  return readName(writeName([[{ type, value }]]))
}

const latin = (tag: number, text: string) =>
  writeElement(
    tag,
    Uint8Array.from(text, (each) => each.charCodeAt(0)),
  )
const utf8 = (text: string) => single(OID.commonName, writeUtf8String(text))
const printable = (text: string) => single(OID.commonName, writePrintableString(text))

suite('nameOf', () => {
  test('writes a country as PrintableString, the rest as UTF8String', () => {
    const name = nameOf([
      ['countryName', 'DE'],
      ['commonName', 'é'],
    ])
    // RFC 5280 §4.1.2.4, by hand.
    assert.equal(name.der.toHex(), '301a310b3009060355040613024445310b300906035504030c02c3a9')
    assert.equal(name.rdnSequence[0]?.[0]?.text, 'DE')
  })
  test('writes domain components as IA5String', () => {
    assert.equal(nameOf([['domainComponent', 'x']]).rdnSequence[0]?.[0]?.value.toHex(), '160178')
  })
  test('refuses a country outside of PrintableString', () => {
    assert.throws(() => nameOf([['countryName', 'Ö']]), RangeError)
  })
  test('an empty name is empty', () => {
    assert.equal(isEmptyName(nameOf([])), true)
    assert.equal(isEmptyName(nameOf([['commonName', 'x']])), false)
  })
})

suite('formatName', () => {
  // RFC 4514 §4, the examples that use our attributes.
  test('RFC 4514 §4: reversed, with commas', () => {
    const name = nameOf([
      ['domainComponent', 'net'],
      ['domainComponent', 'example'],
      ['userId', 'jsmith'],
    ])
    assert.equal(formatName(name), 'UID=jsmith,DC=example,DC=net')
  })
  test('RFC 4514 §4: several attributes in one RDN', () => {
    const attributes: AttributeTypeAndValue[] = [
      { type: OID.commonName, value: writeUtf8String('J.  Smith') },
      { type: OID.organizationalUnitName, value: writeUtf8String('Sales') },
    ]
    assert.equal(formatName(readName(writeName([attributes]))), 'OU=Sales+CN=J.  Smith')
  })
  test('RFC 4514 §4: escapes', () => {
    assert.equal(formatName(utf8('James "Jim" Smith, III')), 'CN=James \\"Jim\\" Smith\\, III')
    assert.equal(formatName(utf8('Before\rAfter')), 'CN=Before\\0dAfter')
    assert.equal(formatName(utf8('Lučić')), 'CN=Lučić')
  })
  test('RFC 4514 §4: a type without a name', () => {
    const name = single('1.3.6.1.4.1.1466.0', Uint8Array.fromHex('04024869'))
    assert.equal(formatName(name), '1.3.6.1.4.1.1466.0=#04024869')
  })
  test('RFC 4514 §2.4: space and number sign at the ends', () => {
    assert.equal(formatName(utf8(' x ')), 'CN=\\ x\\ ')
    assert.equal(formatName(utf8('#x')), 'CN=\\#x')
    assert.equal(formatName(utf8(' ')), 'CN=\\ ')
    assert.equal(formatName(utf8('a+b;<c>\\')), 'CN=a\\+b\\;\\<c\\>\\\\')
  })
  test('what deceives a reader is escaped', () => {
    assert.equal(formatName(utf8('a\u202eb')), 'CN=a\\e2\\80\\aeb')
    assert.equal(formatName(utf8('a\u001b[2Jb')), 'CN=a\\1b[2Jb')
    assert.equal(formatName(utf8('a\0b')), 'CN=a\\00b')
    assert.equal(formatName(utf8('a\u00a0b')), 'CN=a\\c2\\a0b')
    assert.equal(formatName(utf8('a\u200bb')), 'CN=a\\e2\\80\\8bb')
  })
  test('a value of no string type is its DER', () => {
    assert.equal(formatName(single(OID.commonName, Uint8Array.fromHex('03020780'))), 'CN=#03020780')
  })
})

suite('namesEqual, RFC 5280 §7.1', () => {
  const equal: [string, Name, Name][] = [
    ['the same', utf8('Acme'), utf8('Acme')],
    ['case', utf8('ACME'), utf8('acme')],
    ['case beyond ASCII', utf8('ÄRGER'), utf8('ärger')],
    ['white space around', utf8('  Acme '), utf8('Acme')],
    ['white space inside', utf8('Acme   Corp'), utf8('Acme Corp')],
    ['PrintableString and UTF8String', printable('Acme'), utf8('acme')],
    ['TeletexString and UTF8String', single(OID.commonName, latin(TAG.teletexString, 'Ä')), utf8('ä')],
    ['BMPString and UTF8String', single(OID.commonName, writeElement(TAG.bmpString, Uint8Array.of(0, 65))), utf8('a')],
    ['spaces in a mail address', nameOf([['emailAddress', ' a@b ']]), nameOf([['emailAddress', 'a@b']])],
    ['composed and decomposed', utf8('é'), utf8('e\u0301')],
    ['domain components', nameOf([['domainComponent', 'A']]), nameOf([['domainComponent', 'a']])],
    ['mail addresses', nameOf([['emailAddress', 'A@b']]), nameOf([['emailAddress', 'a@B']])],
    [
      'attributes of one RDN in another order',
      readName(
        writeName([
          [
            { type: OID.commonName, value: writeUtf8String('bb') },
            { type: OID.commonName, value: writePrintableString('a') },
          ],
        ]),
      ),
      readName(
        writeName([
          [
            { type: OID.commonName, value: writeUtf8String('A') },
            { type: OID.commonName, value: writePrintableString('bb') },
          ],
        ]),
      ),
    ],
    ...[TAG.ia5String, TAG.visibleString].map((tag): [string, Name, Name] => [
      `a text in string type ${tag}, where no clause allows it`,
      single(OID.commonName, latin(tag, 'A')),
      utf8('a'),
    ]),
  ]
  for (const [what, left, right] of equal)
    test(`${what}: equal`, () => {
      assert.equal(namesEqual(left, right), true)
      assert.equal(namesEqual(right, left), true)
    })

  const other: [string, Name, Name][] = [
    ['another text', utf8('Acme'), utf8('Acne')],
    ['a space that separates', utf8('Ac me'), utf8('Acme')],
    ['another attribute', utf8('Acme'), single(OID.organizationName, writeUtf8String('Acme'))],
    [
      'one more RDN',
      nameOf([['commonName', 'a']]),
      nameOf([
        ['commonName', 'a'],
        ['commonName', 'a'],
      ]),
    ],
    [
      'order of RDNs',
      nameOf([
        ['commonName', 'a'],
        ['commonName', 'b'],
      ]),
      nameOf([
        ['commonName', 'b'],
        ['commonName', 'a'],
      ]),
    ],
    ['empty and not', nameOf([]), utf8('')],
    ['spaces in a domain component', nameOf([['domainComponent', ' x']]), nameOf([['domainComponent', 'x']])],
    [
      'one attribute twice against two',
      readName(
        writeName([
          [
            { type: OID.commonName, value: writeUtf8String('a') },
            { type: OID.commonName, value: writeUtf8String('a') },
          ],
        ]),
      ),
      readName(
        writeName([
          [
            { type: OID.commonName, value: writeUtf8String('a') },
            { type: OID.commonName, value: writeUtf8String('b') },
          ],
        ]),
      ),
    ],
  ]
  for (const [what, left, right] of other)
    test(`${what}: not equal`, () => {
      assert.equal(namesEqual(left, right), false)
      assert.equal(namesEqual(right, left), false)
    })
})

suite('formatGeneralName', () => {
  const cases: [GeneralName, string][] = [
    [{ kind: 'dNSName', value: 'a.example' }, 'DNS:a.example'],
    [{ kind: 'dNSName', value: '*.a.example' }, 'DNS:*.a.example'],
    [{ kind: 'dNSName', value: 'a.example, DNS:b.example' }, 'DNS:"a.example, DNS:b.example"'],
    [{ kind: 'dNSName', value: '' }, 'DNS:""'],
    [{ kind: 'dNSName', value: 'a"\\\u001b' }, 'DNS:"a\\"\\\\\\u{1b}"'],
    [{ kind: 'uniformResourceIdentifier', value: 'spiffe://a/b?c=d' }, 'URI:spiffe://a/b?c=d'],
    [{ kind: 'rfc822Name', value: 'a@b.example' }, 'email:a@b.example'],
    [{ kind: 'iPAddress', octets: Uint8Array.of(127, 0, 0, 1) }, 'IP:127.0.0.1'],
    [{ kind: 'iPAddress', octets: Uint8Array.of(10, 0, 0, 0, 255, 128, 0, 0) }, 'IP:10.0.0.0/9'],
    [{ kind: 'registeredID', value: '1.2.3' }, 'OID:1.2.3'],
    [{ kind: 'directoryName', value: nameOf([['commonName', 'a,b']]) }, 'DN:"CN=a\\\\,b"'],
    [{ kind: 'otherName', typeId: '1.2', value: Uint8Array.of(5, 0) }, 'otherName:1.2:#0500'],
    // RFC 9598, Appendix B
    [
      {
        kind: 'otherName',
        typeId: '1.3.6.1.5.5.7.8.9',
        value: Uint8Array.fromHex('0c1de58cbbe7949f40786e2d2d7073733235632e6578616d706c652e636f6d'),
      },
      'SmtpUTF8Mailbox:"医生@xn--pss25c.example.com"',
    ],
    [
      { kind: 'otherName', typeId: '1.3.6.1.5.5.7.8.9', value: Uint8Array.fromHex('0c0361c3b6') },
      'otherName:1.3.6.1.5.5.7.8.9:#0c0361c3b6',
    ],
    [
      { kind: 'otherName', typeId: '1.3.6.1.5.5.7.8.9', value: Uint8Array.of(5, 0) },
      'otherName:1.3.6.1.5.5.7.8.9:#0500',
    ],
    [{ kind: 'ediPartyName', der: Uint8Array.of(0xa5, 0) }, 'ediPartyName:#a500'],
  ]
  for (const [name, text] of cases) test(text, () => assert.equal(formatGeneralName(name), text))
})

suite('escapeText', () => {
  const cases: [string, string][] = [
    ['plain text, ü and 漢字', 'plain text, ü and 漢字'],
    ['a\nb', 'a\\u{a}b'],
    ['a\u001b[31m', 'a\\u{1b}[31m'],
    ['\u202e', '\\u{202e}'],
    ['\u2028', '\\u{2028}'],
    ['\u00ad', '\\u{ad}'],
    ['\u3000', '\\u{3000}'],
    ['\ud800', '\\u{d800}'],
    ['\u{e0041}', '\\u{e0041}'],
    ['👍', '👍'],
  ]
  for (const [text, escaped] of cases) test(JSON.stringify(text), () => assert.equal(escapeText(text), escaped))
})
