// Who may issue the next certificate, and with which key.
import {
  authorityKeyIdentifierExtension,
  basicConstraintsExtension,
  type Extension,
  type Name,
  OID,
} from '@countersign/x509'
import { type Case, rootKeys, stranger } from './chain.ts'
import { akiOf, type Holder, keyIdOf, marked, name, purposes, usage } from './house.ts'

export const ISSUER_CASES: readonly Case[] = [
  // RFC 4158 §3.5.12: key identifiers "cannot be used to eliminate certificates". The signature is by the issuer's key.
  {
    what: 'a leaf that names another key of its issuer',
    codes: [],
    party: { extensions: { authorityKeyIdentifier: akiOf({ keys: stranger }) } },
  },
  {
    what: 'a leaf that names the beginning of the key of its issuer',
    codes: [],
    party: (issuing) => ({
      extensions: {
        authorityKeyIdentifier: authorityKeyIdentifierExtension({
          keyIdentifier: keyIdOf(issuing.keys).subarray(0, 19),
        }),
      },
    }),
  },
  {
    what: 'a leaf that names another certificate of its issuer by serial number',
    codes: [],
    party: (issuing) => ({
      extensions: { authorityKeyIdentifier: longAki(issuing, name('Root'), issuing.certificate.serialNumber + 1n) },
    }),
  },
  {
    what: 'a leaf that names another issuer of its issuer',
    codes: [],
    party: (issuing) => ({
      extensions: { authorityKeyIdentifier: longAki(issuing, name('Other'), issuing.certificate.serialNumber) },
    }),
  },
  {
    what: 'a leaf that names its issuer in full',
    codes: [],
    party: (issuing) => ({
      extensions: { authorityKeyIdentifier: longAki(issuing, name('Root'), issuing.certificate.serialNumber) },
    }),
  },
  {
    what: 'a leaf that names no key of its issuer',
    codes: ['ERR_VERIFY_KEY_IDENTIFIER'],
    party: { extensions: { authorityKeyIdentifier: null } },
  },
  {
    what: 'a self-issued issuer that names no key of its issuer',
    codes: ['ERR_VERIFY_KEY_IDENTIFIER'],
    root: { subject: name('Same') },
    issuing: { subject: name('Same'), extensions: { authorityKeyIdentifier: null } },
  },
  {
    what: 'a self-issued issuer that names the key of its issuer',
    codes: [],
    root: { subject: name('Same') },
    issuing: { subject: name('Same') },
  },
  {
    what: 'an issuer that names no key of its own',
    codes: ['ERR_VERIFY_KEY_IDENTIFIER'],
    issuing: { extensions: { subjectKeyIdentifier: null } },
  },
  {
    what: 'an anchor that names no key of its own',
    codes: ['ERR_VERIFY_KEY_IDENTIFIER'],
    root: { extensions: { subjectKeyIdentifier: null } },
  },
  {
    what: 'an anchor that names two keys of its own',
    codes: ['ERR_VERIFY_KEY_IDENTIFIER'],
    root: { more: [akiOf({ keys: stranger })] },
  },
  { what: 'an anchor that names its own key twice', codes: [], root: { more: [akiOf({ keys: rootKeys })] } },
  { what: 'an anchor that its own key signed under another name', codes: [], root: { issuer: name('Other') } },
  {
    what: 'an anchor that another key signed, and which names no key',
    codes: ['ERR_VERIFY_KEY_IDENTIFIER'],
    root: { issuer: name('Other'), signer: stranger },
  },
  {
    what: 'an anchor that another key signed, and which names it',
    codes: [],
    root: { issuer: name('Other'), signer: stranger, more: [akiOf({ keys: stranger })] },
  },
  {
    what: 'more issuers than the question allows',
    codes: ['ERR_VERIFY_PATH_LENGTH'],
    context: { maxPathLength: 0 },
  },
  { what: 'as many issuers as the question allows', codes: [], context: { maxPathLength: 1 } },
  {
    what: 'an anchor that names no key in its authority key identifier',
    codes: ['ERR_VERIFY_KEY_IDENTIFIER'],
    root: { more: [authorityKeyIdentifierExtension({})] },
  },
  {
    what: 'an issuer under another name',
    codes: ['ERR_VERIFY_ISSUER_NOT_FOUND', 'ERR_VERIFY_NAME_CHAINING'],
    party: { issuer: name('Other') },
  },
  { what: 'an issuer by its name in other letters and spaces', codes: [], party: { issuer: name('  iSSUING ') } },

  {
    what: 'an issuer that says it is none',
    codes: ['ERR_VERIFY_NOT_A_CA'],
    issuing: { extensions: { basicConstraints: basicConstraintsExtension({ cA: false }) } },
  },
  {
    what: 'an issuer that does not say it is one',
    codes: ['ERR_VERIFY_NOT_A_CA'],
    issuing: { extensions: { basicConstraints: null } },
  },
  {
    what: 'an issuer that says it in an extension that is not critical',
    codes: ['ERR_VERIFY_NOT_A_CA'],
    issuing: { extensions: { basicConstraints: marked(false, basicConstraintsExtension({ cA: true })) } },
  },
  {
    what: 'an anchor that does not say it is an issuer',
    codes: ['ERR_VERIFY_NOT_A_CA'],
    root: { extensions: { basicConstraints: null } },
  },
  {
    what: 'an anchor that allows no further issuer',
    codes: ['ERR_VERIFY_PATH_LENGTH'],
    root: { extensions: { basicConstraints: basicConstraintsExtension({ cA: true, pathLenConstraint: 0 }) } },
  },
  {
    what: 'an anchor that allows one further issuer, which allows none',
    codes: [],
    root: { extensions: { basicConstraints: basicConstraintsExtension({ cA: true, pathLenConstraint: 1 }) } },
    issuing: { extensions: { basicConstraints: basicConstraintsExtension({ cA: true, pathLenConstraint: 0 }) } },
  },
  {
    what: 'an issuer that may not sign certificates',
    codes: ['ERR_VERIFY_KEY_USAGE'],
    issuing: { extensions: { keyUsage: usage('cRLSign', 'digitalSignature') } },
  },
  { what: 'an issuer without a key usage', codes: [], issuing: { extensions: { keyUsage: null } } },
  {
    what: 'an anchor that may not sign certificates',
    codes: ['ERR_VERIFY_KEY_USAGE'],
    root: { extensions: { keyUsage: usage('cRLSign') } },
  },
  {
    what: 'an issuer for servers only',
    codes: ['ERR_VERIFY_EXTENDED_KEY_USAGE'],
    issuing: { more: [purposes(OID.serverAuth)] },
  },
  { what: 'an issuer for clients', codes: [], issuing: { more: [purposes(OID.clientAuth)] } },
  { what: 'an issuer for any purpose', codes: [], issuing: { more: [purposes(OID.anyExtendedKeyUsage)] } },
  {
    what: 'an anchor for mail only',
    codes: ['ERR_VERIFY_EXTENDED_KEY_USAGE'],
    root: { more: [purposes(OID.emailProtection)] },
  },
]

function longAki(issuing: Holder, issuer: Name, serialNumber: bigint): Extension {
  return authorityKeyIdentifierExtension({
    keyIdentifier: keyIdOf(issuing.keys),
    authorityCertIssuer: [{ kind: 'directoryName', value: issuer }],
    authorityCertSerialNumber: serialNumber,
  })
}
