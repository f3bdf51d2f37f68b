// What countersign.yaml may say of each kind of door; apart from the doors themselves, as only who reads a file needs it.

import type { Section } from './kind/model.ts'
import type { DoorKind } from './kinds.ts'
import { MQTT_SECTION } from './mqtt/section.ts'
import { SSH_SECTION } from './ssh/section.ts'
import { EGRESS_SECTION, TCP_SECTION } from './tcp/section.ts'
import { VPN_SECTION } from './vpn/section.ts'
import { WEB_SECTION } from './web/section.ts'

export type { Keys, Section } from './kind/model.ts'
export { dnsName, hostName, isLoopback, type Listen, listen, provedName } from './kind/words.ts'
export { examineMachine, type MachineFault } from './vpn/machine.ts'
export { type VpnProfile, writeVpnProfile } from './vpn/profile.ts'

/** One section for each kind of door. */
export const DOOR_SECTIONS: Readonly<Record<DoorKind, Section>> = {
  web: WEB_SECTION,
  tcp: TCP_SECTION,
  egress: EGRESS_SECTION,
  mqtt: MQTT_SECTION,
  vpn: VPN_SECTION,
  ssh: SSH_SECTION,
}
