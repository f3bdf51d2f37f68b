// RFC 4514: names as text, made safe to show.
import { escapeText } from '../escape.ts'
import type { AttributeTypeAndValue, Name } from '../model.ts'
import { OID } from '../oid.ts'

/** The attributes that we know by name. */
export type AttributeName =
  | 'commonName'
  | 'surname'
  | 'serialNumber'
  | 'countryName'
  | 'localityName'
  | 'stateOrProvinceName'
  | 'streetAddress'
  | 'organizationName'
  | 'organizationalUnitName'
  | 'title'
  | 'name'
  | 'givenName'
  | 'initials'
  | 'generationQualifier'
  | 'dnQualifier'
  | 'pseudonym'
  | 'organizationIdentifier'
  | 'userId'
  | 'domainComponent'
  | 'emailAddress'

/** Their short names, where RFC 4514 §3 has one. */
const ATTRIBUTE_NAMES: Readonly<Record<AttributeName, string>> = {
  commonName: 'CN',
  surname: 'SN',
  serialNumber: 'serialNumber',
  countryName: 'C',
  localityName: 'L',
  stateOrProvinceName: 'ST',
  streetAddress: 'STREET',
  organizationName: 'O',
  organizationalUnitName: 'OU',
  title: 'title',
  name: 'name',
  givenName: 'givenName',
  initials: 'initials',
  generationQualifier: 'generationQualifier',
  dnQualifier: 'dnQualifier',
  pseudonym: 'pseudonym',
  organizationIdentifier: 'organizationIdentifier',
  userId: 'UID',
  domainComponent: 'DC',
  emailAddress: 'emailAddress',
}

const SHORT_NAMES: ReadonlyMap<string, string> = new Map(
  Object.entries(ATTRIBUTE_NAMES).map(([name, short]) => [OID[name as AttributeName], short]),
)

/** Writes a name as RFC 4514 does, last attribute first; what could deceive a reader or a terminal is escaped. */
export function formatName(name: Name): string {
  return name.rdnSequence
    .map((rdn) => rdn.map(formatAttribute).join('+'))
    .reverse()
    .join(',')
}

function formatAttribute({ type, value, text }: AttributeTypeAndValue): string {
  const short = SHORT_NAMES.get(type)
  // RFC 4514 §2.4: a value whose text form is not known is written as its DER.
  if (short === undefined || text === undefined) return `${short ?? type}=#${value.toHex()}`
  return `${short}=${escapeValue(text)}`
}

/** RFC 4514 §2.4: which characters of a value are escaped, and how. */
function escapeValue(text: string): string {
  const escaped = text
    .replaceAll(/["+,;<>\\]/g, '\\$&')
    .replace(/(?<=.) $/s, '\\ ')
    .replace(/^[ #]/, '\\$&')
  return escapeText(escaped, hexPairs)
}

const utf8 = new TextEncoder()

/** RFC 4514 §2.4: a backslash and two hexadecimal digits for each octet of the UTF-8 form. */
function hexPairs(character: string): string {
  return utf8.encode(character).reduce((escaped, octet) => `${escaped}\\${octet.toString(16).padStart(2, '0')}`, '')
}
