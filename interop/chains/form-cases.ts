// What every certificate of a path must satisfy, and whether there is a path at all.
import { type PathContext, verifyParsedPath, verifyPath } from '@countersign/verify'
import { ALGORITHM, OID, writeIa5String } from '@countersign/x509'
import { bare, type Case, type Chain, issuingKeys, stranger } from './chain.ts'
import { anchorOf, crl, hours, name, revoked, root } from './house.ts'

const ecdsaWithSha1 = { ...issuingKeys, algorithm: { algorithm: '1.2.840.10045.4.1' }, hash: 'sha1' }

export const FORM_CASES: readonly Case[] = [
  { what: 'a usual chain', codes: [] },
  {
    what: 'a leaf that is cut short',
    codes: ['ERR_VERIFY_MALFORMED'],
    ask: ({ party, issuing }, context) =>
      verifyPath([party.certificate.der.subarray(0, 200), issuing.certificate.der], context),
  },
  {
    what: 'an issuer that is cut short, and no other',
    codes: ['ERR_VERIFY_ISSUER_NOT_FOUND', 'ERR_VERIFY_MALFORMED'],
    ask: ({ party, issuing }, context) =>
      verifyPath([party.certificate.der, issuing.certificate.der.subarray(0, 200)], context),
  },
  {
    what: 'octets of no kind beside a good chain',
    codes: [],
    ask: ({ party, issuing }, context) =>
      verifyPath([party.certificate.der, Uint8Array.of(1, 2, 3), issuing.certificate.der], context),
  },
  { what: 'no certificate', codes: ['ERR_VERIFY_EMPTY'], ask: (_, context) => verifyPath([], context) },
  { what: 'no anchor', codes: ['ERR_VERIFY_NO_ANCHOR'], context: { anchors: [] } },
  {
    what: 'a root that the peer sent and nobody here trusts',
    codes: ['ERR_VERIFY_NO_ANCHOR'],
    ask: (chain, context) =>
      verifyParsedPath(chain.party.certificate, [chain.issuing.certificate, chain.root.certificate], context),
    context: () => ({ anchors: [anchorOf(root({ subject: name('Another Root') }))] }),
  },
  {
    what: 'a root of the same name as an anchor, with another key',
    codes: ['ERR_VERIFY_ISSUER_NOT_FOUND', 'ERR_VERIFY_KEY_IDENTIFIER'],
    context: () => ({ anchors: [anchorOf(root())] }),
  },
  {
    what: 'an issuer that nobody sent',
    codes: ['ERR_VERIFY_ISSUER_NOT_FOUND'],
    ask: ({ party }, context) => verifyParsedPath(party.certificate, [], context),
  },
  { what: 'an anchor without a certificate', codes: [], context: ({ root }) => ({ anchors: [bare(root)] }) },
  { what: 'a leaf that a stranger signed', codes: ['ERR_VERIFY_BAD_SIGNATURE'], party: { signer: stranger } },
  { what: 'an issuer that a stranger signed', codes: ['ERR_VERIFY_BAD_SIGNATURE'], issuing: { signer: stranger } },
  {
    what: 'an issuer that a stranger signed, under an anchor without a certificate',
    codes: ['ERR_VERIFY_BAD_SIGNATURE'],
    issuing: { signer: stranger },
    context: ({ root }) => ({ anchors: [bare(root)] }),
  },
  { what: 'ecdsa with sha-1', codes: ['ERR_VERIFY_ALGORITHM'], party: { signer: ecdsaWithSha1 } },
  {
    what: 'an algorithm that the checker does not know',
    codes: ['ERR_VERIFY_ALGORITHM'],
    context: { checkSignature: () => undefined },
  },
  {
    what: 'a right signature by the algorithm outside of what is signed, where the inside names another',
    codes: ['ERR_VERIFY_ALGORITHM_MISMATCH'],
    party: { signer: { ...issuingKeys, hash: 'sha384' }, outer: ALGORITHM.ecdsaWithSHA384 },
  },
  {
    what: 'a leaf that expired a second ago',
    codes: ['ERR_VERIFY_EXPIRED'],
    party: { notAfter: hours(0).subtract({ seconds: 1 }) },
  },
  { what: 'a leaf that expires now', codes: [], party: { notAfter: hours(0) } },
  { what: 'a leaf that begins now', codes: [], party: { notBefore: hours(0) } },
  {
    what: 'a leaf that begins in a second',
    codes: ['ERR_VERIFY_NOT_YET_VALID'],
    party: { notBefore: hours(0).add({ seconds: 1 }) },
  },
  { what: 'an issuer that expired', codes: ['ERR_VERIFY_EXPIRED'], issuing: { notAfter: hours(-1) } },
  { what: 'an issuer that is not valid yet', codes: ['ERR_VERIFY_NOT_YET_VALID'], issuing: { notBefore: hours(1) } },
  { what: 'an anchor that expired', codes: ['ERR_VERIFY_EXPIRED'], root: { notAfter: hours(-1) } },
  { what: 'an anchor that is not valid yet', codes: ['ERR_VERIFY_NOT_YET_VALID'], root: { notBefore: hours(1) } },
  {
    what: 'an anchor that expired, given as name and key alone',
    codes: [],
    root: { notAfter: hours(-1) },
    context: ({ root }) => ({ anchors: [bare(root)] }),
  },
  { what: 'an anchor of version 1', codes: ['ERR_VERIFY_VERSION'], root: { version: 1 } },
  { what: 'an issuer of version 1', codes: ['ERR_VERIFY_VERSION'], issuing: { version: 1 } },
  { what: 'a leaf of version 1', codes: ['ERR_VERIFY_VERSION'], party: { version: 1 } },
  ...[0n, -1n, 1n << 159n].map((serialNumber) => ({
    what: `a leaf with the serial number ${serialNumber}`,
    codes: ['ERR_VERIFY_SERIAL'] as const,
    ask: ({ party, issuing }: Chain, context: PathContext) =>
      verifyParsedPath({ ...party.certificate, serialNumber }, [issuing.certificate], context),
  })),
  { what: 'a leaf with the largest serial number', codes: [], party: { serialNumber: (1n << 159n) - 1n } },

  {
    what: 'a weak key in a leaf',
    codes: ['ERR_VERIFY_WEAK_KEY'],
    party: {
      keys: {
        ...stranger,
        subjectPublicKeyInfo: {
          ...stranger.subjectPublicKeyInfo,
          algorithm: { algorithm: OID.ecPublicKey, parameters: writeIa5String('no curve') },
        },
      },
    },
  },
  {
    what: 'a revoked leaf',
    codes: ['ERR_VERIFY_REVOKED'],
    context: ({ issuing, party }) => ({
      status: { mode: 'prefer', crls: [crl(issuing, { revoked: [revoked(party)] })] },
    }),
  },
  {
    what: 'no crl where one is required',
    codes: ['ERR_VERIFY_STATUS_UNKNOWN', 'ERR_VERIFY_STATUS_UNKNOWN'],
    context: { status: { mode: 'require', crls: [] } },
  },
  {
    what: 'an old crl where a current one is required',
    codes: ['ERR_VERIFY_STATUS_EXPIRED'],
    context: ({ root, issuing }) => ({
      status: { mode: 'require', crls: [crl(root), crl(issuing, { nextUpdate: hours(0) })] },
    }),
  },
  {
    what: 'a budget of no signatures',
    codes: ['ERR_VERIFY_BUDGET'],
    context: {
      budget: { maxCertificates: 9, maxOctets: 9999, maxSignatures: 0, maxSteps: 99, maxDepth: 9, maxNames: 0 },
    },
  },
]
