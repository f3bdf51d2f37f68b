// For the tests of packages that lie below the one whose cryptography they borrow.
export { type PerformerKeys, performWith } from '@countersign/mtls'
