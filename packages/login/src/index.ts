export { type AnswerOf, API, type BodyOf, type CallName, MAX_BODY_OCTETS, type Matter } from './api.ts'
export type {
  AccountEntry,
  FoundPerson,
  LoginHouse,
  LoginStore,
  LoginTransaction,
  PersonClaims,
  PersonRequest,
  PersonSession,
} from './model.ts'
