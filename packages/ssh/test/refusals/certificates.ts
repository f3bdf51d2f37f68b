// Certificates that are not read, and values that are not written.
import {
  extensionOption,
  forceCommandOption,
  readSshCertificate,
  readSshTbsCertificate,
  type SshTbsCertificate,
  sourceAddressOption,
  verifyRequiredOption,
  writeSshCertificate,
  writeSshTbsCertificate,
} from '@countersign/ssh'
import {
  type CertificateFields,
  certificateOf,
  ed25519Fields,
  joined,
  keyOf,
  type OptionPair,
  octets,
  options,
  p256,
  point,
  rsa,
  skEd25519,
  str,
  tbsOf,
  u32,
  u64,
} from '../frames.ts'
import { SOUND } from '../sound.ts'
import type { Refusal } from './model.ts'

const read = (changed: Partial<CertificateFields>) => () => readSshCertificate(certificateOf(changed))
const write = (changed: Partial<SshTbsCertificate>) => () => writeSshTbsCertificate({ ...SOUND, ...changed })
const critical = (...pairs: readonly OptionPair[]) => read({ criticalOptions: options(...pairs) })
const source = (text: string) => critical(['source-address', str(text)])
const writeSource = (...sources: string[]) => write({ criticalOptions: [sourceAddressOption(sources)] })
const at = (text: string) => Temporal.Instant.from(text)
const host = { role: 'host' } as const
const signatureOf = (algorithm: string, length: number) => str(str(algorithm), str(new Uint8Array(length).fill(1)))
const names = (...principals: readonly (string | Uint8Array)[]) => str(...principals.map((principal) => str(principal)))

