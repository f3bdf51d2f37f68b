// Access decisions whose rules stay as they are, or are replaced as a whole.
import type { Decision } from '@countersign/protocol'
import type { Access, AccessQuestion } from '../model.ts'

/** Makes the access of rules that never change while the process lives. */
export function steadyAccess(decide: (question: AccessQuestion) => Decision): Access {
  return { decide, onChange: () => () => undefined }
}

/** An access whose rules can be replaced as a whole; open sessions are then judged anew. */
export interface ReplaceableAccess extends Access {
  replace(next: Access): void
}

/** Makes it with the rules that hold at first; what those say of their own changes goes on. */
export function replaceableAccess(first: Access): ReplaceableAccess {
  const listeners = new Set<Parameters<Access['onChange']>[0]>()
  const tell: Parameters<Access['onChange']>[0] = (affected) => {
    for (const listener of [...listeners]) listener(affected)
  }
  let current = first
  let leave = current.onChange(tell)
  return {
    decide: (question) => current.decide(question),
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    replace(next) {
      leave()
      current = next
      leave = current.onChange(tell)
      tell()
    },
  }
}
