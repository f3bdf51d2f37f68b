// Each fault of the tables has an input that shows it: a new one does not compile without.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import {
  BUDGET_FAULTS,
  decodeBody,
  FORM_FAULTS,
  MAIL_LIMITS,
  type MailFault,
  MailFormError,
  protectHeader,
  readAddresses,
  sourceOf,
} from '@countersign/mail'
import { octetsOfLines, scan } from './messages.ts'

const multipart = (body: string) => `Content-Type: multipart/mixed; boundary=a\n\n${body}`
const address = (value: string) => async () => readAddresses({ name: 'To', value, start: 0, end: 0 })
const message =
  (text: string, limits = {}) =>
  async () =>
    scan(octetsOfLines(text), { ...MAIL_LIMITS, ...limits })
const raw = (text: string) => async () => scan(Buffer.from(text))
const body = (encoding: string, text: string) => async () => {
  const octets = octetsOfLines(`Content-Transfer-Encoding: ${encoding}\n\n${text}`)
  return Array.fromAsync(decodeBody(await scan(octets), sourceOf(octets)))
}

const SHOWN_BY = {
  'bare-cr': raw('A: b\r\n\r\n\r'),
  'bare-lf': raw('A: b\r\n\r\n\n'),
  nul: raw('A: b\r\n\r\n\0'),
  'line-end': raw('A: b'),
  'field-name': message('A\n\n'),
  'field-fold': message(' A\n\n'),
  'field-octets': message('A: \x07\n\n'),
  'field-twice': message('To: a\nTo: a\n\n'),
  'content-type': message('Content-Type: a\n\n'),
  'parameter-twice': message('Content-Type: a/b; c=d; c=d\n\n'),
  'parameter-form': message('Content-Type: a/b; c*1=d\n\n'),
  'transfer-encoding': message('Content-Transfer-Encoding: a\n\n'),
  boundary: message('Content-Type: multipart/mixed\n\n'),
  'boundary-unclosed': message(multipart('')),
  'boundary-ambiguous': message(multipart('--ab\n')),
  'boundary-empty': message(multipart('--a--')),
  'part-header': message(multipart('--a\n--a')),
  base64: body('base64', '!'),
  'quoted-printable': body('quoted-printable', '=!'),
  address: address('a'),
  'header-protection': async () => {
    const octets = octetsOfLines('Content-Type: a/b; hp=clear\n\n')
    return protectHeader(await scan(octets), sourceOf(octets), 'clear')
  },
  'message-octets': message('A: b\n\n', { maxOctets: 7 }),
  'header-octets': message('A: b\nC: d\n\n', { maxHeaderOctets: 11 }),
  'header-octets-in-all': message(`${multipart('--a\nA: b\n\n\n--a--')}`, { maxHeaderOctetsInAll: 48 }),
  'header-line': message('A: b\n\n', { maxHeaderLineOctets: 3 }),
  fields: message('A: b\nC: d\n\n', { maxFields: 1 }),
  parts: message(multipart('--a\n\n\n--a\n\n\n--a--'), { maxParts: 1 }),
  depth: message(multipart('--a\n\n\n--a--'), { maxDepth: 0 }),
  comments: address('('.repeat(9)),
  addresses: address('a@b.example,'.repeat(2001)),
} satisfies Record<MailFault, () => Promise<unknown>>

suite('faults', () => {
  for (const [fault, show] of Object.entries(SHOWN_BY))
    test(fault, async () => {
      const error = await show().then(
        () => assert.fail('it was read'),
        (reason: unknown) => reason,
      )
      assert.ok(error instanceof MailFormError, String(error))
      const [clause, text] = { ...FORM_FAULTS, ...BUDGET_FAULTS }[error.fault]
      assert.deepEqual(
        [error.fault, error.code, error.clause, error.message],
        [
          fault,
          fault in BUDGET_FAULTS ? 'ERR_MAIL_BUDGET' : 'ERR_MAIL_FORM',
          clause,
          `${text} (${clause}, octet ${error.at})`,
        ],
      )
    })
})
