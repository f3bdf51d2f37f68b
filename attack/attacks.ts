// Every attack, in the order of the report.
import { crafted } from './attacks/crafted.ts'
import { headers } from './attacks/headers.ts'
import { hello } from './attacks/hello.ts'
import { resumption } from './attacks/resumption.ts'
import { revoked } from './attacks/revoked.ts'
import { smuggling } from './attacks/smuggling.ts'
import { versions } from './attacks/versions.ts'
import type { Attack } from './model.ts'

export const ATTACKS: readonly Attack[] = [resumption, revoked, crafted, versions, hello, headers, smuggling]
