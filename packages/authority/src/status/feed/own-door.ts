// The authority's own listener, as a door among the others.
import { describeSession, partyKey, revokedKey, type SessionIndex } from '@countersign/mtls'
import { LISTENER_DOOR } from '../../api/listener.ts'
import { OWN_PARTY } from '../../start/own-identity.ts'
import type { FeedDoor } from './feed.ts'

/** The authority's own listener follows revocations as every door does; its own certificate may be among them. */
export function ownDoor(sessions: SessionIndex, refreshOwn: () => Promise<void>): FeedDoor {
  return {
    name: LISTENER_DOOR,
    // Nobody needs it where the authority is away.
    doors: [],
    sessions: async () => sessions.list().map(describeSession),
    async apply({ change }) {
      if (change.kind === 'lock') return sessions.cut(change.locks.map(partyKey), 'ERR_POLICY_LOCKED')
      if (change.kind !== 'status') return []
      const cuts = await sessions.cut(change.revoked.map(revokedKey), 'ERR_CALLER_REVOKED')
      if (change.revoked.some(({ party }) => party === OWN_PARTY)) await refreshOwn()
      return cuts
    },
  }
}
