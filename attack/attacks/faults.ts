import { type AcceptorOptions, steadyAccess } from '@countersign/mtls'
import { letThrough, openPlainDoor } from '../controls/plain-door.ts'
import type { Attack, Case } from '../model.ts'
import { openEmbedded } from '../support/embedded.ts'
import { meet, presented } from '../support/tls-client.ts'

const bug = (): never => {
  throw new Error('a bug of the host program')
}

/** DESIGN: a fault of ours, or of the program around us, refuses; it lets nobody in, and ends no process. */
export const faults: Attack = {
  name: 'a program that throws',
  goal: 'comes in, or brings the door down, as what the program hands to the gate throws',
  cases: [
    way('where it decides', { access: steadyAccess(bug) }),
    way('where it records', { record: bug }),
    way('where it logs', { access: steadyAccess(bug), log: bug }),
    way('where it tells the time', { clock: bug }),
    way('where it takes the caller', { onAccepted: bug }),
    way('where it tells a refusal', { access: steadyAccess(bug), onRefused: bug }),
    way('where it gives its identity', { identity: { current: bug, onChange: () => () => undefined } }),
  ],
}

function way(name: string, broken: Partial<AcceptorOptions>): Case {
  return {
    name,
    // Takes what it cannot decide for a yes.
    control: (attackers) => openPlainDoor(attackers, {}, letThrough),
    async run(target) {
      const { attackers } = target
      const identity = presented(attackers.alice, attackers.issuing)
      if (target.name === 'control') return meet(target, identity)
      let breaks = false
      await using door = await openEmbedded(attackers, (options) => withFault(options, broken, () => breaks))
      const here = { ...target, kind: 'web', port: door.port } as const
      breaks = true
      const attempt = await meet(here, identity)
      breaks = false
      const after = await meet(here, identity)
      return { ...attempt, record: after.peer === 'passed' ? 'serves the next' : `the next: ${after.peer}` }
    },
  }
}

/** Each of `broken` in place of what works, while it is to break. */
function withFault(options: AcceptorOptions, broken: Partial<AcceptorOptions>, breaks: () => boolean): AcceptorOptions {
  const mixed: Record<string, unknown> = { ...options }
  for (const [key, fault] of Object.entries(broken)) {
    const works: unknown = Reflect.get(options, key)
    mixed[key] =
      typeof works === 'function'
        ? (...given: unknown[]) => Reflect.apply((breaks() ? fault : works) as () => unknown, undefined, given)
        : new Proxy(works as object, {
            get: (_, name) => Reflect.get((breaks() ? fault : works) as object, name),
          })
  }
  return mixed as unknown as AcceptorOptions
}
