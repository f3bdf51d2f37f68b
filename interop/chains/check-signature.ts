// Signature checks for tests, on node:crypto and nothing of ours.
import { constants, createPublicKey, verify } from 'node:crypto'
import type { CheckSignature } from '@countersign/verify'
import { OID } from '@countersign/x509'

const HASHES: Readonly<Record<string, string | undefined>> = {
  [OID.ecdsaWithSHA256]: 'sha256',
  [OID.ecdsaWithSHA384]: 'sha384',
  [OID.ecdsaWithSHA512]: 'sha512',
  [OID.sha1WithRSAEncryption]: 'sha1',
  [OID.sha256WithRSAEncryption]: 'sha256',
  [OID.sha384WithRSAEncryption]: 'sha384',
  [OID.sha512WithRSAEncryption]: 'sha512',
  '1.2.840.10045.4.1': 'sha1',
}

/** Checks whatever node:crypto checks, SHA-1 too: what is too weak must be refused before it is asked. */
export const checkSignature: CheckSignature = ({ algorithm, parameters }, { der }, signed, signature) => {
  let key: ReturnType<typeof createPublicKey>
  try {
    key = createPublicKey({ key: Buffer.from(der), format: 'der', type: 'spki' })
  } catch (error) {
    if (error instanceof Error && 'code' in error) return false
    throw error
  }
  if (algorithm !== OID['id-RSASSA-PSS']) return verify(HASHES[algorithm], signed, key, signature)
  // 2.16.840.1.101.3.4.2.n, as DER, is in the parameters of each hash.
  const hash = ['sha256', 'sha384', 'sha512'].find((_, i) => parameters?.toHex().includes(`60864801650304020${i + 1}`))
  if (hash === undefined) return undefined
  return verify(
    hash,
    signed,
    { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST },
    signature,
  )
}
