// A session of a test that needs no meeting.
import type { OpenPersonSession } from '../../src/asked.ts'

/** One whose secret was made now. */
export function openSession(
  { id, account, device }: Pick<OpenPersonSession, 'id' | 'account' | 'device'>,
  now: Temporal.Instant,
): OpenPersonSession {
  const at = now.epochMilliseconds
  const row = {
    id,
    account,
    door: 'bank',
    device,
    certificate: null,
    secret: new Uint8Array(32),
    previous: null,
    rotated_at: at,
    seen_at: at,
    opened_at: at,
    ends_at: now.add({ hours: 8 }).epochMilliseconds,
    proofs: '[]',
    confirmed: '[]',
    meeting: '{}',
    ended_at: null,
    ended_by: null,
  }
  return { id, account, device, row, standing: 'current' }
}
