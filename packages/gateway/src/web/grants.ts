// What a caller may have beside the door itself: asked once for each service, and followed for as long as anything of it is open.
import type { CallerSession } from '@countersign/mtls'
import type { RefusalCode } from '@countersign/protocol'

/** One caller's grants. */
export interface Grants {
  /**
   * Asks whether the caller may have `service`. Where it may, `end` is called as soon as it may not any more, unless
   * `leave` was called before.
   */
  ask(
    service: string,
    end: () => void,
  ): { readonly ok: true; readonly leave: () => void } | { readonly ok: false; readonly code: RefusalCode }
}

/** Makes the grants of one session; they end with it. */
export function createGrants(session: Pick<CallerSession, 'ask'>): Grants {
  const held = new Map<string, Set<() => void>>()

  const open = (service: string): Set<() => void> | RefusalCode => {
    const users = new Set<() => void>()
    const { decision } = session.ask(service, () => {
      held.delete(service)
      for (const end of [...users]) end()
    })
    if (!decision.ok) return decision.code
    held.set(service, users)
    return users
  }

  return {
    ask(service, end) {
      const users = held.get(service) ?? open(service)
      if (typeof users === 'string') return { ok: false, code: users }
      users.add(end)
      return { ok: true, leave: () => users.delete(end) }
    },
  }
}