export const CERTIFICATE_REFUSALS: readonly Refusal[] = [
  ['a plain key', () => readSshCertificate(p256), 'ERR_SSH_CERT_TYPE'],
  ['a certificate of DSA', read({ type: str('ssh-dss-cert-v01@openssh.com') }), 'ERR_SSH_CERT_TYPE'],
  ['a certificate of version 00', read({ type: str('ssh-ed25519-cert-v00@openssh.com') }), 'ERR_SSH_CERT_TYPE'],
  [
    'a type that only names an algorithm',
    read({ type: str('rsa-sha2-512-cert-v01@openssh.com') }),
    'ERR_SSH_CERT_TYPE',
  ],
  [
    'a type of a security key by a name that no draft has',
    read({ type: str('sk-ssh-ed25519-cert') }),
    'ERR_SSH_CERT_TYPE',
  ],
  [
    'a certificate for an RSA key of 1024 bits',
    read({ type: str('ssh-rsa-cert-v01@openssh.com'), key: rsa(1024).subarray(11) }),
    'ERR_SSH_KEY_RSA_SIZE',
  ],
  [
    'a certificate for a point of another curve',
    read({ type: str('ecdsa-sha2-nistp256-cert-v01@openssh.com'), key: joined(str('nistp521'), str(point(133))) }),
    'ERR_SSH_KEY_CURVE',
  ],
  ['a nonce of 15 octets', read({ nonce: str(new Uint8Array(15)) }), 'ERR_SSH_CERT_NONCE'],
  ['no nonce', read({ nonce: str() }), 'ERR_SSH_CERT_NONCE'],
  ['role 0', read({ role: u32(0) }), 'ERR_SSH_CERT_ROLE'],
  ['role 3', read({ role: u32(3) }), 'ERR_SSH_CERT_ROLE'],
  ['role 2^32 - 1', read({ role: u32(0xffff_ffff) }), 'ERR_SSH_CERT_ROLE'],
  ['an identifier with a NUL', read({ keyId: str('alice\0root') }), 'ERR_SSH_TEXT'],
  ['an identifier that is not UTF-8', read({ keyId: str(octets('ff')) }), 'ERR_SSH_TEXT'],
  ['a principal with a NUL', read({ principals: names('root\0') }), 'ERR_SSH_TEXT'],
  ['a principal that is not UTF-8', read({ principals: names(octets('fc')) }), 'ERR_SSH_TEXT'],
  ['a principal of no letters', read({ principals: names('alice', '') }), 'ERR_SSH_CERT_PRINCIPAL'],
  [
    '257 principals',
    read({ principals: names(...Array.from({ length: 257 }, (_, i) => `p${i}`)) }),
    'ERR_SSH_ELEMENTS_LIMIT',
  ],
  ['principals that end within one', read({ principals: str(u32(9), 'alice') }), 'ERR_SSH_TRUNCATED'],
  ['a beginning after all times', read({ validAfter: u64(0xffff_ffff_ffff_ffffn) }), 'ERR_SSH_TIME'],
  ['an end after all times', read({ validBefore: u64(0x7fff_ffff_ffff_ffffn) }), 'ERR_SSH_TIME'],
  ['options out of order', critical(['verify-required'], ['force-command', str('ls')]), 'ERR_SSH_CERT_OPTION_ORDER'],
  [
    'an option that stands twice',
    critical(['force-command', str('ls')], ['force-command', str('sh')]),
    'ERR_SSH_CERT_OPTION_ORDER',
  ],
  [
    'extensions out of order',
    read({ extensions: options(['permit-pty'], ['permit-X11-forwarding']) }),
    'ERR_SSH_CERT_OPTION_ORDER',
  ],
  ['an option without a name', critical(['']), 'ERR_SSH_NAME'],
  ['an option whose name has a NUL', critical(['force-command\0', str('ls')]), 'ERR_SSH_NAME'],
  ['an option without a value', read({ criticalOptions: str(str('verify-required')) }), 'ERR_SSH_TRUNCATED'],
  [
    '300 extensions',
    read({ extensions: options(...Array.from({ length: 300 }, (_, i) => [`e${i + 1000}`] as const)) }),
    'ERR_SSH_ELEMENTS_LIMIT',
  ],
  ['a command that is not nested', critical(['force-command', octets('6c73')]), 'ERR_SSH_CERT_OPTION_DATA'],
  [
    'a command with more behind it',
    critical(['force-command', joined(str('ls'), str('sh'))]),
    'ERR_SSH_CERT_OPTION_DATA',
  ],
  ['a command with a NUL', critical(['force-command', str('ls\0')]), 'ERR_SSH_CERT_OPTION_DATA'],
  ['a command of nothing at all', critical(['force-command']), 'ERR_SSH_CERT_OPTION_DATA'],
  ['verify-required with a value', critical(['verify-required', str('no')]), 'ERR_SSH_CERT_OPTION_DATA'],
  ['permit-pty with a value', read({ extensions: options(['permit-pty', str('no')]) }), 'ERR_SSH_CERT_OPTION_DATA'],
  ['no source', source(''), 'ERR_SSH_CERT_SOURCE_ADDRESS'],
  ['a source by its name', source('gateway.example'), 'ERR_SSH_CERT_SOURCE_ADDRESS'],
  ['a pattern of sources', source('192.0.2.*'), 'ERR_SSH_CERT_SOURCE_ADDRESS'],
  ['a source that is denied', source('!192.0.2.1'), 'ERR_SSH_CERT_SOURCE_ADDRESS'],
  ['sources with a space', source('192.0.2.1, 192.0.2.2'), 'ERR_SSH_CERT_SOURCE_ADDRESS'],
  ['a certificate that a certificate signed', read({ signatureKey: str(certificateOf()) }), 'ERR_SSH_CERT_AUTHORITY'],
  ['a certificate that a security key signed', read({ signatureKey: str(skEd25519) }), 'ERR_SSH_CERT_AUTHORITY'],
  [
    'an authority of DSA',
    read({ signatureKey: str(keyOf('ssh-dss', str(), str(), str(), str())) }),
    'ERR_SSH_KEY_TYPE',
  ],
  ['an authority of RSA with 1024 bits', read({ signatureKey: str(rsa(1024)) }), 'ERR_SSH_KEY_RSA_SIZE'],
  ['no authority', read({ signatureKey: str() }), 'ERR_SSH_TRUNCATED'],
  [
    'a signature with SHA-1',
    read({ signatureKey: str(rsa(2048)), signature: signatureOf('ssh-rsa', 256) }),
    'ERR_SSH_SIGNATURE_SHA1',
  ],
  [
    'a signature of another algorithm than its key',
    read({ signature: signatureOf('rsa-sha2-256', 256) }),
    'ERR_SSH_SIGNATURE_KEY',
  ],
  [
    'an RSA signature an octet short',
    read({ signatureKey: str(rsa(2048)), signature: signatureOf('rsa-sha2-256', 255) }),
    'ERR_SSH_SIGNATURE_KEY',
  ],
  [
    'an RSA signature an octet long',
    read({ signatureKey: str(rsa(2048)), signature: signatureOf('rsa-sha2-256', 257) }),
    'ERR_SSH_SIGNATURE_KEY',
  ],
  ['no signature', read({ signature: str() }), 'ERR_SSH_TRUNCATED'],
  ['what was to be signed, without a signature', () => readSshCertificate(tbsOf()), 'ERR_SSH_TRUNCATED'],
  [
    'a certificate where only what is signed may stand',
    () => readSshTbsCertificate(certificateOf()),
    'ERR_SSH_TRAILING',
  ],
  [
    'a certificate with an octet behind it',
    () => readSshCertificate(joined(certificateOf(), octets('0a'))),
    'ERR_SSH_TRAILING',
  ],
  ['a certificate of 1 MB', read({ reserved: str(new Uint8Array(1e6)) }), 'ERR_SSH_OCTETS_LIMIT'],

  ['to write a nonce of 15 octets', write({ nonce: new Uint8Array(15) }), 'ERR_SSH_CERT_NONCE'],
  ['to write serial number 0', write({ serial: 0n }), 'ERR_SSH_CERT_SERIAL_ZERO'],
  ['to write no principals', write({ principals: [] }), 'ERR_SSH_CERT_PRINCIPALS_EMPTY'],
  ['to write no hosts', write({ ...host, principals: [] }), 'ERR_SSH_CERT_PRINCIPALS_EMPTY'],
  ['to write an empty principal', write({ principals: [''] }), 'ERR_SSH_CERT_PRINCIPAL'],
  ['to write a principal twice', write({ principals: ['alice', 'bob', 'alice'] }), 'ERR_SSH_CERT_PRINCIPAL_DUPLICATE'],
  ['to write two principals as one', write({ principals: ['alice,root'] }), 'ERR_SSH_CERT_PRINCIPAL_TEXT'],
  ['to write a principal with a space', write({ principals: ['alice root'] }), 'ERR_SSH_CERT_PRINCIPAL_TEXT'],
  ['to write a principal of two lines', write({ principals: ['alice\nroot'] }), 'ERR_SSH_CERT_PRINCIPAL_TEXT'],
  ['to write a principal with a NUL', write({ principals: ['root\0x'] }), 'ERR_SSH_TEXT'],
  [
    'to write a principal that hides its direction',
    write({ principals: ['\u202etoor'] }),
    'ERR_SSH_CERT_PRINCIPAL_TEXT',
  ],
  ['to write half a character', write({ principals: ['\udc00'] }), 'ERR_SSH_TEXT'],
  ['to write every host of a domain', write({ ...host, principals: ['*.example'] }), 'ERR_SSH_CERT_PRINCIPAL_PATTERN'],
  [
    'to write a host with a wildcard letter',
    write({ ...host, principals: ['host?.example'] }),
    'ERR_SSH_CERT_PRINCIPAL_PATTERN',
  ],
  ['to write an empty identifier', write({ keyId: '' }), 'ERR_SSH_CERT_KEY_ID'],
  ['to write an identifier of spaces', write({ keyId: '  ' }), 'ERR_SSH_CERT_KEY_ID'],
  [
    'to write an identifier of two lines',
    write({ keyId: 'alice\nAccepted publickey for root' }),
    'ERR_SSH_CERT_KEY_ID',
  ],
  [
    'to write an end at its beginning',
    write({ validBefore: SOUND.validAfter as Temporal.Instant }),
    'ERR_SSH_CERT_VALIDITY',
  ],
  ['to write an end before its beginning', write({ validBefore: at('2020-01-01T00:00:00Z') }), 'ERR_SSH_CERT_VALIDITY'],
  ['to write a beginning before 1970', write({ validAfter: at('1969-12-31T23:59:59Z') }), 'ERR_SSH_TIME'],
  [
    'to write a command for a host',
    write({ ...host, criticalOptions: [forceCommandOption('ls')] }),
    'ERR_SSH_CERT_OPTION_ROLE',
  ],
  [
    'to write a permission for a host',
    write({ ...host, extensions: [extensionOption('permit-pty')] }),
    'ERR_SSH_CERT_OPTION_ROLE',
  ],
  [
    'to write a critical option that nobody knows',
    write({ criticalOptions: [{ name: 'a@example.com', data: new Uint8Array() }] }),
    'ERR_SSH_CERT_OPTION_UNKNOWN',
  ],
  [
    'to write permit-pty as a critical option',
    write({ criticalOptions: [extensionOption('permit-pty')] }),
    'ERR_SSH_CERT_OPTION_UNKNOWN',
  ],
  [
    'to write verify-required for a key of no hardware',
    write({ criticalOptions: [verifyRequiredOption()] }),
    'ERR_SSH_CERT_OPTION_KEY',
  ],
  [
    'to write no-touch-required for a key of no hardware',
    write({ extensions: [extensionOption('no-touch-required')] }),
    'ERR_SSH_CERT_OPTION_KEY',
  ],
  [
    'to write options out of order',
    write({ extensions: [extensionOption('permit-user-rc'), extensionOption('permit-pty')] }),
    'ERR_SSH_CERT_OPTION_ORDER',
  ],
  [
    'to write an option twice',
    write({ extensions: [extensionOption('permit-pty'), extensionOption('permit-pty')] }),
    'ERR_SSH_CERT_OPTION_ORDER',
  ],
  ['to write no sources', writeSource(), 'ERR_SSH_CERT_SOURCE_ADDRESS'],
  ['to write a network with host bits', writeSource('192.0.2.1/24'), 'ERR_SSH_CERT_SOURCE_ADDRESS'],
  ['to write two sources as one', writeSource('192.0.2.1 192.0.2.2'), 'ERR_SSH_CERT_SOURCE_ADDRESS'],
  [
    'to write an authority of hardware',
    write({ signatureKey: { kind: 'sk-Ed25519', key: ed25519Fields.subarray(4), application: 'ssh:' } }),
    'ERR_SSH_CERT_AUTHORITY',
  ],
  [
    'to add a signature of another algorithm',
    () => writeSshCertificate(tbsOf(), { algorithm: 'rsa-sha2-512', octets: new Uint8Array(256) }),
    'ERR_SSH_SIGNATURE_KEY',
  ],
  [
    'to add a signature to a certificate',
    () => writeSshCertificate(certificateOf(), { algorithm: 'ssh-ed25519', octets: new Uint8Array(64) }),
    'ERR_SSH_TRAILING',
  ],
]
