export { type MailDoor, openMailDoor } from './door.ts'
export type { Envelope, MailDoorConfig, MailHouse, NextHop, RecipientRoute, Treat, Treatment } from './model.ts'
