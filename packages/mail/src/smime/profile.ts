// Which profile the holder of a certificate reads, as the certificate says it. RFC 4262.
import { MailError } from '@countersign/protocol'
import {
  type Certificate,
  closeDer,
  DerError,
  enter,
  leave,
  OID,
  type Oid,
  openDer,
  readAny,
  readOid,
  TAG,
} from '@countersign/x509'
import type { SealProfile } from '../model.ts'

const LIMITS = { maxOctets: 8_192, maxDepth: 8, maxElements: 512 }

/**
 * `legacy` where the certificate names what its holder reads, and no encryption that authenticates is among it. One that names
 * nothing says nothing, and what is current is taken.
 * @throws {MailError} when what it names cannot be read.
 * @see RFC 4262 §2
 */
export function profileOf({ extensions }: Certificate): SealProfile {
  const named = extensions.find(({ extnID }) => extnID === OID.smimeCapabilities)
  if (named === undefined) return 'modern'
  const algorithms = readCapabilities(named.extnValue)
  return algorithms.includes(OID['id-aes256-GCM']) ? 'modern' : 'legacy'
}

/** RFC 8551 §2.5.2: SEQUENCE OF SMIMECapability, each with its parameters behind it. */
function readCapabilities(der: Uint8Array): readonly Oid[] {
  try {
    const c = openDer(der, LIMITS)
    const found: Oid[] = []
    const all = enter(c, TAG.sequence)
    while (c.at < c.end) {
      const one = enter(c, TAG.sequence)
      found.push(readOid(c))
      while (c.at < c.end) readAny(c)
      leave(c, one)
    }
    leave(c, all)
    closeDer(c)
    return found
  } catch (error) {
    if (!(error instanceof DerError)) throw error
    throw new MailError('ERR_MAIL_RECIPIENT_KEY', 'what the certificate says that its holder reads cannot be read', {
      cause: error,
    })
  }
}
