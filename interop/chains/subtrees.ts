// Names for constraints, and which of them is below which base: RFC 5280 §4.2.1.10 and §7, RFC 9598 §6.
import {
  type GeneralName,
  type Name,
  nameOf,
  OID,
  readName,
  smtpUTF8MailboxName,
  writeIa5String,
  writeName,
  writeUtf8String,
} from '@countersign/x509'

export const dns = (value: string): GeneralName => ({ kind: 'dNSName', value })
export const mail = (value: string): GeneralName => ({ kind: 'rfc822Name', value })
export const uri = (value: string): GeneralName => ({ kind: 'uniformResourceIdentifier', value })
export const ip = (hex: string): GeneralName => ({ kind: 'iPAddress', octets: Uint8Array.fromHex(hex) })
export const directory = (value: Name): GeneralName => ({ kind: 'directoryName', value })
export const other: GeneralName = { kind: 'otherName', typeId: '1.3.6.1.4.1.32473.4', value: Uint8Array.of(5, 0) }
export const registered: GeneralName = { kind: 'registeredID', value: '1.3.6.1.4.1.32473.5' }
export const org = (...units: string[]): Name =>
  nameOf([['organizationName', 'Acme'], ...units.map((unit) => ['organizationalUnitName', unit] as const)])

/** Organization and unit in one relative distinguished name. */
export const both = (unit: string): Name => {
  const { rdnSequence } = org(unit)
  return readName(writeName([rdnSequence.flat()]))
}
/** An organization in a string type that no clause allows there. */
const asIa5 = (text: string): Name =>
  readName(writeName([[{ type: OID.organizationName, value: writeIa5String(text) }]]))
/** An SmtpUTF8Mailbox that its own clause forbids. */
export const wrongMailbox = (text: string): GeneralName => ({
  kind: 'otherName',
  typeId: OID.SmtpUTF8Mailbox,
  value: writeUtf8String(text),
})
/** One base, permitted or excluded, and names with whether each is below it. */
export const BELOW: readonly (readonly [base: GeneralName, name: GeneralName, below: boolean])[] = [
  [dns('a.example'), dns('a.example'), true],
  [dns('a.example'), dns('x.y.A.example'), true],
  [dns('a.example'), dns('xa.example'), false],
  [dns('a.example'), dns('example'), false],
  [dns('A.EXAMPLE'), dns('x.a.example'), true],
  [dns(''), dns('x.example'), true],
  [dns('a.example'), dns('*.a.example'), true],
  [dns('a.example'), dns('*.b.example'), false],
  [mail('carol@a.example'), mail('carol@A.example'), true],
  [mail('carol@a.example'), mail('Carol@a.example'), false],
  [mail('carol@a.example'), mail('dora@a.example'), false],
  [mail('a.example'), mail('carol@a.example'), true],
  [mail('a.example'), mail('carol@x.a.example'), false],
  [mail('.a.example'), mail('carol@x.y.a.example'), true],
  [mail('.a.example'), mail('carol@a.example'), false],
  [uri('a.example'), uri('https://a.example/x'), true],
  [uri('a.example'), uri('https://user@A.example:8443'), true],
  [uri('a.example'), uri('https://x.a.example/'), false],
  [uri('.a.example'), uri('https://x.y.a.example/'), true],
  [uri('.a.example'), uri('https://a.example/'), false],
  [uri('house.example'), uri('spiffe://house.example/alice'), true],
  [uri('house.example'), uri('spiffe://other.example/alice'), false],
  [mail('school.example'), smtpUTF8MailboxName('\u5b66\u751f@school.example'), true],
  [mail('school.example'), smtpUTF8MailboxName('\u5b66\u751f@x.school.example'), false],
  [mail('SCHOOL.example'), smtpUTF8MailboxName('\u5b66\u751f@school.example'), true],
  [mail('.school.example'), smtpUTF8MailboxName('\u5b66\u751f@x.school.example'), true],
  [mail('.school.example'), smtpUTF8MailboxName('\u5b66\u751f@school.example'), false],
  [mail('xn--pss25c.example'), smtpUTF8MailboxName('\u533b\u751f@xn--pss25c.example'), true],
  [mail('carol@school.example'), smtpUTF8MailboxName('\u5b66\u751f@school.example'), false],
  [mail('xn--pss25c.example'), mail('carol@XN--pss25c.example'), true],
  [ip('c0000200ffffff00'), ip('c00002ff'), true],
  [ip('c0000200ffffff00'), ip('c0000300'), false],
  [ip('c0000201ffffff00'), ip('c00002ff'), true],
  [ip('0000000000000000'), ip('c0000300'), true],
  [
    ip('20010db8000000000000000000000000ffffffff000000000000000000000000'),
    ip('20010db8ffff00000000000000000001'),
    true,
  ],
  [
    ip('20010db8000000000000000000000000ffffffff000000000000000000000000'),
    ip('20010db9000000000000000000000001'),
    false,
  ],
  [ip('0000000000000000'), ip('20010db9000000000000000000000001'), false],
  [directory(org('a')), directory(org('a')), true],
  [directory(org('a')), directory(org('a', 'b')), true],
  [directory(org('a', 'b')), directory(org('a')), false],
  [directory(org('a')), directory(org('b')), false],
  [directory(org('a')), directory(org(' A ')), true],
  [directory(nameOf([['organizationName', 'Acme']])), directory(asIa5('ACME')), true],
  [directory(nameOf([])), directory(org('a')), true],
  [directory(nameOf([['organizationalUnitName', 'a']])), directory(org('a')), false],
  [directory(both('a')), directory(both('a')), true],
  [directory(both('a')), directory(org('a')), false],
  [directory(nameOf([['organizationName', 'Acme']])), directory(both('a')), false],
]
