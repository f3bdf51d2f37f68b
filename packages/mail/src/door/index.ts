export { type MailDoor, openMailDoor } from './door.ts'
export type {
  Envelope,
  MailDoorConfig,
  MailHouse,
  NextHop,
  OpenPgpSealing,
  RecipientRoute,
  Treat,
  Treatment,
} from './model.ts'
export { type QueuedMessage, type QueuedRecipient, QueueError } from './queue/model.ts'
export { operateQueue, type QueueOperation } from './queue/operate.ts'
