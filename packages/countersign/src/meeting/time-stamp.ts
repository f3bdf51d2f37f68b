// The authority's word for when mail was signed: without it, what was signed before a revocation is not believed after it.
import { askTimeStamp, EnrollmentError, MeetingRefusedError } from '@countersign/mtls'
import type { Around } from '../command.ts'
import { plainText } from '../output/plain-text.ts'

/** Asks the authority of an identity. That there is none to be had is said; the signature is good without it. */
export function timeStampOf(
  directory: string,
  { clock, err }: Pick<Around, 'clock' | 'err'>,
): (sha256: Uint8Array) => Promise<Uint8Array | undefined> {
  return async (sha256) => {
    try {
      return await askTimeStamp(directory, sha256, { clock })
    } catch (error) {
      if (!(error instanceof MeetingRefusedError || error instanceof EnrollmentError)) throw error
      err(
        `countersign: signed without a time stamp, so that nothing shows later that it was before a revocation: ${plainText(error.message)}`,
      )
      return undefined
    }
  }
}
