// An access decision whose rules stay as they are.
import type { Decision } from '@countersign/protocol'
import type { Access, AccessQuestion } from '../model.ts'

/** Makes the access of rules that never change while the process lives. */
export function steadyAccess(decide: (question: AccessQuestion) => Decision): Access {
  return { decide, onChange: () => () => undefined }
}
