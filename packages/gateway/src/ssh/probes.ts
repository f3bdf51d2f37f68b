// What sshd asks before a key is proved: who may log in to an account with a certificate. It asks twice for each login, and
// anyone may ask with anybody's certificate: nothing is bound to the answer, and nothing is told but yes or no.
import type { ShownCallers } from '@countersign/mtls'
import type { Meeting, Refusal } from '@countersign/protocol'
import type { ReadCredential } from './certificate.ts'
import type { AccountRule } from './sessions.ts'

interface Parts {
  readonly callers: ShownCallers
  readonly read: (base64: string) => ReadCredential | undefined
  readonly accounts: AccountRule
  readonly record: (meeting: Meeting) => void
  readonly clock: () => Temporal.Instant
}

const NO = 'no\n'
/** One refusal is one record, however often sshd asks within a login (LoginGraceTime is two minutes). */
const SAME_MS = 120_000
const MAX_SAME = 1_024

/** Answers one line: the account, and the certificate in base64. */
export function createProbes({ callers, read, accounts, record, clock }: Parts): { answer(line: string): string } {
  const told = new Map<string, number>()

  const isTold = (key: string): boolean => {
    const now = clock().epochMilliseconds
    const at = told.get(key)
    if (at !== undefined && Math.abs(now - at) < SAME_MS) return true
    told.delete(key)
    told.set(key, now)
    const [oldest] = told.keys()
    if (told.size > MAX_SAME && oldest !== undefined) told.delete(oldest)
    return false
  }

  return {
    answer(line) {
      const [, account = '', base64 = ''] = /^([\x21-\x7e]{1,64}) ([A-Za-z0-9+/=]+)$/.exec(line) ?? []
      const credential = read(base64)
      if (credential === undefined || account === '') return NO
      const refusal = decide(credential, account)
      if (refusal === undefined) return `yes\n${credential.certificate.principals.join('\n')}\n`
      const { sha256 } = credential.side.certificate ?? {}
      // What nobody has signed says of nobody who they are: no record names them.
      const isAnyones = refusal.code === 'ERR_CALLER_UNKNOWN_ISSUER' || refusal.code === 'ERR_CALLER_BAD_SIGNATURE'
      if (!isAnyones && !isTold(`${sha256} ${account} ${refusal.code}`))
        record(callers.refuse({ credential, isProved: false }, refusal))
      return NO
    },
  }

  function decide(credential: ReadCredential, account: string): Refusal | undefined {
    const atDoor = callers.judge(credential)
    if (!atDoor.ok) return atDoor.refusal
    const rule = accounts(account, credential.side.party ?? '')
    const note = `the account ${account}`
    if (!rule.ok) return { code: 'ERR_CALLER_WRONG_NAME', note }
    if (rule.what === undefined) return undefined
    const within = callers.judge(credential, rule.what)
    return within.ok ? undefined : { ...within.refusal, note }
  }
}
