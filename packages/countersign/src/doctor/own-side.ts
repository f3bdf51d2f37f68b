// Our own side: the identity that would be shown, whom it believes, and what is known of revocation.
import { join, resolve } from 'node:path'
import {
  type DirectoryIdentity,
  IdentityError,
  openIdentity,
  readTrustFiles,
  sideOf,
  type Trust,
  TrustFileError,
} from '@countersign/mtls'
import { formatValidity, formatWhen, REFUSALS } from '@countersign/protocol'
import { formatName } from '@countersign/x509'
import type { Around } from '../command.ts'
import { failureOf } from '../failure-of.ts'
import { refreshExpiredStatus } from '../meeting/fresh-status.ts'
import { shellWord } from '../output/shell-word.ts'
import type { Check, Mend, Patient } from './model.ts'

/** What is at hand for a meeting, and what was found while it was looked for. */
export interface OwnSide {
  readonly identity?: DirectoryIdentity
  readonly trust?: Trust
  readonly checks: readonly Check[]
}

/** An identity is renewed after two thirds of its life: what is older than three quarters, nobody keeps. */
const KEPT_UNTIL = 3 / 4

/** Opens what there is. What cannot be opened is a finding, and the examination goes on without it. */
export async function examineOwnSide(
  patient: Patient,
  trustFile: string | undefined,
  around: Around,
): Promise<OwnSide> {
  const { directory } = patient
  const checks: Check[] = []
  const attempt = async <Value>(open: () => Promise<Value>): Promise<Value | undefined> => {
    try {
      return await open()
    } catch (error) {
      if (!(error instanceof IdentityError || error instanceof TrustFileError)) throw error
      checks.push({
        area: 'identity',
        outcome: 'bad',
        text: error.message,
        code: error.code,
        mend: mendOf(error, directory),
      })
      return undefined
    }
  }
  const path = directory === undefined ? undefined : resolve(around.cwd, directory)
  const identity =
    path === undefined ? undefined : await attempt(() => openIdentity(path, { clock: around.clock, renew: false }))
  if (identity) checks.push(validityOf(identity, patient), await statusOf(identity, patient, around))
  else if (path === undefined)
    checks.push({ area: 'identity', outcome: 'unknown', text: 'nobody: no --identity was given' })

  const named = trustFile === undefined ? path && join(path, 'trust.pem') : resolve(around.cwd, trustFile)
  // An identity that is whole brings its own trust; beside one that is not, a second finding would say the same.
  if (identity && trustFile === undefined) return { identity, trust: identity.trust, checks }
  if (named === undefined || (trustFile === undefined && checks.length > 0)) return { checks }
  const files = identity
    ? ({ trustFile: named, statusDirectory: join(identity.directory, 'status'), revocation: 'require' } as const)
    : ({ trustFile: named, revocation: 'prefer' } as const)
  const trust = await attempt(() => readTrustFiles(files))
  return { ...(identity && { identity }), ...(trust && { trust }), checks }
}

function validityOf(identity: DirectoryIdentity, { now, directory = '' }: Patient): Check {
  const [leaf] = identity.current().certificates
  const { notBefore, notAfter } = leaf.validity
  const party = sideOf(leaf, 'nobody').name
  const text = `${party}, issued by ${formatName(leaf.issuer)}, ${formatValidity(notBefore, notAfter, now)}`
  const place = shellWord(directory)
  if (Temporal.Instant.compare(now, notAfter) > 0) {
    const mend: Mend = {
      text: `ask your administrator for countersign invite ${shellWord(party)}, then enroll in a new directory`,
      command: `countersign enroll TOKEN --out ${shellWord(`${directory}-new`)}`,
      by: 'caller',
    }
    return { area: 'identity', outcome: 'bad', text, code: 'ERR_CALLER_EXPIRED', mend }
  }
  if (Temporal.Instant.compare(now, notBefore) < 0)
    return { area: 'identity', outcome: 'bad', text, code: 'ERR_CALLER_NOT_YET_VALID', mend: setOurClock() }
  const life = notAfter.epochMilliseconds - notBefore.epochMilliseconds
  if (now.epochMilliseconds < notBefore.epochMilliseconds + life * KEPT_UNTIL)
    return { area: 'identity', outcome: 'good', text }
  const mend: Mend = { text: 'nobody renews it', command: `countersign enroll --keep --out ${place}`, by: 'caller' }
  return { area: 'identity', outcome: 'note', text: `${text}, and nobody renewed it`, mend }
}

async function statusOf(identity: DirectoryIdentity, { now, directory = '' }: Patient, around: Around): Promise<Check> {
  const said: string[] = []
  // As `meet` does before it meets.
  await refreshExpiredStatus(identity, { clock: around.clock, err: (line) => said.push(line) })
  const ends = identity.trust.crls.flatMap(({ crl: { nextUpdate } }) => nextUpdate ?? [])
  const first = ends.toSorted(Temporal.Instant.compare)[0]
  if (first === undefined) return { area: 'status', outcome: 'good', text: 'revocation lists that do not run out' }
  const old = Temporal.Instant.compare(first, now) <= 0
  if (!old)
    return {
      area: 'status',
      outcome: 'good',
      text: `revocation lists are current; the next is due ${formatWhen(first, now)}`,
    }
  return {
    area: 'status',
    outcome: 'bad',
    text: `a revocation list ran out ${formatWhen(first, now)}`,
    more: said.map((line) => line.replace(/^countersign: /, '')),
    code: 'ERR_CALLEE_STATUS_UNKNOWN',
    mend: {
      text: 'let the authority be reached, and the lists be fetched',
      command: `countersign enroll --keep --out ${shellWord(directory)}`,
      by: 'caller',
    },
  }
}

/** How the clock of this machine is set right. */
export function setOurClock(platform: string = process.platform): Mend {
  const commands: Readonly<Record<string, string>> = {
    linux: 'sudo timedatectl set-ntp true',
    darwin: 'sudo sntp -sS time.apple.com',
    win32: 'w32tm /resync',
  }
  const command = Object.hasOwn(commands, platform) ? commands[platform] : undefined
  return { text: 'set the clock of this machine', ...(command !== undefined && { command }), by: 'caller' }
}

function mendOf(error: IdentityError | TrustFileError, directory: string | undefined): Mend {
  const place = shellWord(directory ?? '.')
  const text = failureOf(error)?.next ?? REFUSALS.ERR_CALLER_NO_CERTIFICATE.next
  const commands: Readonly<Partial<Record<string, string>>> = {
    ERR_IDENTITY_MODE: `chmod 700 ${place} && chmod 600 ${shellWord(join(directory ?? '.', 'identity.key'))}`,
    ERR_IDENTITY_OWNER: `sudo chown -R "$(id -un)" ${place}`,
    ERR_IDENTITY_MISSING: `countersign enroll TOKEN --out ${place}`,
    ERR_IDENTITY_UNFINISHED: `countersign enroll TOKEN --out ${place}`,
    ERR_IDENTITY_MALFORMED: `countersign enroll TOKEN --out ${shellWord(`${directory}-new`)}`,
    ERR_IDENTITY_KEY_MISMATCH: `countersign enroll TOKEN --out ${shellWord(`${directory}-new`)}`,
  }
  const command = commands[error.code]
  return { text, ...(command !== undefined && { command }), by: 'caller' }
}
