// The kinds of doors: adding one is a folder, a line here and a section beside it.
import type { Door, House } from '@countersign/mtls'
import type { Opener } from './kind/model.ts'
import { type WebDoorConfig, webDoor } from './web/door.ts'

/** What each kind is configured with. */
interface ConfigOf {
  readonly web: WebDoorConfig
}

/** The word for a protocol in `kind:`. */
export type DoorKind = keyof ConfigOf

/** A door of any kind. */
export type AnyDoorConfig = { [Kind in DoorKind]: { readonly kind: Kind } & ConfigOf[Kind] }[DoorKind]

const KINDS: { readonly [Kind in DoorKind]: Opener<ConfigOf[Kind]> } = {
  web: webDoor,
}

/** Opens a door of any kind. @throws as the `open` of its kind. */
export function openDoor(config: AnyDoorConfig, house: House): Promise<Door> {
  return KINDS[config.kind].open(config, house)
}

/** Whether a door must prove who it is to others, as a caller: its certificate is then for both sides. */
export function isCaller(config: AnyDoorConfig): boolean {
  return KINDS[config.kind].calls(config)
}
