import type { DoorConfig } from './model.ts'

/** What a door proves to its callers; nothing where nobody calls it. */
export function hostsOf(door: DoorConfig): readonly string[] {
  return 'host' in door ? door.host : []
}

/** The first of them. */
export function hostOf(door: DoorConfig | undefined): string | undefined {
  return door && hostsOf(door)[0]
}

/** Which party a door is to its authority. */
export function doorParty(door: string): string {
  return `door/${door}`
}
