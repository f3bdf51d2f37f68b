// What newcomers send, with the keys and requests that they make.
import { createHmac } from 'node:crypto'
import { enrollmentMacInput, parseToken } from '@countersign/protocol'
import type { EnrollmentAttempt } from '../../src/enrollment/token/enroll.ts'
import { tokenId, tokenMacKey } from '../../src/enrollment/token/invite.ts'
import { sha256 } from '../../src/octets.ts'

export { type Key, newKey, type RequestOptions, requestFor } from '../../../../tools/testing/keys.ts'

/** What a newcomer with `token` sends over the channel with that exporter. */
export function attemptWith(token: string, request: Uint8Array, exporter: Uint8Array): EnrollmentAttempt {
  const { secret } = parseToken(token)
  const input = enrollmentMacInput(exporter, sha256(request))
  const mac = Uint8Array.from(createHmac('sha256', tokenMacKey(secret)).update(input).digest())
  return { tokenId: tokenId(secret), request, mac, exporter }
}
