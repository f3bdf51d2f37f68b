// Sessions at sshd: each bound to the process that watches over it, by the word of sshd, and noted in a file, so that a door
// that starts again has them all.
import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { CallerSession, Log, RefusedMeeting, ShownCallers } from '@countersign/mtls'
import type { Meeting, Refusal, RefusalCode } from '@countersign/protocol'
import { wordsOf, wordsOfMeeting } from '../kind/refusal-words.ts'
import type { ReadCredential } from './certificate.ts'
import { ifThere } from './known.ts'
import { endSession, isThere, type ProcessName } from './processes.ts'
import { BOOT_ID } from './programs.ts'

/** A line of the program that sshd runs when it opens a session. */
export interface Opened extends ProcessName {
  readonly account: string
  /** As in `192.0.2.7:51234`. */
  readonly address?: string
  /** The certificate that sshd has accepted, in base64. */
  readonly certificate: string
}

/** Who may log in to an account: whoever the door lets in, whoever may have a service too, or nobody. */
export type AccountRule = (
  account: string,
  party: string,
) => { readonly ok: false } | { readonly ok: true; readonly what?: string }

/** The sessions of one door. */
export interface SshSessions {
  /** Lets a session in, or says why not, in words for its user. */
  open(opened: Opened): { readonly ok: true } | { readonly ok: false; readonly words: string }
  /** Takes up what is noted and not known: those that are still there, judged anew. */
  resume(): Promise<void>
  /** The rules of accounts are others: whoever may not be here any more is cut. */
  judgeAnew(): void
  /** Leaves those that are open, as they are: they are sshd's, and the next start finds them. */
  close(): void
}

interface Parts {
  readonly door: string
  /** Where notes are. */
  readonly directory: string
  readonly callers: ShownCallers
  readonly read: (base64: string) => ReadCredential | undefined
  readonly accounts: AccountRule
  readonly record: (meeting: Meeting) => void
  readonly log: Log
  readonly clock: () => Temporal.Instant
  readonly onChange: () => void
}

interface Held {
  readonly opened: Opened
  readonly session: Omit<CallerSession, 'meetFor'>
  readonly leave: () => void
  /** Asks no more for the account. */
  drop: () => void
}

/** Ends of processes are not told: they are looked for. */
const LOOK_MS = 1_000
const NOTE = /^(\d{1,10})-(\d{1,20})(\.new)?$/
const MAX_NOTE = 131_072

/** Reads the line; undefined where it is none. */
export function readOpened(line: string): Opened | undefined {
  const fields = /^(\d{1,10}) (\d{1,20}) ([\x21-\x7e]{1,64}) (-|[0-9a-fA-F.:]+,\d{1,5}) ([A-Za-z0-9+/=]+)$/.exec(line)
  if (fields === null) return undefined
  const [, pid = '', start = '', account = '', from = '-', certificate = ''] = fields
  const [host = '', port = ''] = from.split(',')
  const address = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
  return { pid: Number(pid), start: BigInt(start), account, certificate, ...(from !== '-' && { address }) }
}

/** Reads a note: a line for each certificate, and which start of the machine it is of. Undefined where it says nothing of this one. */
function readNote(text: string, boot: string): readonly Opened[] | undefined {
  const lines = text.split('\n')
  if (text.length > MAX_NOTE || lines.pop() !== '' || lines.pop() !== boot) return undefined
  const opened = lines.flatMap((line) => readOpened(line) ?? [])
  return opened.length === lines.length ? opened : undefined
}

