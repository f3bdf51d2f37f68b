// Records of meetings for tests: each with its own number.
import type { Meeting, Reference } from '@countersign/protocol'
import { makeSteps } from '../../src/gate/steps.ts'
import { NOW } from './pki.ts'

const nobody = { name: 'nobody', identities: [] }

/** Of nobody with nobody; `n` of up to eight digits is in its reference. */
export function meetingNumber(n: number): Meeting {
  const digits = String(n).padStart(8, '0')
  return {
    reference: `M-${digits.slice(0, 4)}-${digits.slice(4)}` as Reference,
    door: 'web',
    seenBy: 'callee',
    at: NOW,
    resumed: false,
    caller: nobody,
    callee: nobody,
    steps: makeSteps([], 1),
    outcome: { ok: false, refusal: { code: 'ERR_GATE_TIMEOUT' } },
  }
}

export function numberOf({ reference }: Meeting): number {
  return Number(reference.slice(2).replace('-', ''))
}
