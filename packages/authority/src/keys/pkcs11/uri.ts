// PKCS #11 URIs, RFC 7512, as far as they name one private key: strictly, since what is overlooked signs with another key.
import { AuthorityError } from '../../error.ts'

/** Which private key, of which token, through which module. Text is in Normalization Form C. */
export interface KeyUri {
  /** What must be the same; what is absent matches everything (§2.5). */
  readonly library: Matching<'manufacturer' | 'description'> & { readonly version: string | undefined }
  readonly slot: Matching<'manufacturer' | 'description'> & { readonly id: bigint | undefined }
  readonly token: Matching<'label' | 'manufacturer' | 'serial' | 'model'>
  readonly object: Matching<'label'> & { readonly id: Uint8Array | undefined }
  /** Absolute path of the module. */
  readonly modulePath: string
  /** A path or `fd:N`. */
  readonly pinSource: string | undefined
  /** For messages: without the query. */
  readonly text: string
}

type Matching<Name extends string> = { readonly [_ in Name]: string | undefined }

/** The octets that the fields of PKCS #11 have (CK_INFO, CK_SLOT_INFO, CK_TOKEN_INFO); a longer value can match nothing. */
const TEXT_ATTRIBUTES: Readonly<Record<string, number>> = {
  token: 32,
  manufacturer: 32,
  serial: 16,
  model: 16,
  'library-manufacturer': 32,
  'library-description': 32,
  'slot-manufacturer': 32,
  'slot-description': 64,
  // A label has no length in PKCS #11; ours is that of a name that somebody types.
  object: 255,
}
const MAX_ID_OCTETS = 255
const MAX_URI_CHARACTERS = 4_096
/** CK_ULONG. */
const MAX_SLOT_ID = 0xffff_ffff_ffff_ffffn

