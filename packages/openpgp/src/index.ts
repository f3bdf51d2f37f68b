export { openHouseKeys } from './house/house-keys.ts'
export type {
  AuthorityKey,
  AuthorityOutcome,
  CertificationRequest,
  HouseKeys,
  HouseKeysOptions,
  KeptKey,
  OpenPgpStore,
  OpenPgpTransaction,
} from './house/model.ts'
export { comparedAddress } from './keys/address.ts'
export { type CertificationOrder, certifyUserId, revokeCertification } from './keys/certify.ts'
export { describeKey, type KeyDescription, publicPart } from './keys/describe.ts'
export { type JudgedFor, type JudgedKey, judgeOctets } from './keys/judge.ts'
export { type KeyWish, type MadeKey, makeAuthorityKey, makePersonKey, type UserName } from './keys/make.ts'
export { profileOf } from './keys/profile.ts'
export { type OpenPgpTrust, readTrust } from './keys/trust.ts'
export type { KnownKeys } from './message/signature.ts'
export { armorKey } from './octets/armor.ts'
export { createOpenPgpOpener, type OpenPgpOpenerOptions } from './open.ts'
export { createOpenPgpSealer, type OpenPgpSealerOptions } from './seal.ts'
export { isSealedFor } from './sealed-for.ts'
export { type WkdAddresses, wkdAddresses } from './wkd/address.ts'
export { WKD_POLICY, wkdAnswer } from './wkd/answer.ts'
export { type Fetch, findWkdKey, type WkdFound } from './wkd/find.ts'
