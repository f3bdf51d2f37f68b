// Time-stamping authority, RFC 3161: says, under a key of its own, that a hash was there at a time; in the ledger before it leaves.
import { randomBytes } from 'node:crypto'
import { type Clock, type Log, performWith } from '@countersign/mtls'
import type { PartyId } from '@countersign/protocol'
import {
  ALGORITHM,
  CmsError,
  DerError,
  hashOfImprint,
  OID,
  performStepsAsync,
  readTimeStampReq,
  referenceByIssuer,
  signData,
  signingCertificateV2Attribute,
  type TimeStampReq,
  type TimeStampResp,
  writeTSTInfo,
  X509Error,
} from '@countersign/x509'
import { AuthorityError } from './error.ts'
import type { Failpoint } from './failpoints.ts'
import { writeEntry } from './ledger/entry.ts'
import { serialHex, sha256 } from './octets.ts'
import type { KeptIdentity } from './start/own-identity.ts'
import type { Store } from './store/store.ts'

/** What a token of ours says: that its hash was known here at that time, and that the ledger has it. An arc of a UUID (X.667). */
export const TIME_STAMP_POLICY = '2.25.268470874494932540131514418991279488159'

/** Answers a request, DER as it came, of a party. */
export type TimeStamps = (request: Uint8Array, party: PartyId) => Promise<TimeStampResp>

interface Parts {
  readonly store: Store
  /** The key that signs nothing else, and its certificate; made when it is first needed. */
  readonly identity: () => Promise<KeptIdentity>
  readonly clock: Clock
  readonly failpoint: Failpoint
  readonly log: Log
}

export function createTimeStamps({ store, identity, clock, failpoint, log }: Parts): TimeStamps {
  return async (der, party) => {
    const request = readRequest(der)
    if ('failure' in request) return request
    const { messageImprint, nonce, certReq } = request
    const hash = hashOfImprint(messageImprint)
    if (hash === undefined) return { failure: 'badAlg', text: 'the hash is SHA-256, SHA-384 or SHA-512' }
    const own = await identity().catch((error: unknown) => {
      if (!(error instanceof AuthorityError) || error.code !== 'ERR_AUTHORITY_REFUSED') throw error
      log('timestamp.failed', { error: error.message, next: 'let an issuer sign the profile time-stamping' })
      return undefined
    })
    if (own === undefined) return { failure: 'systemFailure', text: 'no issuer certifies the key for time-stamps' }
    const { certificates, privateKey } = own.current()
    const [certificate] = certificates
    const at = clock()
    // RFC 3161 §2.4.2: "unique for each TimeStampToken issued by a given TSA", after a crash too; at most 160 bits.
    const serialNumber = BigInt(`0x01${randomBytes(16).toString('hex')}`)
    const content = writeTSTInfo({
      policy: TIME_STAMP_POLICY,
      messageImprint,
      serialNumber,
      genTime: at,
      ...(nonce !== undefined && { nonce }),
    })
    const steps = signData({
      content,
      contentType: OID['id-ct-TSTInfo'],
      detached: false,
      ...(certReq && { certificates: certificates.map((each) => each.der) }),
      signers: [
        {
          sid: referenceByIssuer(certificate),
          hash: 'SHA-256',
          signatureAlgorithm: ALGORITHM.ecdsaWithSHA256,
          // RFC 5816 §2.2.1: the certificate, by more than SHA-1.
          signedAttrs: [signingCertificateV2Attribute(sha256(certificate.der))],
        },
      ],
    })
    const token = await performStepsAsync(steps, performWith({ signers: [privateKey] }))
    await store.commit(async (tx) => {
      const serial = serialHex(serialNumber)
      const imprint = messageImprint.hashedMessage.toHex()
      await tx.ledger.add(writeEntry({ kind: 'timestamp', at, party, serial, hash, imprint }))
      failpoint('timestamp.before-commit')
    })
    failpoint('timestamp.after-commit')
    return { token }
  }
}

/** RFC 3161 §2.4.1, §2.4.2: what is not as asked is told by the bits of PKIFailureInfo. */
function readRequest(der: Uint8Array): TimeStampReq | Extract<TimeStampResp, { readonly failure: unknown }> {
  try {
    const request = readTimeStampReq(der)
    if (request.hasExtensions) return { failure: 'unacceptedExtension', text: 'no extension is known here' }
    if (request.reqPolicy !== undefined && request.reqPolicy !== TIME_STAMP_POLICY)
      return { failure: 'unacceptedPolicy', text: `the one policy is ${TIME_STAMP_POLICY}` }
    return request
  } catch (error) {
    if (error instanceof DerError || error instanceof CmsError || error instanceof X509Error)
      return { failure: 'badDataFormat', text: error.message }
    throw error
  }
}
