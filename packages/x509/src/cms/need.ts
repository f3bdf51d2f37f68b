import { askOctets, type CryptoStep, type CryptoSteps } from '../crypto-step.ts'
import { CmsError } from './error.ts'

/** Asks for octets that only a performer without the operation does not give. @throws {CmsError} when there are none. */
export function* need(step: CryptoStep): CryptoSteps<Uint8Array> {
  const octets = yield* askOctets(step)
  if (octets === undefined) throw new CmsError('ERR_CMS_ALGORITHM')
  return octets
}
