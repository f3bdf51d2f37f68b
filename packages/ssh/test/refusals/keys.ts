// Keys, signatures, lines and fingerprints that are refused.
import {
  formatAuthorizedKey,
  formatFingerprint,
  parseAuthorizedKey,
  parseFingerprint,
  readSshPublicKey,
  readSshSignature,
  writeSshPublicKey,
  writeSshSignature,
} from '@countersign/ssh'
import {
  certificateOf,
  ed25519,
  ed25519Fields,
  joined,
  keyOf,
  modulus,
  octets,
  p256,
  point,
  rsa,
  str,
} from '../frames.ts'
import type { Refusal } from './model.ts'

const key = (blob: Uint8Array) => () => readSshPublicKey(blob)
const signature =
  (...parts: readonly Uint8Array[]) =>
  () =>
    readSshSignature(joined(...parts))
const line = (text: string) => () => parseAuthorizedKey(text)
const base64 = ed25519.toBase64()
const written = { kind: 'Ed25519', key: new Uint8Array(32) } as const
const withOption = (value: string) => () => formatAuthorizedKey({ key: written, options: [{ name: 'command', value }] })
const ecdsa = (r: string, s: string) => [str('ecdsa-sha2-nistp256'), str(str(octets(r)), str(octets(s)))]

