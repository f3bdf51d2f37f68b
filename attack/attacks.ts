// Every attack, in the order of the report.
import { crafted } from './attacks/crafted.ts'
import { resumption } from './attacks/resumption.ts'
import type { Attack } from './model.ts'

export const ATTACKS: readonly Attack[] = [resumption, crafted]
