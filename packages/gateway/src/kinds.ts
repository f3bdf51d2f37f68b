// The kinds of doors: adding one is a folder, a line here and a section beside it.
import type { OpenDoor, Opener } from './kind/model.ts'
import { type MqttDoorConfig, mqttDoor } from './mqtt/door.ts'
import { type SshDoorConfig, type SshHouse, sshDoor } from './ssh/door.ts'
import { type TcpDoorConfig, tcpDoor } from './tcp/door.ts'
import { type EgressDoorConfig, egressDoor } from './tcp/egress.ts'
import { type VpnDoorConfig, vpnDoor } from './vpn/door.ts'
import type { VpnHouse } from './vpn/people.ts'
import { type WebDoorConfig, webDoor } from './web/door.ts'
import type { WebHouse } from './web/people.ts'

/** What each kind is configured with. */
interface ConfigOf {
  readonly web: WebDoorConfig
  readonly tcp: TcpDoorConfig
  readonly egress: EgressDoorConfig
  readonly mqtt: MqttDoorConfig
  readonly vpn: VpnDoorConfig
  readonly ssh: SshDoorConfig
}

/** The word for a protocol in `kind:`. */
export type DoorKind = keyof ConfigOf

/** A door of any kind. */
export type AnyDoorConfig = { [Kind in DoorKind]: { readonly kind: Kind } & ConfigOf[Kind] }[DoorKind]

const KINDS: { readonly [Kind in DoorKind]: Opener<ConfigOf[Kind]> } = {
  web: webDoor,
  tcp: tcpDoor,
  egress: egressDoor,
  mqtt: mqttDoor,
  vpn: vpnDoor,
  ssh: sshDoor,
}

/** Opens a door of any kind. @throws as the `open` of its kind. */
export function openDoor(
  config: AnyDoorConfig,
  house: WebHouse & VpnHouse & SshHouse,
): Promise<OpenDoor<AnyDoorConfig>> {
  return openerOf(config).open(config, house)
}

/** Whether a door must prove who it is to others, as a caller: its certificate is then for both sides. */
export function isCaller(config: AnyDoorConfig): boolean {
  return openerOf(config).calls(config)
}

/** The keys of a door that can only change with a new start. */
export function fixedKeys(config: AnyDoorConfig): readonly string[] {
  return ['name', 'kind', ...openerOf(config).fixed]
}

/** The opener under a configuration's own kind takes that configuration; TypeScript does not relate the two. */
function openerOf({ kind }: AnyDoorConfig): Opener<AnyDoorConfig> {
  return KINDS[kind] as Opener<AnyDoorConfig>
}
