import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import {
  DerError,
  nameOf,
  OID,
  PemError,
  readName,
  readPem,
  readPrivateKey,
  readPrivateKeyInfo,
  readPssParameters,
  readPublicKey,
  readSignatureAlgorithm,
  readSmtpUTF8Mailbox,
  readSubjectPublicKeyInfo,
  writeName,
  writePem,
  writePssParameters,
  writeSubjectPublicKeyInfo,
  X509Error,
} from '@countersign/x509'
import { type Survivor, survive } from '../../../../tools/testing/mutations.ts'
import { AGAIN } from '../foreign/again.ts'
import { certificateWith } from '../frames.ts'
import { casesOf } from '../vectors.ts'

const SETS: Readonly<Record<string, string>> = {
  CERTIFICATE: 'x509/certificate.json',
  'X509 CRL': 'x509/certificate-list.json',
  'CERTIFICATE REQUEST': 'x509/certification-request.json',
  'OCSP REQUEST': 'x509/ocsp-request.json',
  'OCSP RESPONSE': 'x509/ocsp-response.json',
  'PRIVATE KEY': 'x509/private-key.json',
}

/** Certificates with one extension each, of every kind. */
function certificatesOfExtensions(): Uint8Array[] {
  return casesOf<{ extension: keyof typeof OID; hex: string; code?: string }>('x509/extension.json')
    .filter(({ code }) => code === undefined)
    .map(({ extension, hex }) =>
      certificateWith([{ extnID: OID[extension], critical: true, extnValue: Uint8Array.fromHex(hex) }]),
    )
}

/** Nothing writes it. */
const only =
  (read: (octets: Uint8Array) => unknown): Survivor['again'] =>
  (octets) => {
    read(octets)
    return undefined
  }
const isDeclared = (error: unknown) => error instanceof DerError || error instanceof X509Error
const hexOf = (file: string) =>
  casesOf<{ hex: string; code?: string }>(file)
    .filter(({ hex, code }) => code === undefined && hex.length < 2_000)
    .map(({ hex }) => Uint8Array.fromHex(hex))

const PUBLIC_KEYS = hexOf('x509/public-key.json')
const MAILBOXES = hexOf('x509/smtp-utf8-mailbox.json')
const PSS = (['SHA-1', 'SHA-256', 'SHA-512'] as const).map((hash, i) =>
  writePssParameters({ hash, maskHash: hash, saltLength: 20 + i }),
)
const NAMES = [
  nameOf([
    ['countryName', 'DE'],
    ['organizationName', 'Müller & Söhne'],
    ['commonName', 'a party'],
  ]).der,
  nameOf([]).der,
]

suite('mutations', () => {
  for (const [label, file] of Object.entries(SETS))
    test(label, () => {
      const again = AGAIN[label] ?? assert.fail(label)
      survive({
        seeds: label === 'CERTIFICATE' ? [...hexOf(file), ...certificatesOfExtensions()] : hexOf(file),
        // A CRL may have either form of time, of which we write one.
        again: label === 'X509 CRL' ? only(again) : (der) => [der, again(der)],
        isDeclared,
      })
    })

  for (const [what, seeds, again] of [
    ['Name', NAMES, (der) => [der, writeName(readName(der).rdnSequence)]],
    ['SubjectPublicKeyInfo', PUBLIC_KEYS, (der) => [der, writeSubjectPublicKeyInfo(readSubjectPublicKeyInfo(der))]],
    ['a public key', PUBLIC_KEYS, only((der) => readPublicKey(readSubjectPublicKeyInfo(der)))],
    ['a private key', hexOf('x509/private-key.json'), only((der) => readPrivateKey(readPrivateKeyInfo(der)))],
    ['RSASSA-PSS-params', PSS, (der) => [der, writePssParameters(readPssParameters(der))]],
    [
      'a signature algorithm',
      PSS,
      only((parameters) => readSignatureAlgorithm({ algorithm: OID['id-RSASSA-PSS'], parameters })),
    ],
    [
      'SmtpUTF8Mailbox',
      MAILBOXES,
      only((value) => readSmtpUTF8Mailbox({ kind: 'otherName', typeId: OID.SmtpUTF8Mailbox, value })),
    ],
  ] satisfies readonly (readonly [string, readonly Uint8Array[], Survivor['again']])[])
    test(what, () => survive({ seeds, again, isDeclared }))

  test('PEM', () => {
    const text = `text\n${writePem('CERTIFICATE', new Uint8Array(100))}\r\n${writePem('A', Uint8Array.of(1))}`
    survive({
      seeds: [Uint8Array.from(text, (character) => character.charCodeAt(0))],
      again: only((octets) => readPem(String.fromCharCode(...octets))),
      isDeclared: (error) => error instanceof PemError,
    })
  })
})

suite('the mutations themselves', () => {
  const seeds = hexOf('x509/certificate.json')
  const sound = (der: Uint8Array): [Uint8Array, Uint8Array] => [der, AGAIN['CERTIFICATE']?.(der) ?? assert.fail()]
  for (const [what, again, message] of [
    [
      'an error that is not declared',
      (der) => (der.at(-1) === 0x30 ? assert.fail('planted') : sound(der)),
      /^seed \d+, round \d+: [0-9a-f]+$/,
    ],
    [
      'what is written otherwise',
      (der) => (sound(der)[1].length % 7 === 3 ? [der, der.subarray(1)] : sound(der)),
      /round/,
    ],
    [
      'a reader that refuses all',
      () => {
        throw new DerError('ERR_DER_TAG', 0)
      },
      /too coarse/,
    ],
  ] satisfies readonly (readonly [string, Survivor['again'], RegExp])[])
    test(`find ${what}`, () => {
      assert.throws(
        () =>
          survive(
            { seeds, again, isDeclared: (error) => error instanceof DerError || error instanceof X509Error },
            4_000,
            1,
          ),
        { message },
      )
    })
})
