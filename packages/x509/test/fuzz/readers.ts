// Every reader of octets that this package exports, by its name: what it reads, what writes it again, what it may throw.
import assert from 'node:assert/strict'
import { generateKeyPairSync, sign } from 'node:crypto'
import {
  CMS_LIMITS,
  CmsError,
  cmsFromBer,
  DerError,
  derFromBer,
  imprintOf,
  nameOf,
  OID,
  PemError,
  Pkcs12Error,
  pkcs12FromBer,
  readAuthenticatedSafe,
  readEcdsaSignature,
  readEncryptedPrivateKeyInfo,
  readName,
  readPem,
  readPfx,
  readPrivateKey,
  readPrivateKeyInfo,
  readPssParameters,
  readPublicKey,
  readSafeContents,
  readSignatureAlgorithm,
  readSmtpUTF8Mailbox,
  readSubjectPublicKeyInfo,
  readTimeStampReq,
  readTimeStampResp,
  readTSTInfo,
  writeAuthenticatedSafe,
  writeEncryptedPrivateKeyInfo,
  writeName,
  writePem,
  writePfx,
  writePssParameters,
  writePublicKey,
  writeSafeContents,
  writeTimeStampReq,
  writeTimeStampResp,
  writeTSTInfo,
  X509Error,
} from '@countersign/x509'
import type { Survivor } from '../../../../tools/testing/mutations.ts'
import { CMS_AGAIN, type CmsType } from '../cms/again.ts'
import { AGAIN } from '../foreign/again.ts'
import { certificateWith } from '../frames.ts'
import { casesOf } from '../vectors.ts'
import { file, key, opened } from './protected.ts'

const oneOf =
  (...classes: readonly (abstract new (...args: never) => Error)[]) =>
  (error: unknown) =>
    classes.some((declared) => error instanceof declared)
const ofX509 = oneOf(DerError, X509Error)
const ofCms = oneOf(DerError, X509Error, CmsError)
const ofPkcs12 = oneOf(DerError, X509Error, CmsError, Pkcs12Error)

/** Nothing writes it. */
const only =
  (read: (octets: Uint8Array) => unknown): Survivor['again'] =>
  (octets) => {
    read(octets)
    return undefined
  }
const written =
  (again: (der: Uint8Array) => Uint8Array): Survivor['again'] =>
  (der) => [der, again(der)]

interface Vector {
  readonly hex: string
  readonly code?: string
}
const octetsOf = ({ hex }: Vector) => Uint8Array.fromHex(hex)
const isRead = ({ hex, code }: Vector) => code === undefined && hex.length < 2_000
const seedsOf = (path: string) => casesOf<Vector>(path).filter(isRead).map(octetsOf)

/** A structure of ours in PEM, as {@link AGAIN} labels it. */
function labelled(label: string, path: string, more: readonly Uint8Array[] = []): Survivor {
  return { seeds: [...seedsOf(path), ...more], again: written(AGAIN[label] ?? assert.fail(label)), isDeclared: ofX509 }
}

/** Certificates with one extension each, of every kind. */
const certificatesOfExtensions = casesOf<Vector & { readonly extension: keyof typeof OID }>('x509/extension.json')
  .filter(isRead)
  .map((vector) => certificateWith([{ extnID: OID[vector.extension], critical: true, extnValue: octetsOf(vector) }]))

/** GeneralizedTime and its length: a list may have it before 2050, where we write UTCTime. */
const GENERALIZED_TIME = '180f'
const writeListAgain = AGAIN['X509 CRL'] ?? assert.fail()

const messages = [
  ...casesOf<Vector & { readonly type: CmsType }>('cms/structure.json'),
  ...casesOf<Vector & { readonly type: CmsType }>('cms/openssl.json'),
].filter(({ code }) => code === undefined)

/** A message, which is BER until {@link cmsFromBer} was there. */
function message(type: CmsType): Survivor {
  return {
    seeds: messages.filter((vector) => type === 'contentInfo' || vector.type === type).map(octetsOf),
    again: (octets) => {
      const der = cmsFromBer(octets)
      return [der, CMS_AGAIN[type](der)]
    },
    isDeclared: ofCms,
  }
}

/** BER that was turned into DER is DER: it is given back as it is. */
const asDer =
  (fromBer: (ber: Uint8Array) => Uint8Array): Survivor['again'] =>
  (ber) => {
    const der = fromBer(ber)
    const again = fromBer(der)
    assert.equal(again.buffer, der.buffer, 'not DER at once')
    return [der, again]
  }

/** A part of a PKCS #12 file; nearly each octet of them says how long another is. */
function fileOf(seed: Uint8Array | undefined, again: (der: Uint8Array) => Uint8Array): Survivor {
  return {
    seeds: [seed ?? assert.fail('no seed')],
    again: (octets) => {
      const der = pkcs12FromBer(octets)
      return [der, again(der)]
    },
    isDeclared: ofPkcs12,
    mutations: 1,
  }
}

const publicKeys = seedsOf('x509/public-key.json')
const pssParameters = (['SHA-1', 'SHA-256', 'SHA-512'] as const).map((hash, i) =>
  writePssParameters({ hash, maskHash: hash, saltLength: 20 + i }),
)
const names = [
  nameOf([
    ['countryName', 'DE'],
    ['organizationName', 'Müller & Söhne'],
    ['commonName', 'a party'],
  ]).der,
  nameOf([]).der,
]
const pem = `text\n${writePem('CERTIFICATE', new Uint8Array(100))}\r\n${writePem('A', Uint8Array.of(1))}`

