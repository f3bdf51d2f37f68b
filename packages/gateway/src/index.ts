export { type DemoUpstream, openDemoUpstream } from './demo/upstream.ts'
export { openWebDoor, type WebDoorConfig } from './web/door.ts'
export { MEETING_PATH } from './web/met-server.ts'
export type { UpstreamConfig } from './web/upstream.ts'
