// What countersign.yaml may say of each kind of door, whichever program it is of.
import { DOOR_SECTIONS, type Section } from '@countersign/gateway/sections'
import { MAIL_SECTION } from './mail-section.ts'
import type { HouseDoorConfig } from './model.ts'

/** One section for each kind of door. */
export const SECTIONS: Readonly<Record<HouseDoorConfig['kind'], Section>> = { ...DOOR_SECTIONS, mail: MAIL_SECTION }
