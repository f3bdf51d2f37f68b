// Readers of certificates, ours and those that people use: each reads one whole, with all extensions that it knows.
// @peculiar/x509 wants `reflect-metadata` to be there first.
import 'reflect-metadata'
import { X509Certificate } from 'node:crypto'
import { readCertificate } from '@countersign/x509'
import * as peculiar from '@peculiar/x509'
import { Certificate } from 'pkijs'

/** Gives back something of what was read, so that the reading has a use. */
export const READERS = {
  countersign: (der) => readCertificate(der),
  'node:crypto, unread': (der) => new X509Certificate(der),
  'node:crypto': (der) => {
    const read = new X509Certificate(der)
    // What it has by name; it decodes no other extension, and does so when it is asked.
    const { subject, issuer, validFromDate, validToDate, serialNumber, subjectAltName, infoAccess, keyUsage, ca } = read
    return [read, subject, issuer, validFromDate, validToDate, serialNumber, subjectAltName, infoAccess, keyUsage, ca]
  },
  '@peculiar/x509': (der) => {
    const read = new peculiar.X509Certificate(der as Uint8Array<ArrayBuffer>)
    return [read, read.extensions, read.subjectName, read.issuerName, read.notBefore, read.notAfter, read.serialNumber]
  },
  pkijs: (der) => {
    const read = Certificate.fromBER(der as Uint8Array<ArrayBuffer>)
    return [read, read.extensions?.map(({ parsedValue }) => parsedValue)]
  },
} as const satisfies Readonly<Record<string, (der: Uint8Array) => unknown>>
