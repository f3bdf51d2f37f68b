// Every attack, in the order of the report.
import { crafted } from './attacks/crafted.ts'
import { faults } from './attacks/faults.ts'
import { floods } from './attacks/floods.ts'
import { forwarded } from './attacks/forwarded.ts'
import { headers } from './attacks/headers.ts'
import { hello } from './attacks/hello.ts'
import { http2 } from './attacks/http2.ts'
import { http2WebSocket } from './attacks/http2-websocket.ts'
import { impostor } from './attacks/impostor.ts'
import { lists } from './attacks/lists.ts'
import { memory } from './attacks/memory.ts'
import { names } from './attacks/names.ts'
import { resumption } from './attacks/resumption.ts'
import { revoked } from './attacks/revoked.ts'
import { silence } from './attacks/silence.ts'
import { slow } from './attacks/slow.ts'
import { smuggling } from './attacks/smuggling.ts'
import { trustFiles } from './attacks/trust-files.ts'
import { versions } from './attacks/versions.ts'
import type { Attack } from './model.ts'

export const ATTACKS: readonly Attack[] = [
  resumption,
  revoked,
  crafted,
  impostor,
  versions,
  hello,
  headers,
  forwarded,
  smuggling,
  http2,
  http2WebSocket,
  names,
  slow,
  floods,
  memory,
  trustFiles,
  lists,
  silence,
  faults,
]
