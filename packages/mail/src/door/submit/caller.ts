// Who is let in, while they are here: what they may say before a message, judged command by command. RFC 5321 §3.3, RFC 6409 §6.1
import type { TLSSocket } from 'node:tls'
import type { CallerSession } from '@countersign/mtls'
import type { Meeting, RefusalCode } from '@countersign/protocol'
import { readName } from '@countersign/verify'
import type { SMTPServerAddress, SMTPServerSession } from 'smtp-server'
import { fits } from '../fits.ts'
import type { RecipientRoute } from '../model.ts'

/** A caller who was let in. */
export interface Caller {
  readonly socket: TLSSocket
  readonly meeting: Meeting
  readonly session: CallerSession
  /** As the engine has it, from the first command that was judged. */
  smtp?: SMTPServerSession
  /** From the last MAIL that was taken. */
  transaction?: Transaction
  /** In a row: a message that was taken ends it. */
  refusals: number
}

/** From whom and to whom the next message is. */
export interface Transaction {
  readonly sender: string
  /** Whether addresses and header may be beyond ASCII. */
  readonly saysUtf8: boolean
  /** The engine's own list has one of two addresses that differ in case alone, who may be two people (RFC 5321 §2.4). */
  readonly recipients: Set<string>
}

/** Begins one. */
export function transactionOf({ address, args }: SMTPServerAddress): Transaction {
  return {
    sender: normalAddress(address),
    saysUtf8: args !== false && Object.hasOwn(args, 'SMTPUTF8'),
    recipients: new Set(),
  }
}

/** Whether the caller is in a message, from MAIL to its end. */
export function isInMessage({ smtp }: Caller): boolean {
  return smtp !== undefined && smtp.envelope.mailFrom !== false
}

/** The engine brings domains to U-labels; certificates and other servers have A-labels. */
export function normalAddress(address: string): string {
  return readName(address)?.value ?? address
}

/**
 * Which service mail to an address is, and whether the caller may have it. What is no address as rules have it (a dot behind the
 * domain, a host in digits) the next server may read as any of theirs: whoever writes there must have every service.
 */
export function askFor(
  session: CallerSession,
  address: string,
  routes: readonly RecipientRoute[],
): RefusalCode | undefined {
  const isPlain = readName(address)?.kind === 'rfc822Name'
  const route = routes.find(({ to }) => fits(normalAddress(address), to))
  const asked = isPlain ? (route === undefined ? [] : [route]) : routes
  for (const service of new Set(asked.map(({ service }) => service))) {
    const { decision, release } = session.ask(`service:${service}`, () => undefined)
    release()
    if (!decision.ok) return decision.code
  }
  return undefined
}

/** Those of extensions that are offered: RFC 1870, RFC 6152, RFC 6531. None is for RCPT. */
const PARAMETERS: Readonly<Record<'MAIL' | 'RCPT', readonly string[]>> = {
  MAIL: ['SIZE', 'BODY', 'SMTPUTF8'],
  RCPT: [],
}

/** A parameter that means nothing here: who says it must not take silence for a yes. @see RFC 5321 §4.1.1.11 */
export function unknownParameter(command: 'MAIL' | 'RCPT', said: SMTPServerAddress['args']): string | undefined {
  return Object.keys(said || {}).find((name) => !PARAMETERS[command].includes(name))
}

/** RFC 6531 §3.5: an address that is not ASCII, without the word for it. */
export function isUnsaid(address: string, { saysUtf8 }: Pick<Transaction, 'saysUtf8'>): boolean {
  return !saysUtf8 && /\P{ASCII}/u.test(address.slice(0, address.lastIndexOf('@')))
}
