// Why a message cannot be read: one table, from which a test sees that every fault has a message that shows it.

/** Clause and text of each fault. */
export const FORM_FAULTS = {
  'bare-cr': ['RFC 5322 §2.3', 'a carriage return stands without a line feed'],
  'bare-lf': ['RFC 5322 §2.3', 'a line feed stands without a carriage return'],
  nul: ['RFC 5322 §4.1', 'a NUL stands in the message'],
  'line-end': ['RFC 5322 §2.2', 'the header ends inside a line'],
  'field-name': ['RFC 5322 §2.2', 'a line of the header is no field: a name, without white space, and a colon'],
  'field-fold': ['RFC 5322 §3.2.2', 'a line of the header is of white space alone, or continues no field'],
  'field-octets': ['RFC 6532 §3.1', 'a field has a control character, or is not UTF-8'],
  'field-twice': ['RFC 5322 §3.6', 'a field that may stand once stands twice'],
  'content-type': ['RFC 2045 §5.1', 'the value is not a type with its parameters'],
  'parameter-twice': ['RFC 2045 §5.1', 'a parameter stands twice, or in two forms'],
  'parameter-form': ['RFC 2231 §3', 'a parameter is in parts or in a character set, in a way that not all read'],
  'transfer-encoding': ['RFC 2045 §6.1', 'the transfer encoding is unknown, or none that may stand around parts'],
  boundary: ['RFC 2046 §5.1.1', 'a multipart has no boundary in the form of one'],
  'boundary-unclosed': ['RFC 2046 §5.1.1', 'a multipart is not closed'],
  'boundary-ambiguous': [
    'RFC 2046 §5.1.1',
    'a line begins as a delimiter and is none, or is one of two multiparts, or of one that is closed',
  ],
  'boundary-empty': ['RFC 2046 §5.1.1', 'a multipart has no part'],
  'part-header': ['RFC 2046 §5.1', 'the header of a part does not end before its delimiter'],
  base64: ['RFC 2045 §6.8', 'the body is not base64'],
  'quoted-printable': ['RFC 2045 §6.7', 'the body is not quoted-printable'],
  address: ['RFC 5322 §3.4', 'the value is not a list of addresses'],
  'header-protection': ['RFC 9788 §2', 'the protected header is not in the form of one'],
} as const

/** Clause and text of each budget. */
export const BUDGET_FAULTS = {
  'message-octets': ['local limit', 'the message has too many octets'],
  'header-octets': ['local limit', 'a header has too many octets'],
  'header-octets-in-all': ['local limit', 'the headers of all parts have too many octets'],
  'header-line': ['local limit', 'a line of a header has too many octets'],
  fields: ['local limit', 'a header has too many fields'],
  parts: ['local limit', 'the message has too many parts'],
  depth: ['local limit', 'parts stand too deep within parts'],
  comments: ['local limit', 'comments stand too deep within comments'],
  addresses: ['local limit', 'a field has too many addresses'],
} as const

/** One fault of {@link FORM_FAULTS} or {@link BUDGET_FAULTS}. */
export type MailFault = keyof typeof FORM_FAULTS | keyof typeof BUDGET_FAULTS

/** Says that octets are not a message that every program reads alike, or are more than is looked at. */
export class MailFormError extends Error {
  override readonly name = 'MailFormError'
  readonly code: 'ERR_MAIL_FORM' | 'ERR_MAIL_BUDGET'
  readonly fault: MailFault
  readonly clause: string
  /** Place in the source, in octets, of what is wrong, or of the field that it stands in. */
  readonly at: number
  constructor(fault: MailFault, at: number) {
    const [clause, text] =
      fault in BUDGET_FAULTS ? BUDGET_FAULTS[fault as BudgetFault] : FORM_FAULTS[fault as FormFault]
    super(`${text} (${clause}, octet ${at})`)
    this.code = fault in BUDGET_FAULTS ? 'ERR_MAIL_BUDGET' : 'ERR_MAIL_FORM'
    this.fault = fault
    this.clause = clause
    this.at = at
  }
}

type FormFault = keyof typeof FORM_FAULTS
type BudgetFault = keyof typeof BUDGET_FAULTS