export const KEY_REFUSALS: readonly Refusal[] = [
  ['nothing at all', key(new Uint8Array()), 'ERR_SSH_TRUNCATED'],
  ['a key of DSA', key(keyOf('ssh-dss', str(), str(), str(), str())), 'ERR_SSH_KEY_TYPE'],
  ['a key of Ed448', key(keyOf('ssh-ed448', str(new Uint8Array(57)))), 'ERR_SSH_KEY_TYPE'],
  ['a certificate where a key is asked for', key(certificateOf()), 'ERR_SSH_KEY_TYPE'],
  ['an Ed25519 key of 31 octets', key(keyOf('ssh-ed25519', str(new Uint8Array(31)))), 'ERR_SSH_KEY_LENGTH'],
  ['an Ed25519 key of 33 octets', key(keyOf('ssh-ed25519', str(new Uint8Array(33)))), 'ERR_SSH_KEY_LENGTH'],
  ['a key with an octet behind it', key(joined(ed25519, octets('00'))), 'ERR_SSH_TRAILING'],
  ['a key that ends early', key(ed25519.subarray(0, -1)), 'ERR_SSH_TRUNCATED'],
  ['a point of another curve', key(keyOf('ecdsa-sha2-nistp256', str('nistp384'), str(point(97)))), 'ERR_SSH_KEY_CURVE'],
  ['a point an octet short', key(keyOf('ecdsa-sha2-nistp256', str('nistp256'), str(point(64)))), 'ERR_SSH_KEY_POINT'],
  ['a compressed point', key(keyOf('ecdsa-sha2-nistp256', str('nistp256'), str(point(33, 2)))), 'ERR_SSH_KEY_POINT'],
  ['a hybrid point', key(keyOf('ecdsa-sha2-nistp256', str('nistp256'), str(point(65, 6)))), 'ERR_SSH_KEY_POINT'],
  ['the point at infinity', key(keyOf('ecdsa-sha2-nistp256', str('nistp256'), str(octets('00')))), 'ERR_SSH_KEY_POINT'],
  ['an RSA key of 2047 bits', key(rsa(2047)), 'ERR_SSH_KEY_RSA_SIZE'],
  ['an RSA key of 1024 bits', key(rsa(1024)), 'ERR_SSH_KEY_RSA_SIZE'],
  ['an RSA key of 16392 bits', key(rsa(16_392)), 'ERR_SSH_MPINT_LIMIT'],
  ['an RSA key of 100,000 bits', key(rsa(100_000)), 'ERR_SSH_OCTETS_LIMIT'],
  ['an RSA key with exponent 1', key(rsa(2048, '01')), 'ERR_SSH_KEY_RSA_EXPONENT'],
  ['an RSA key with an even exponent', key(rsa(2048, '010000')), 'ERR_SSH_KEY_RSA_EXPONENT'],
  ['an RSA key with an exponent of 264 bits', key(rsa(2048, `01${'00'.repeat(31)}01`)), 'ERR_SSH_KEY_RSA_EXPONENT'],
  ['an RSA key without an exponent', key(keyOf('ssh-rsa', str(), modulus(2048))), 'ERR_SSH_KEY_RSA_EXPONENT'],
  ['an RSA key with an even modulus', key(rsa(2048).with(-1, 0)), 'ERR_SSH_KEY_RSA_SIZE'],
  [
    'an RSA key with a modulus below zero',
    key(keyOf('ssh-rsa', str(octets('010001')), str(new Uint8Array(256).fill(255)))),
    'ERR_SSH_MPINT_NEGATIVE',
  ],
  [
    'a security key without its application',
    key(keyOf('sk-ssh-ed25519@openssh.com', ed25519Fields)),
    'ERR_SSH_TRUNCATED',
  ],
  [
    'to write a key of 31 octets',
    () => writeSshPublicKey({ ...written, key: new Uint8Array(31) }),
    'ERR_SSH_KEY_LENGTH',
  ],

  ['a signature of ssh-rsa', signature(str('ssh-rsa'), str(new Uint8Array(256))), 'ERR_SSH_SIGNATURE_SHA1'],
  ['a signature of ssh-dss', signature(str('ssh-dss'), str(new Uint8Array(40))), 'ERR_SSH_SIGNATURE_ALGORITHM'],
  [
    'a signature by the name of a property',
    signature(str('constructor'), str(new Uint8Array(64))),
    'ERR_SSH_SIGNATURE_ALGORITHM',
  ],
  [
    'a signature of a security key',
    signature(str('sk-ssh-ed25519@openssh.com'), str(new Uint8Array(64)), octets('0100000001')),
    'ERR_SSH_SIGNATURE_ALGORITHM',
  ],
  [
    'an Ed25519 signature of 63 octets',
    signature(str('ssh-ed25519'), str(new Uint8Array(63))),
    'ERR_SSH_SIGNATURE_FORM',
  ],
  ['an RSA signature of no octets', signature(str('rsa-sha2-256'), str()), 'ERR_SSH_SIGNATURE_FORM'],
  ['an ECDSA signature with r = 0', signature(...ecdsa('', '01')), 'ERR_SSH_SIGNATURE_FORM'],
  ['an ECDSA signature with s = 0', signature(...ecdsa('01', '')), 'ERR_SSH_SIGNATURE_FORM'],
  ['an ECDSA signature with r below zero', signature(...ecdsa('ff', '01')), 'ERR_SSH_MPINT_NEGATIVE'],
  ['an ECDSA signature with a longer r', signature(...ecdsa(`01${'00'.repeat(32)}`, '01')), 'ERR_SSH_MPINT_LIMIT'],
  [
    'an ECDSA signature with a third number',
    signature(str('ecdsa-sha2-nistp256'), str(str(octets('01')), str(octets('01')), str())),
    'ERR_SSH_TRAILING',
  ],
  [
    'an ECDSA signature in DER',
    signature(str('ecdsa-sha2-nistp256'), str(octets('3006020101020101'))),
    'ERR_SSH_TRUNCATED',
  ],
  [
    'a signature with an octet behind it',
    signature(str('ssh-ed25519'), str(new Uint8Array(64)), octets('00')),
    'ERR_SSH_TRAILING',
  ],
  [
    'to write an ECDSA signature of 63 octets',
    () => writeSshSignature({ algorithm: 'ecdsa-sha2-nistp256', octets: new Uint8Array(63).fill(1) }),
    'ERR_SSH_SIGNATURE_FORM',
  ],
  [
    'to write an ECDSA signature of zeros',
    () => writeSshSignature({ algorithm: 'ecdsa-sha2-nistp256', octets: new Uint8Array(64) }),
    'ERR_SSH_SIGNATURE_FORM',
  ],

  ['an empty line', line(''), 'ERR_SSH_LINE_OPTION'],
  ['a comment', line('# ssh-ed25519 key'), 'ERR_SSH_LINE_OPTION'],
  ['a line of a type alone', line('ssh-ed25519'), 'ERR_SSH_LINE_OPTION'],
  ['two lines', line(`ssh-ed25519 ${base64}\nssh-ed25519 ${base64}`), 'ERR_SSH_LINE'],
  ['a line with a NUL', line(`ssh-ed25519 ${base64} a\0b`), 'ERR_SSH_LINE'],
  ['a line with an escape sequence in its comment', line(`ssh-ed25519 ${base64} \u001b[2J`), 'ERR_SSH_LINE'],
  ['a line in which the type is missing', line(`restrict ${base64}`), 'ERR_SSH_LINE_TYPE'],
  ['a line that names another type', line(`ssh-rsa ${base64}`), 'ERR_SSH_LINE_TYPE'],
  [
    'a line of a certificate',
    line(`ssh-ed25519-cert-v01@openssh.com ${certificateOf().toBase64()}`),
    'ERR_SSH_KEY_TYPE',
  ],
  [
    'base64 without its padding',
    line(`ecdsa-sha2-nistp256 ${p256.toBase64().replace(/=+$/, '')}`),
    'ERR_SSH_LINE_BASE64',
  ],
  [
    'base64 with bits that no octet takes',
    line(`ssh-ed25519 ${ed25519.toBase64().replace(/.$/, 'A=')}`),
    'ERR_SSH_LINE_BASE64',
  ],
  ['an option whose quotation does not end', line(`command="ls ssh-ed25519 ${base64}`), 'ERR_SSH_LINE_OPTION'],
  [
    'an option whose quotation mark is taken by a backslash',
    line(`command="ls\\" ssh-ed25519 ${base64}`),
    'ERR_SSH_LINE_OPTION',
  ],
  ['an option with an empty name', line(`,restrict ssh-ed25519 ${base64}`), 'ERR_SSH_LINE_OPTION'],
  ['an option whose value has no quotation marks', line(`command=ls ssh-ed25519 ${base64}`), 'ERR_SSH_LINE_OPTION'],
  ['options with a space between them', line(`restrict, pty ssh-ed25519 ${base64}`), 'ERR_SSH_LINE_OPTION'],
  ['options that nothing follows', line('restrict'), 'ERR_SSH_LINE_OPTION'],
  ['300 options', line(`${'pty,'.repeat(300)}pty ssh-ed25519 ${base64}`), 'ERR_SSH_ELEMENTS_LIMIT'],
  ['a line of 1 MB', line(`ssh-ed25519 ${base64} ${'a'.repeat(1e6)}`), 'ERR_SSH_OCTETS_LIMIT'],
  [
    'to write a comment of two lines',
    () => formatAuthorizedKey({ key: written, comment: 'a\nssh-ed25519 AAAA' }),
    'ERR_SSH_LINE',
  ],
  [
    'to write a comment that begins with a space',
    () => formatAuthorizedKey({ key: written, comment: ' a' }),
    'ERR_SSH_LINE',
  ],
  ['to write an option of two lines', withOption('a\nb'), 'ERR_SSH_LINE_OPTION'],
  ['to write an option that hides its quotation mark', withOption('a\\'), 'ERR_SSH_LINE_OPTION'],
  [
    'to write an option by another name',
    () => formatAuthorizedKey({ key: written, options: [{ name: 'a b' }] }),
    'ERR_SSH_LINE_OPTION',
  ],

  [
    'a fingerprint of MD5',
    () => parseFingerprint('MD5:16:27:ac:a5:76:28:2d:36:63:1b:56:4d:eb:df:a6:48'),
    'ERR_SSH_FINGERPRINT',
  ],
  ['a fingerprint with padding', () => parseFingerprint(`SHA256:${'A'.repeat(43)}=`), 'ERR_SSH_FINGERPRINT'],
  [
    'a fingerprint with bits that no octet takes',
    () => parseFingerprint(`SHA256:${'A'.repeat(42)}B`),
    'ERR_SSH_FINGERPRINT',
  ],
  ['a fingerprint in base64url', () => parseFingerprint(`SHA256:${'-'.repeat(43)}`), 'ERR_SSH_FINGERPRINT'],
  ['to write a fingerprint of 20 octets', () => formatFingerprint(new Uint8Array(20)), 'ERR_SSH_FINGERPRINT'],
]
