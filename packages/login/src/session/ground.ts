// What the calls within a session rest on.
import type { Ground } from '../ground.ts'
import type { Sessions } from './sessions.ts'

/** The ground, and the sessions of this process. */
export interface SessionGround extends Ground {
  readonly opened: Sessions
}
