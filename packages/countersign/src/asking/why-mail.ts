// `countersign why WHO mailto:ADDRESS`: what must be with mail from one to the other, and by which rule.
import { type DutyAct, dutyOf } from '@countersign/policy'
import { type Arguments, type Around, EXIT, type ExitCode } from '../command.ts'
import { mailAddress } from '../meeting/address.ts'
import { plainText } from '../output/plain-text.ts'
import { rulesOf } from './rules-of.ts'

/** What somebody writes as WHAT for mail to an address. */
export const MAIL_TO = 'mailto:'

/** Asks the rules; exit 0, for nobody is refused by an answer. `who` is an address where mail comes from elsewhere. */
export async function explainMail(
  given: Arguments,
  around: Around,
  [who, what]: readonly [who: string, what: string],
): Promise<ExitCode> {
  const to = what.slice(MAIL_TO.length)
  const { must } = (await rulesOf(given, around)).rulebook.policy.rules
  const asked = (act: DutyAct, address: string) => dutyOf(must, act, mailAddress(address))?.name
  const [encrypted, verified] = [asked('encrypt', to), who.includes('@') ? asked('verify', who) : undefined]
  if (given.flag('json')) {
    around.out(JSON.stringify({ from: who, to, encrypted: encrypted ?? null, verified: verified ?? null }))
    return EXIT.ok
  }
  const by = (rule: string | undefined, done: string) =>
    rule === undefined ? `no rule says that it must be ${done}` : `it must be ${done}, by “${plainText(rule)}”`
  around.out(`mail to ${plainText(to)}: ${by(encrypted, 'encrypted')}`)
  if (who.includes('@')) around.out(`mail from ${plainText(who)}: ${by(verified, 'verified')}`)
  return EXIT.ok
}
