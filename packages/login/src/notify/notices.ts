// Notices: what a customer is told by mail. A mail proves nothing, and no link is in it. @see ASVS 5.0 6.3.6, 6.3.7
import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { Ground } from '../ground.ts'
import type { LoginTransaction } from '../model.ts'

/** What a text is made of: names, places and ways, none of them secret. */
export type Facts = Readonly<Record<string, string>>

/** Each kind with its subject, and what happened; `{field}` is filled in from the facts. */
export const NOTICES = {
  opened: ['Your account is open', 'Your account was opened on {device}.'],
  'invited again': [
    'Your account is to be set up anew',
    'The operator of this door has invited you to set up your account anew, until {until}. What you sign in with goes on until then, and is worth nothing after it. If you have not asked for this, sign in on a device that you have used before, refuse it there, and tell the operator.',
  ],
  'invitation refused': [
    'Setting up your account anew was refused',
    'The invitation to set up your account anew was refused on {device}. Nothing has changed.',
  ],
  'opened again': [
    'Your account was set up anew',
    'Your account was set up anew on {device}. The password, codes, devices and passkeys of before are worth nothing any more. If this was not you, tell the operator of this door at once.',
  ],
  revoked: [
    'Your access was ended',
    'The operator of this door has ended your access. Devices, passkeys, codes and recovery codes of your account are worth nothing any more, and you can be invited to set it up anew. If you do not know why, ask the operator.',
  ],
  'new device': ['A new device can sign in', '{device} can sign in to your account from now on ({how}).'],
  attempt: [
    'Somebody has your password on a new device',
    'Somebody gave the right password of your account on {device}, from {address}. That alone lets nobody in: one of your devices has to say yes. If it was not you, say no there, and change your password.',
  ],
  'recovery begun': [
    'Your account is being recovered',
    'Somebody gave your password and a recovery code on {device}, from {address}. From {until} on that device is let in. If it was not you, sign in on a device that you have used before, and refuse it there.',
  ],
  'recovery ended': [
    'A recovery was refused',
    'The recovery of your account on {device} was refused on one of your devices.',
  ],
  'recovery over': [
    'A recovery has run out',
    'The recovery of your account on {device} has run out: nobody came back to it in time, and that device is not let in. If it was not you who began it, somebody has your password and one of your recovery codes: change the password, and make new codes.',
  ],
  'password changed': [
    'Your password was changed',
    'The password of your account was changed on {device}. Every other session has ended.',
  ],
  'app changed': [
    'Another app shows your codes',
    'The app for one-time codes of your account was replaced on {device}. Codes of the one before are worth nothing.',
  ],
  'number added': [
    'Codes can come to a number',
    'On {device} a telephone number was added to your account, to which codes can come by SMS. If this was not you, remove it in your account, and tell the operator of this door.',
  ],
  'number removed': [
    'A number was removed',
    'On {device} the telephone number for codes by SMS was removed from your account.',
  ],
  'picture changed': [
    'Your picture was changed',
    'Picture and phrase of your account were changed on {device}. Your other devices show them from their next sign-in on.',
  ],
  'device removed': ['A device was removed', '{device} was removed from your account, and its sessions have ended.'],
  telephone: ['Codes are shown on a device', '{device} shows the codes of your account from now on.'],
  'old cookie': [
    'A session of yours was ended',
    'A cookie from before was used in your session on {device}: somebody may have copied it. The session has ended, and the copy is worth nothing. If this comes again, tell the operator of this door.',
  ],
  'passkey added': ['A passkey was added', 'The passkey {passkey} can sign in to your account from now on.'],
  'passkey removed': [
    'A passkey was removed',
    'The passkey {passkey} was removed from your account, and is worth nothing any more. The sessions that it opened have ended.',
  ],
  'recovery codes made': [
    'New recovery codes',
    'New recovery codes were made on {device}. Those of before are worth nothing.',
  ],
  resting: [
    'Your account rests',
    'So many attempts have failed under your name that passwords and codes are not heard for a while. Passkeys are.',
  ],
} as const satisfies Readonly<Record<string, readonly [subject: string, text: string]>>
/** The name of a kind. */
export type NoticeKind = keyof typeof NOTICES

/** Of some kinds one is enough for a while: whoever causes them is not to fill a mailbox. */
const AT_MOST_EVERY_MS: Readonly<Partial<Record<NoticeKind, number>>> = { attempt: 3_600_000, resting: 86_400_000 }

/** Writes a notice in the transaction of the act; nothing where the account has no address. */
export async function writeNotice(
  { door }: Pick<Ground, 'door'>,
  { db }: LoginTransaction,
  notice: {
    readonly account: string
    readonly kind: NoticeKind
    readonly facts: Facts
    readonly now: Temporal.Instant
  },
): Promise<void> {
  const { account, kind, facts, now } = notice
  const at = now.epochMilliseconds
  const { email } =
    (await db.selectFrom('login_account').select('email').where('account', '=', account).executeTakeFirst()) ?? {}
  if (email === undefined || email === null) return
  const every = AT_MOST_EVERY_MS[kind]
  if (every !== undefined) {
    const last = db.selectFrom('login_notice').select('created_at').where('account', '=', account)
    const one = await last.where('kind', '=', kind).orderBy('created_at', 'desc').limit(1).executeTakeFirst()
    if (one !== undefined && Math.abs(at - one.created_at) < every) return
  }
  await db
    .insertInto('login_notice')
    .values({
      id: randomUUID(),
      account,
      email,
      kind,
      facts: JSON.stringify({ ...facts, door }),
      created_at: at,
      next_at: at,
      tries: 0,
      sent_at: null,
    })
    .execute()
}

const factsForm = z.record(z.string(), z.string())
const MAX_FACT = 100

/** A notice as it is sent: plain text, each fact on the line where it stands. */
export function textOf({
  kind,
  facts,
  account,
  created_at,
}: {
  readonly kind: string
  readonly facts: string
  readonly account: string
  readonly created_at: number
}): { readonly subject: string; readonly text: string } {
  if (!isKind(kind)) throw new TypeError(`there is no notice ${kind}`)
  const [subject, template] = NOTICES[kind]
  const known = factsForm.parse(JSON.parse(facts))
  const what = template.replaceAll(/\{(\w+)\}/g, (_, field: string) => oneLine(known[field] ?? 'a device'))
  const when = Temporal.Instant.fromEpochMilliseconds(created_at).round('second').toString()
  const text = `${what}\n\nAccount: ${oneLine(account)}\nTime: ${when}\n\nThis message tells you what happened, and asks you for nothing. Nobody of ours asks for your password or a code by mail.\n`
  return { subject, text }
}

function isKind(kind: string): kind is NoticeKind {
  return Object.hasOwn(NOTICES, kind)
}

/** What others have typed stays a word: no line of its own, and nothing that turns text round. */
function oneLine(text: string): string {
  return text.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, ' ').slice(0, MAX_FACT)
}