/** §2.3 pk11-pchar and pk11-qchar: unreserved, percent-encoded, and of the reserved characters those that delimit nothing. */
const PATH_CHARACTER = /[A-Za-z0-9\-._~:[\]@!$'()*+,=&]/
const QUERY_CHARACTER = /[A-Za-z0-9\-._~:[\]@!$'()*+,=/?|]/

/** @throws {AuthorityError} with the clause; what it says never has the query in it, where a PIN may be. @see RFC 7512 §2.3 */
export function parseKeyUri(uri: string): KeyUri {
  const mark = uri.indexOf('?')
  const text = mark < 0 ? uri : uri.slice(0, mark)
  const refuse: Refuse = (message, next) => {
    throw new AuthorityError('ERR_AUTHORITY_KEY_URI', text, message, next === undefined ? {} : { next })
  }
  if (uri.length > MAX_URI_CHARACTERS) refuse(`a PKCS #11 URI here has at most ${MAX_URI_CHARACTERS} characters`)
  // RFC 3986 §3.1: the scheme in either case.
  if (!/^pkcs11:/i.test(uri)) refuse('this is not a PKCS #11 URI (RFC 7512 §2.3)')
  const path = readPairs(text.slice('pkcs11:'.length), ';', PATH_CHARACTER, refuse)
  const query = readPairs(mark < 0 ? '' : uri.slice(mark + 1), '&', QUERY_CHARACTER, refuse)
  return Object.freeze({ ...keyOf(path, refuse), ...accessOf(query, refuse), text })
}

type Refuse = (message: string, next?: string) => never
type Pairs = ReadonlyMap<string, Uint8Array>

/** §2.3: pairs, each name once. */
function readPairs(text: string, separator: ';' | '&', allowed: RegExp, refuse: Refuse): Pairs {
  const pairs = new Map<string, Uint8Array>()
  if (text === '') return pairs
  for (const pair of text.split(separator)) {
    const equals = pair.indexOf('=')
    // RFC 5234 §2.3: the literals of a grammar are of either case.
    const name = pair.slice(0, Math.max(equals, 0)).toLowerCase()
    if (!/^[a-z0-9_-]+$/.test(name)) refuse('each part is name=value (RFC 7512 §2.3)')
    if (pairs.has(name)) refuse(`${name} is there twice (RFC 7512 §2.3)`)
    pairs.set(name, decoded(name, pair.slice(equals + 1), allowed, refuse))
  }
  return pairs
}

function decoded(name: string, value: string, allowed: RegExp, refuse: Refuse): Uint8Array {
  const octets: number[] = []
  for (let i = 0; i < value.length; i++) {
    const character = value.charAt(i)
    if (character === '%') {
      const digits = value.slice(i + 1, i + 3)
      if (!/^[0-9a-f]{2}$/i.test(digits))
        refuse(`${name} has a % that two hexadecimal digits do not follow (RFC 3986 §2.1)`)
      octets.push(Number.parseInt(digits, 16))
      i += 2
    } else {
      if (!allowed.test(character)) refuse(`${name} has a character that must be percent-encoded (RFC 7512 §2.3)`)
      octets.push(character.charCodeAt(0))
    }
  }
  return Uint8Array.from(octets)
}

function keyOf(pairs: Pairs, refuse: Refuse): Pick<KeyUri, 'library' | 'slot' | 'token' | 'object'> {
  const texts: Record<string, string> = {}
  let id: Uint8Array | undefined
  let slotId: bigint | undefined
  let version: string | undefined
  for (const [name, octets] of pairs) {
    const maxOctets = TEXT_ATTRIBUTES[name]
    if (maxOctets !== undefined) {
      if (octets.length > maxOctets) refuse(`${name} has more than ${maxOctets} octets (RFC 7512 §2.3)`)
      texts[name] = textOf(name, octets, refuse)
    } else if (name === 'id') {
      if (octets.length === 0 || octets.length > MAX_ID_OCTETS) refuse(`id has 1 to ${MAX_ID_OCTETS} octets`)
      id = octets
    } else if (name === 'slot-id') {
      slotId = slotIdOf(textOf(name, octets, refuse), refuse)
    } else if (name === 'library-version') {
      version = versionOf(textOf(name, octets, refuse), refuse)
    } else if (name === 'type') {
      if (textOf(name, octets, refuse).toLowerCase() !== 'private') refuse('type must be private: a key signs here')
    } else {
      // §2.5: it matches nothing, and whoever wrote it is told.
      refuse(`there is no attribute ${name} that we know (RFC 7512 §2.5)`)
    }
  }
  if (texts['object'] === undefined && id === undefined) refuse('the key is named by object or id, or both')
  return {
    library: { manufacturer: texts['library-manufacturer'], description: texts['library-description'], version },
    slot: { manufacturer: texts['slot-manufacturer'], description: texts['slot-description'], id: slotId },
    token: {
      label: texts['token'],
      manufacturer: texts['manufacturer'],
      serial: texts['serial'],
      model: texts['model'],
    },
    object: { label: texts['object'], id },
  }
}

/** §2.4. An attribute that is not of this table is refused, although §2.5 would overlook it: a misspelt one must not be. */
function accessOf(pairs: Pairs, refuse: Refuse): Pick<KeyUri, 'modulePath' | 'pinSource'> {
  let modulePath: string | undefined
  let pinSource: string | undefined
  for (const [name, octets] of pairs) {
    if (name === 'pin-value')
      refuse(
        'a PIN does not stand in a URI, which configuration files and process lists show (RFC 7512 §6)',
        'write the PIN to a file of mode 600, and name it: pin-source=file:/…',
      )
    else if (name === 'module-path') modulePath = textOf(name, octets, refuse)
    else if (name === 'pin-source') pinSource = pinSourceOf(textOf(name, octets, refuse), refuse)
    else if (name === 'module-name')
      refuse('a module is named by its path here, not by its name (RFC 7512 §2.4)', 'write module-path=/…')
    else refuse(`there is no attribute ${name} in the query that we know (RFC 7512 §2.4)`)
  }
  if (modulePath === undefined) return refuse('module-path is missing (RFC 7512 §2.4)')
  if (!modulePath.startsWith('/') || modulePath.includes('\0'))
    refuse('module-path must be absolute (RFC 7512 §2.4): what a relative one loads depends on where we stand')
  return { modulePath, pinSource }
}

/** §2.4: `file:` URIs; of what is left to us, an absolute path and `fd:N`. */
function pinSourceOf(source: string, refuse: Refuse): string {
  if (source.startsWith('|')) refuse('pin-source is a file or a descriptor here: no program is run for a PIN')
  // RFC 8089 §2: file:/path and file:///path.
  const path = source.replace(/^file:(?:\/\/(?=\/))?/i, '')
  if (path.includes('\0') || !/^(?:\/|fd:)/.test(path) || path.startsWith('//'))
    return refuse('pin-source must be file:/… or fd:N')
  return path
}

function slotIdOf(digits: string, refuse: Refuse): bigint {
  const id = /^\d{1,20}$/.test(digits) ? BigInt(digits) : MAX_SLOT_ID + 1n
  return id > MAX_SLOT_ID ? refuse('slot-id is a decimal number (RFC 7512 §2.3)') : id
}

/** §2.3: "M" means "M.0", and each number is one octet. */
function versionOf(text: string, refuse: Refuse): string {
  const [, major, minor = '0'] = /^(\d{1,4})(?:\.(\d{1,4}))?$/.exec(text) ?? []
  if (major === undefined || Number(major) > 255 || Number(minor) > 255)
    return refuse('library-version is M or M.N, each of one octet (RFC 7512 §2.3)')
  return `${Number(major)}.${Number(minor)}`
}

function textOf(name: string, octets: Uint8Array, refuse: Refuse): string {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(octets)
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause
    return refuse(`${name} is not text in UTF-8 (RFC 7512 §2.3)`)
  }
  // PKCS #11 has serial numbers in a smaller character set.
  if (name === 'serial' && !/^[\x20-\x7e]*$/.test(text)) refuse('serial is in US-ASCII')
  return text.normalize('NFC')
}
