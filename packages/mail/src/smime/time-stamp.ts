// Somebody else's word for when a signature was there: the time-stamp of RFC 3161 Appendix A, put in and believed.
import { createHash } from 'node:crypto'
import { performWith, verdictsOf } from '@countersign/mtls'
import {
  type Certificate,
  CmsError,
  cmsFromBer,
  DerError,
  hashOf,
  hashOfImprint,
  latestOf,
  OID,
  performSteps,
  readCertificate,
  readSignedData,
  readTSTInfo,
  type SignedData,
  type SignerInfo,
  signingCertificateV2Of,
  verifySigner,
  writeSignedData,
  X509Error,
} from '@countersign/x509'
import type { TimeEvidence } from '../model.ts'
import { signerOf } from './names.ts'
import type { SignerContext } from './trust.ts'

/** Asks a time-stamping authority for a token over a digest; undefined where there is none to be had. 32 octets. */
export type AskTimeStamp = (sha256: Uint8Array) => Promise<Uint8Array | undefined>

/** What a token comes to: the latest time at which what it is about can have come, or why it says nothing. */
export type TimeStampVerdict =
  | { readonly ok: true; readonly evidence: TimeEvidence }
  | { readonly ok: false; readonly note: string }

/** Tokens have a few kilobytes; and of many the first few are looked at. */
const MAX_TOKEN_OCTETS = 65_536
const MAX_TOKENS = 4

/** Puts a token beside the one signature of a message. @see RFC 3161 Appendix A */
export async function withTimeStamp(signed: Uint8Array, ask: AskTimeStamp): Promise<Uint8Array> {
  const data = readSignedData(signed)
  const [signer] = data.signerInfos
  if (signer === undefined) return signed
  const token = await ask(hashed('SHA-256', signer.signature))
  if (token === undefined) return signed
  const unsignedAttrs = [...(signer.unsignedAttrs ?? []), { type: OID['id-aa-timeStampToken'], values: [token] }]
  return writeSignedData({ ...data, signerInfos: [{ ...signer, unsignedAttrs }] })
}

/** Judges the time-stamps beside a signature, the first that counts; undefined where there is none. */
export function timeStampOf(signer: SignerInfo, context: SignerContext): TimeStampVerdict | undefined {
  const tokens = (signer.unsignedAttrs ?? [])
    .filter(({ type }) => type === OID['id-aa-timeStampToken'])
    .flatMap(({ values }) => values)
    .slice(0, MAX_TOKENS)
  const verdicts = tokens.map((token) => judgeTimeStamp(token, (hash) => hashed(hash, signer.signature), context))
  return verdicts.find(({ ok }) => ok) ?? verdicts[0]
}

/**
 * Judges one token over something whose digest `digest` answers. Whatever is wrong with it, it says nothing.
 * @see RFC 3161 §2.2, §2.4.2
 */
export function judgeTimeStamp(
  token: Uint8Array,
  digest: (hash: 'SHA-256' | 'SHA-384' | 'SHA-512') => Uint8Array,
  context: SignerContext,
): TimeStampVerdict {
  if (token.length > MAX_TOKEN_OCTETS) return { ok: false, note: 'it has too many octets' }
  try {
    return judgeRead(readSignedData(cmsFromBer(token)), digest, context)
  } catch (error) {
    if (error instanceof DerError || error instanceof CmsError || error instanceof X509Error)
      return { ok: false, note: error.code }
    throw error
  }
}

function judgeRead(
  data: SignedData,
  digest: (hash: 'SHA-256' | 'SHA-384' | 'SHA-512') => Uint8Array,
  { trust, now }: SignerContext,
): TimeStampVerdict {
  const { eContentType, eContent, signerInfos } = data
  const [signer] = signerInfos
  // "The time-stamp token MUST NOT contain any signatures other than the signature of the TSA."
  if (eContentType !== OID['id-ct-TSTInfo'] || eContent === undefined || signer === undefined || signerInfos.length > 1)
    return { ok: false, note: 'it is no time stamp by one authority' }
  const info = readTSTInfo(eContent)
  const hash = hashOfImprint(info.messageImprint)
  if (hash === undefined || Buffer.compare(digest(hash), info.messageImprint.hashedMessage) !== 0)
    return { ok: false, note: 'it is of something else' }
  const certificates = (data.certificates ?? []).map(readCertificate)
  const certificate = signerAmong(signer, certificates)
  if (certificate === undefined) return { ok: false, note: 'it does not have the certificate that it names' }
  const verdict = performSteps(verifySigner(data, signer, certificate.subjectPublicKeyInfo), performWith())
  if (!verdict.ok) return { ok: false, note: verdict.code }
  const judgement = verdictsOf(trust).judge({
    presenter: 'caller',
    purpose: 'timeStamping',
    certificates: [certificate, ...certificates.filter((other) => other !== certificate)],
    address: 'the time-stamping authority',
    now,
  })
  if (!judgement.ok) return { ok: false, note: judgement.refusal.code }
  return { ok: true, evidence: { at: latestOf(info), by: signerOf(certificate).name } }
}

/** RFC 5816 §2.2.1: by the hash of its certificate. That of SHA-1 alone (ESSCertID) is not taken. */
function signerAmong(signer: SignerInfo, certificates: readonly Certificate[]): Certificate | undefined {
  const bound = signingCertificateV2Of(signer)
  const hash = bound && hashOf(bound.hashAlgorithm)
  if (bound === undefined || hash === undefined || hash === 'SHA-1') return undefined
  return certificates.find(({ der }) => Buffer.compare(hashed(hash, der), bound.certHash) === 0)
}

function hashed(hash: 'SHA-256' | 'SHA-384' | 'SHA-512', octets: Uint8Array): Uint8Array {
  return new Uint8Array(createHash(hash.replace('-', '')).update(octets).digest())
}
