export type {
  Acceptor,
  AcceptorOptions,
  Clock,
  Connected,
  ConnectOptions,
  Credential,
  Decide,
  Door,
  House,
  Log,
  OwnIdentity,
  ResumptionStore,
  Session,
  SessionIndex,
  SessionKey,
  Trust,
} from './model.ts'
export { createCheckSignature } from './trust/check-signature.ts'