export const READERS: Readonly<Record<string, Survivor>> = {
  readCertificate: labelled('CERTIFICATE', 'x509/certificate.json', certificatesOfExtensions),
  readCertificateList: {
    seeds: seedsOf('x509/certificate-list.json'),
    again: (octets) => {
      const der = octets.toHex().includes(GENERALIZED_TIME) ? writeListAgain(octets) : octets
      return [der, writeListAgain(der)]
    },
    isDeclared: ofX509,
  },
  readCertificationRequest: labelled('CERTIFICATE REQUEST', 'x509/certification-request.json'),
  readOCSPRequest: labelled('OCSP REQUEST', 'x509/ocsp-request.json'),
  readOCSPResponse: labelled('OCSP RESPONSE', 'x509/ocsp-response.json'),
  readPrivateKeyInfo: labelled('PRIVATE KEY', 'x509/private-key.json'),
  readSubjectPublicKeyInfo: labelled('PUBLIC KEY', 'x509/public-key.json'),
  readName: { seeds: names, again: written((der) => writeName(readName(der).rdnSequence)), isDeclared: ofX509 },
  readPublicKey: {
    seeds: publicKeys,
    again: (der) => {
      const key = readPublicKey(readSubjectPublicKeyInfo(der))
      // Parameters of RSASSA-PSS may stand in a form that we do not write: digests without their NULL.
      return key === undefined || key.kind === 'RSA-PSS' ? undefined : [der, writePublicKey(key)]
    },
    isDeclared: ofX509,
  },
  readPrivateKey: {
    seeds: seedsOf('x509/private-key.json'),
    again: only((der) => readPrivateKey(readPrivateKeyInfo(der))),
    isDeclared: ofX509,
  },
  readEcdsaSignature: {
    seeds: ['P-256', 'P-521'].map((namedCurve) =>
      Uint8Array.from(sign('sha256', new Uint8Array(), generateKeyPairSync('ec', { namedCurve }).privateKey)),
    ),
    again: only((der) => readEcdsaSignature(der, 'P-521')),
    isDeclared: ofX509,
  },
  readPssParameters: {
    seeds: pssParameters,
    again: written((der) => writePssParameters(readPssParameters(der))),
    isDeclared: ofX509,
  },
  readSignatureAlgorithm: {
    seeds: pssParameters,
    again: only((parameters) => readSignatureAlgorithm({ algorithm: OID['id-RSASSA-PSS'], parameters })),
    isDeclared: ofX509,
  },
  readSmtpUTF8Mailbox: {
    seeds: seedsOf('x509/smtp-utf8-mailbox.json'),
    again: only((value) => readSmtpUTF8Mailbox({ kind: 'otherName', typeId: OID.SmtpUTF8Mailbox, value })),
    isDeclared: ofX509,
  },
  readTimeStampReq: {
    seeds: [writeTimeStampReq({ messageImprint: imprintOf('SHA-256', new Uint8Array(32)), nonce: 1n << 100n })],
    again: only(readTimeStampReq),
    isDeclared: ofCms,
  },
  readTimeStampResp: {
    seeds: [
      writeTimeStampResp({ token: Uint8Array.of(0x30, 0) }),
      writeTimeStampResp({ failure: 'badAlg', text: 'no' }),
    ],
    again: only(readTimeStampResp),
    isDeclared: ofCms,
  },
  readTSTInfo: {
    seeds: [
      writeTSTInfo({
        policy: '1.2.3.4.1',
        messageImprint: imprintOf('SHA-512', new Uint8Array(64)),
        serialNumber: 1n << 100n,
        genTime: Temporal.Instant.from('2026-05-01T00:00:00Z'),
        nonce: 7n,
      }),
    ],
    again: only(readTSTInfo),
    isDeclared: ofCms,
  },
  readContentInfo: message('contentInfo'),
  readSignedData: message('signedData'),
  readEnvelopedData: message('envelopedData'),
  readAuthEnvelopedData: message('authEnvelopedData'),
  readEncryptedData: message('encryptedData'),
  cmsFromBer: { seeds: messages.map(octetsOf), again: asDer(cmsFromBer), isDeclared: ofCms },
  derFromBer: {
    seeds: messages.map(octetsOf),
    again: asDer((ber) => derFromBer(ber, CMS_LIMITS)),
    isDeclared: oneOf(DerError),
  },
  pkcs12FromBer: { seeds: [file], again: asDer(pkcs12FromBer), isDeclared: ofPkcs12 },
  readPfx: fileOf(file, (der) => writePfx(readPfx(der))),
  readAuthenticatedSafe: fileOf(readPfx(file).authSafe, (der) => writeAuthenticatedSafe(readAuthenticatedSafe(der))),
  readSafeContents: fileOf(opened[0], (der) => writeSafeContents(readSafeContents(der))),
  readEncryptedPrivateKeyInfo: fileOf(key, (der) => writeEncryptedPrivateKeyInfo(readEncryptedPrivateKeyInfo(der))),
  readPem: {
    seeds: [Uint8Array.from(pem, (character) => character.charCodeAt(0))],
    again: only((octets) => readPem(String.fromCharCode(...octets))),
    isDeclared: oneOf(PemError),
  },
}
