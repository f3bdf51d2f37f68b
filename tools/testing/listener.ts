/** How doors listen, for tests of doors that are handed it. */
export { openListener } from '@countersign/gateway'
