export { doorsOfAccount, revokeAccount } from './account/revoke.ts'
export { type AnswerOf, API, type BodyOf, type CallName, MAX_BODY_OCTETS, type Matter } from './api.ts'
export type { ClearCredentials } from './clear/check.ts'
export type { LoginConfig } from './login.ts'
export type {
  AccountEntry,
  LoginHouse,
  LoginStore,
  LoginTransaction,
} from './model.ts'
export type { MailOptions } from './notify/transport.ts'
export type { AccountsOfDoor, SeenAccount, SeenDevice } from './operate.ts'
export { type LoginOptions, login, type Person } from './plugin.ts'
export { PersonRefusal } from './refusal.ts'
export { isDoorSecret, LoginSecretError } from './secret.ts'
export { type LoginService, openLogin } from './service.ts'
