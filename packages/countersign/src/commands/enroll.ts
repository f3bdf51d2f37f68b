import { resolve } from 'node:path'
import { enroll as enrollWith, keepRenewed, openIdentity } from '@countersign/mtls'
import { formatWhen, parseToken, writeJson } from '@countersign/protocol'
import { type Arguments, type Around, EXIT, Failure, type Run } from '../command.ts'
import { plainText } from '../output/plain-text.ts'
import { styleOf } from '../output/style.ts'

/** `countersign enroll`: the key is made here, and the authority proves itself before anything is sent to it. */
export const enroll: Run = async (given, around) => {
  const keep = given.flag('keep')
  const out = given.text('out')
  if (given.text('TOKEN') === undefined && (!keep || out === undefined))
    throw new Failure(EXIT.usage, 'TOKEN is missing; without one, --keep and --out name an identity to keep', {
      code: 'ERR_CLI_USAGE',
      next: 'get one from an administrator, who makes it with countersign invite PARTY',
    })
  const enrolled = given.text('TOKEN') === undefined ? out : await enrollNow(given, around)
  if (keep) await keepIdentity(resolve(around.cwd, enrolled ?? ''), given.flag('json'), around)
  return EXIT.ok
}

/** Enrolls and says so; answers the directory. */
async function enrollNow(given: Arguments, around: Around): Promise<string> {
  const named = given.text('TOKEN') ?? ''
  // A token on the command line can be seen by whoever lists processes.
  const word = named === '-' ? await around.readLine() : named
  // As in countersign invite alice | countersign enroll - where the first command failed.
  if (word === '')
    throw new Failure(EXIT.input, 'the token is empty', {
      code: 'ERR_ENROLL_TOKEN_FORM',
      next: 'see what countersign invite said',
    })
  const token = parseToken(word)
  const directory = resolve(around.cwd, given.text('out') ?? token.party)
  const { party, notAfter } = await enrollWith(token, { directory, clock: around.clock })
  if (given.flag('json')) around.out(JSON.stringify(writeJson({ event: 'enrolled', party, directory, notAfter })))
  else
    around.out(`${plainText(party)} has an identity in ${directory}; it ends ${formatWhen(notAfter, around.clock())}`)
  return directory
}

/** Words for what a keeper does; anything else is for `--json` alone. */
const KEPT: Readonly<Record<string, readonly [failed: boolean, text: string]>> = {
  'identity.renewed': [false, 'renewed; it ends {when}'],
  'identity.status-refreshed': [false, 'the revocation lists are fresh'],
  'identity.renewal-failed': [true, 'not renewed: {reason}; tried again in {retryInSeconds} s. Next: {next}'],
  'identity.status-failed': [true, 'no fresh revocation lists: {reason}; tried again in {retryInSeconds} s'],
  'identity.revoked': [true, 'it was revoked, and is not renewed any more. Next: {next}'],
  'identity.expiring': [true, 'it ends {when}. Next: {next}'],
  'identity.reload-failed': [true, 'what is in the directory cannot be used: {reason}'],
}

/** Keeps an identity renewed until this process is asked to end. */
async function keepIdentity(directory: string, json: boolean, around: Around): Promise<void> {
  const { clock } = around
  const style = styleOf(around.color.out)
  const log = (event: string, fields: Readonly<Record<string, unknown>> = {}) => {
    if (json) return around.out(JSON.stringify(writeJson({ event, ...fields })))
    const known = KEPT[event]
    if (known === undefined) return
    const [failed, template] = known
    const { notAfter } = fields
    const when = typeof notAfter === 'string' ? formatWhen(Temporal.Instant.from(notAfter), clock()) : '?'
    const shown: Readonly<Record<string, unknown>> = { ...fields, when }
    const text = template.replaceAll(/\{(\w+)\}/g, (_, name: string) => plainText(String(shown[name] ?? '?')))
    if (failed) around.err(`${style.refused('!')} ${text}`)
    else around.out(`${style.proved('+')} ${text}`)
  }
  const stopped = around.stopped()
  const identity = await openIdentity(directory, { clock, log, renew: false })
  const keeper = keepRenewed(identity, { clock, log })
  around.out(json ? JSON.stringify({ event: 'keeping', directory }) : `kept renewed until this ends: ${directory}`)
  await stopped
  await keeper.close()
  identity.close()
}
