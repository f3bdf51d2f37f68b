// The key under which doors find the open sessions of a certificate.
import type { SessionKey } from '@countersign/mtls'
import type { RevokedSerial } from '@countersign/protocol'

export function sessionKeyOf({ issuerSpkiSha256, serialNumber }: RevokedSerial): SessionKey {
  return `certificate:${issuerSpkiSha256}:${serialNumber.toString(16)}`
}