/** Makes them; none is known yet. */
export function createSessions(parts: Parts): SshSessions & { list(): readonly Held[] } {
  const { door, directory, callers, read, accounts, record, log, clock, onChange } = parts
  /** One for each certificate: sshd may ask for more than one. */
  const held = new Map<string, Held>()
  let timer: NodeJS.Timeout | undefined
  const nameOf = ({ pid, start }: ProcessName) => `${pid}-${start}`
  const keyOf = (opened: Opened) => `${nameOf(opened)} ${opened.certificate}`

  /** Its process has ended, and with it the note. */
  const forget = (opened: Opened) => {
    held.get(keyOf(opened))?.leave()
    held.delete(keyOf(opened))
    if (held.size === 0) stopLooking()
    onChange()
    return rm(join(directory, nameOf(opened)), { force: true })
  }
  const look = async () => {
    for (const { opened, session } of held.values())
      if (!session.isCut && !(await isThere(opened))) {
        log('ssh.closed', { door, reference: session.meeting.reference })
        await forget(opened)
      }
  }
  const startLooking = () => {
    timer ??= setInterval(() => {
      look().catch((error: unknown) => log('gate.fault', { door, error }))
    }, LOOK_MS).unref()
  }
  const stopLooking = () => {
    clearInterval(timer)
    timer = undefined
  }

  const refused = (meeting: RefusedMeeting) => {
    record(meeting)
    return { ok: false, words: `${wordsOfMeeting(meeting, clock()).text}\n` } as const
  }

  const open: SshSessions['open'] = (opened) => {
    const credential = read(opened.certificate)
    // sshd has accepted what cannot be read here: nobody knows whom it would be.
    if (credential === undefined) return { ok: false, words: 'the certificate cannot be read\n' }
    const known = held.get(keyOf(opened))
    // By its note: it came when the door was about to listen.
    if (known) return known.session.isCut ? { ok: false, words: 'the session is over\n' } : { ok: true }
    const caller = { credential, isProved: true, ...(opened.address !== undefined && { address: opened.address }) }
    const rule = accounts(opened.account, credential.side.party ?? '')
    if (!rule.ok)
      return refused(callers.refuse(caller, { code: 'ERR_CALLER_WRONG_NAME', note: `the account ${opened.account}` }))
    const end = async (cause: RefusalCode) => {
      const { meeting } = met.ok ? met.session : met
      log('ssh.ending', { door, reference: meeting.reference, code: cause })
      await endSession(opened, `\r\n${wordsOf(cause, meeting).text}\r\n`)
      await forget(opened)
    }
    const met = callers.meet(caller, { octetsSent: () => 0, end })
    if (!met.ok) return refused(met.meeting)
    const { session, release } = met
    const asked = askFor(session, rule)
    if (!asked.ok) {
      release()
      return refused(callers.refuse(caller, { ...asked.refusal, note: `the account ${opened.account}` }))
    }
    record(session.meeting)
    held.set(keyOf(opened), { opened, session, leave: release, drop: asked.drop })
    startLooking()
    onChange()
    return { ok: true }
  }
  const onFault = (error: unknown) => log('gate.fault', { door, error })
  /** Whether whoever is here may have the account; followed until it is dropped. */
  const askFor = (
    session: Held['session'],
    rule: ReturnType<AccountRule>,
  ): { readonly ok: true; readonly drop: () => void } | { readonly ok: false; readonly refusal: Refusal } => {
    if (!rule.ok) return { ok: false, refusal: { code: 'ERR_CALLER_WRONG_NAME' } }
    if (rule.what === undefined) return { ok: true, drop: () => undefined }
    const { decision, release } = session.ask(rule.what, (cause) => void session.cut(cause).catch(onFault))
    return decision.ok ? { ok: true, drop: release } : { ok: false, refusal: { code: decision.code, detail: decision } }
  }

  return {
    open,
    list: () => [...held.values()],
    async resume() {
      const boot = (await readFile(BOOT_ID, 'latin1')).trimEnd()
      for (const name of await readdir(directory)) {
        const path = join(directory, name)
        const [, pid, start = '', isUnfinished] = NOTE.exec(name) ?? []
        if (isUnfinished && (await isThere({ pid: Number(pid), start: BigInt(start) }))) continue
        const text = pid === undefined || isUnfinished ? '' : await ifThere(readFile(path, 'latin1'))
        // While the door is away the program takes its note back.
        if (text === undefined) continue
        const opened = readNote(text, boot)
        const [first] = opened ?? []
        // Of another start of the machine, its number and beginning may be those of any process of this one.
        if (opened === undefined || first === undefined || nameOf(first) !== name || !(await isThere(first))) {
          await rm(path, { force: true, recursive: true })
          continue
        }
        for (const one of opened) {
          const resumed = held.has(keyOf(one)) ? undefined : open(one)
          if (resumed === undefined || resumed.ok) continue
          // It was let in once, and would not be now.
          await endSession(one, `\r\n${resumed.words.trimEnd()}\r\n`)
          await rm(path, { force: true })
          break
        }
      }
    },
    judgeAnew() {
      for (const one of held.values()) {
        const { opened, session } = one
        one.drop()
        const asked = askFor(session, accounts(opened.account, session.meeting.caller.party ?? ''))
        if (asked.ok) one.drop = asked.drop
        else void session.cut(asked.refusal.code).catch(onFault)
      }
    },
    close() {
      stopLooking()
      for (const { leave } of held.values()) leave()
      held.clear()
    },
  }
}
