export { type DemoUpstream, openDemoUpstream } from './demo/upstream.ts'
export { type Listening, openListener } from './kind/listener.ts'
export type { Change, OpenDoor } from './kind/model.ts'
export { type AnyDoorConfig, type DoorKind, fixedKeys, isCaller, openDoor } from './kinds.ts'
export type { Checked, CheckPerson, GivenCredentials, VpnHouse } from './vpn/people.ts'
export { openWebDoor, type WebDoorConfig } from './web/door.ts'
export { KEYS_PATH, MEETING_PATH } from './web/own-paths.ts'
export type {
  OpenPeople,
  People,
  PeopleConfig,
  PeopleHouse,
  WebHouse,
} from './web/people.ts'
export type { UpstreamConfig } from './web/upstream.ts'
