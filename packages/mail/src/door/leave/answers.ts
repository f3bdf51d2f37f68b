// What the next hop has answered, and what that means for each recipient.
import type { RefusalCode } from '@countersign/protocol'
import type { Envelope } from '../model.ts'
import type { Why } from '../queue/model.ts'

/** How an attempt ended for one recipient. */
export type Answer = { readonly kind: 'sent' } | { readonly kind: 'later' | 'failed' | 'unknown'; readonly why: Why }

/** An error of nodemailer, as far as it is looked at. */
export interface SmtpError extends Error {
  readonly responseCode?: number | undefined
  readonly response?: string | undefined
  readonly command?: string | undefined
  readonly code?: string | undefined
  readonly recipient?: string | undefined
  readonly rejectedErrors?: readonly SmtpError[] | undefined
}

/** What nodemailer tells of a message that was taken. */
export interface SentInfo {
  readonly accepted: readonly string[]
  readonly rejectedErrors?: readonly SmtpError[] | undefined
}

/**
 * Pure.
 * @param wasRead Whether all of the message was handed over.
 */
export function answersOf(
  recipients: readonly string[],
  { error, info }: { readonly error?: SmtpError; readonly info?: SentInfo },
  wasRead: boolean,
): ReadonlyMap<string, Answer> {
  const refused = new Map((error ?? info)?.rejectedErrors?.map((each) => [each.recipient, each]))
  const rest = restOf(error, wasRead)
  return new Map(
    recipients.map((address) => {
      const own = refused.get(address)
      return [address, own ? refusalOf(own) : rest]
    }),
  )
}

/** For whoever was not answered apart. */
function restOf(error: SmtpError | undefined, wasRead: boolean): Answer {
  if (error === undefined) return { kind: 'sent' }
  if (error.responseCode !== undefined) return refusalOf(error)
  // Of the size that the server named, the message, or an address: nodemailer's own word, and the server is well.
  if (error.code === 'EMESSAGE')
    return { kind: 'failed', why: { ...whyOf('ERR_MAIL_REJECTED', error), status: '5.3.4' } }
  if (error.code === 'ESTREAM' || error.code === 'EENVELOPE')
    return { kind: 'later', why: whyOf('ERR_MAIL_QUEUE', error) }
  if (wasRead) return { kind: 'unknown', why: whyOf('ERR_MAIL_NEXT_HOP', error) }
  // It broke off within this message: whether for its sake the others show, who are asked next.
  return { kind: 'later', why: whyOf('ERR_MAIL_DELAYED', error) }
}

/** RFC 5321 §4.2.1: 4 is for now, 5 for good; what is neither is nothing to rely on. */
function refusalOf(error: SmtpError): Answer {
  const isFinal = error.responseCode !== undefined && error.responseCode >= 500 && error.responseCode < 600
  return isFinal
    ? { kind: 'failed', why: whyOf('ERR_MAIL_REJECTED', error) }
    : { kind: 'later', why: whyOf('ERR_MAIL_DELAYED', error) }
}

/** Why nothing can be handed over. */
export function downOf(error: unknown): Why {
  return whyOf('ERR_MAIL_NEXT_HOP', error)
}

/** RFC 6152 §3, RFC 6531 §3.2: what the server has not offered must not be sent to it. */
export function couldNotCarry(
  { isEightBit, isUtf8, sender, recipients }: Pick<Envelope, 'isEightBit' | 'isUtf8' | 'sender' | 'recipients'>,
  extensions: readonly string[],
): Why | undefined {
  const lacks = (what: string, status: string): Why => ({
    code: 'ERR_MAIL_CANNOT_CARRY',
    status,
    note: `the next server does not offer ${what}`,
  })
  const hasForeignAddress = [sender, ...recipients].some((address) => /\P{ASCII}/u.test(address))
  if ((isUtf8 || hasForeignAddress) && !extensions.includes('SMTPUTF8')) return lacks('SMTPUTF8', '5.6.7')
  if (isEightBit && !extensions.includes('8BITMIME')) return lacks('8BITMIME', '5.6.3')
  return undefined
}

const MAX_NOTE = 400
const STATUS = /^\d{3}[ -]([245]\.\d{1,3}\.\d{1,3})\b/

function whyOf(code: RefusalCode, error: unknown): Why {
  const { response, responseCode, message }: SmtpError = error instanceof Error ? error : new Error(String(error))
  const said = response?.split(/\r?\n/).find((line) => line !== '')
  const fallback = responseCode === undefined || responseCode < 500 ? '4.4.1' : '5.0.0'
  // What another server says is for people: a line of it, and nothing that moves a terminal.
  const note = (response ?? message).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').slice(0, MAX_NOTE)
  return { code, status: STATUS.exec(said ?? '')?.[1] ?? fallback, note }
}
