// The signatures of one SignedData, each a fact: RFC 5652 §5.6, RFC 8551 §2.5, RFC 5035 §3.
import { createHash, type Hash } from 'node:crypto'
import { performWith } from '@countersign/mtls'
import {
  type Certificate,
  CmsError,
  DerError,
  type HashName,
  hashOf,
  hashOfSigner,
  isReferenceTo,
  performSteps,
  readCertificate,
  type SignedData,
  type SignerInfo,
  type SignerVerdict,
  signingCertificateV2Of,
  signingTimeOf,
  verifySigner,
  verifySignerOfDigest,
  X509Error,
} from '@countersign/x509'
import type { SignatureFact, Source } from '../model.ts'
import { signatureText, signerOf } from './names.ts'
import { gathered } from './pieces.ts'
import { timeStampOf } from './time-stamp.ts'
import { type SignerContext, trustOf } from './trust.ts'

/** What was signed: a part of a source. */
export interface SignedContent {
  readonly source: Source
  readonly start: number
  readonly end: number
}

/** What judging signatures takes. `known`: certificates of signers who did not send theirs. */
export interface SignatureContext extends SignerContext {
  readonly known: readonly Certificate[]
}

const MAX_SIGNERS = 16
/** As many as are read of a message, chains and certificates for answers included. */
const MAX_CERTIFICATES = 64
/** A signer names one certificate; a stranger's may have the same name, or the same key identifier. */
const MAX_CANDIDATES = 4
/** What a signature without signed attributes may be over: that is checked as a whole. */
const MAX_WHOLE_OCTETS = 16_777_216

/** Checks and judges every signature of a message, in its order. */
export async function judgeSignatures(
  data: SignedData,
  content: SignedContent,
  context: SignatureContext,
): Promise<SignatureFact[]> {
  const { signerInfos } = data
  if (signerInfos.length > MAX_SIGNERS) return [bad('ERR_MAIL_BUDGET', `${signerInfos.length} signers`)]
  const sent = (data.certificates ?? []).slice(0, MAX_CERTIFICATES).flatMap(readIfOne)
  const hashes = new Set(signerInfos.map(hashOfSigner).filter((hash) => hash !== undefined))
  const digests = await digestsOf(content, hashes)
  const isWhole = signerInfos.some(({ signedAttrs }) => signedAttrs === undefined)
  const whole = isWhole ? await wholeOf(content) : undefined
  return signerInfos.map((signer) => factOf(data, signer, sent, { digests, whole }, context))
}

interface Digested {
  readonly digests: ReadonlyMap<HashName, Uint8Array>
  readonly whole: Uint8Array | undefined
}

function factOf(
  data: SignedData,
  signer: SignerInfo,
  sent: readonly Certificate[],
  digested: Digested,
  context: SignatureContext,
): SignatureFact {
  const candidates = [...sent, ...context.known]
    .filter((each) => isReferenceTo(signer.sid, each))
    .slice(0, MAX_CANDIDATES)
  const [first] = candidates
  if (first === undefined) return bad('ERR_MAIL_SIGNER', 'no certificate of the signer came with the message')
  const checked = candidates.map((certificate) => ({
    certificate,
    fault: faultOf(data, signer, certificate, digested),
  }))
  const right = checked.find(({ fault }) => fault === undefined)
  if (right === undefined) {
    const fault = checked[0]?.fault ?? bad('ERR_MAIL_SIGNATURE', 'not checked')
    return { ...fault, signer: signerOf(first) }
  }
  const { certificate } = right
  const claimedAt = signingTimeOf(signer)
  const hash = hashOfSigner(signer) ?? 'SHA-256'
  const timeStamp = timeStampOf(signer, context)
  return {
    outcome: { ok: true },
    signer: signerOf(certificate),
    trust: trustOf(certificate, sent, context),
    ...(claimedAt && { claimedAt }),
    algorithm: signatureText(signer.signatureAlgorithm, hash, certificate),
    ...(timeStamp && { timeStamp }),
  }
}

/** Why this is no signature of this content by the key of this certificate. */
function faultOf(
  data: SignedData,
  signer: SignerInfo,
  certificate: Certificate,
  { digests, whole }: Digested,
): SignatureFact | undefined {
  try {
    const hash = hashOfSigner(signer)
    const { subjectPublicKeyInfo } = certificate
    let verdict: SignerVerdict
    if (signer.signedAttrs === undefined) {
      if (whole === undefined) return bad('ERR_MAIL_BUDGET', 'a signature without signed attributes over too much')
      const { eContent: _, ...detached } = data
      verdict = performSteps(verifySigner(detached, signer, subjectPublicKeyInfo, whole), performWith())
    } else {
      const digest = hash && digests.get(hash)
      verdict = performSteps(verifySignerOfDigest(data, signer, subjectPublicKeyInfo, digest), performWith())
    }
    if (!verdict.ok)
      return bad(verdict.code === 'ERR_CMS_ALGORITHM' ? 'ERR_MAIL_ALGORITHM' : 'ERR_MAIL_SIGNATURE', verdict.code)
    // RFC 8551 §2.5.1: a time that stands twice, or is none, is a signature that fails.
    signingTimeOf(signer)
    return isBoundToAnother(signer, certificate)
      ? bad('ERR_MAIL_SIGNATURE', 'signingCertificateV2 names another certificate')
      : undefined
  } catch (error) {
    if (error instanceof CmsError || error instanceof DerError || error instanceof X509Error)
      return bad('ERR_MAIL_SIGNATURE', error.code)
    throw error
  }
}

/** RFC 5035 §3: the hash "of the certificate used to verify the signature" is the first. */
function isBoundToAnother(signer: SignerInfo, { der }: Certificate): boolean {
  const bound = signingCertificateV2Of(signer)
  if (bound === undefined) return false
  const hash = hashOf(bound.hashAlgorithm)
  return hash === undefined || hashing(hash).update(der).digest().compare(bound.certHash) !== 0
}

type FaultCode = Extract<SignatureFact['outcome'], { readonly ok: false }>['code']

function bad(code: FaultCode, note: string): SignatureFact {
  return { outcome: { ok: false, code, note } }
}

/** What somebody put beside the certificates that are one spoils nothing. */
function readIfOne(der: Uint8Array): Certificate[] {
  try {
    return [readCertificate(der)]
  } catch (error) {
    if (error instanceof DerError || error instanceof X509Error) return []
    throw error
  }
}

async function digestsOf(
  { source, start, end }: SignedContent,
  hashes: ReadonlySet<HashName>,
): Promise<ReadonlyMap<HashName, Uint8Array>> {
  const under = new Map([...hashes].map((hash) => [hash, hashing(hash)]))
  for await (const piece of gathered(source.read(start, end))) for (const each of under.values()) each.update(piece)
  return new Map([...under].map(([hash, each]) => [hash, new Uint8Array(each.digest())]))
}

function hashing(hash: HashName): Hash {
  return createHash(hash.replace('-', ''))
}

async function wholeOf({ source, start, end }: SignedContent): Promise<Uint8Array | undefined> {
  if (end - start > MAX_WHOLE_OCTETS) return undefined
  return Buffer.concat(await Array.fromAsync(source.read(start, end)))
}
