import { type Field, fieldOf, formatWhen } from '@countersign/protocol'
import { certificateField, type ListedCertificate, lastSeenText } from '../admin/certificate.ts'
import { openAdmin } from '../admin/client.ts'
import { withEntries } from '../admin/entries.ts'
import type { Admin } from '../admin/model.ts'
import { itemsOf } from '../admin/pages.ts'
import { EXIT, Failure, type Run } from '../command.ts'
import { plainText } from '../output/plain-text.ts'

/** `countersign show`: each certificate whole, and the accounts at which people sign in without one. */
export const show: Run = async (given, around) => {
  const admin = await openAdmin(given, around)
  const subject = given.text('SUBJECT') ?? ''
  const { answer, accounts } = await found(subject, admin)
  const open = accounts.length > 0 ? await sessionsOf(subject, admin) : []
  if (given.flag('json')) {
    const whole = (await withEntries(answer, admin)) as object
    around.out(JSON.stringify({ ...whole, ...(accounts.length > 0 && { accounts, sessions: open }) }))
    return EXIT.ok
  }
  const certificates = fieldOf(answer).get('certificates').list(10_000).map(certificateField)
  for (const [index, certificate] of certificates.entries()) {
    if (index > 0) around.out('')
    for (const line of certificateLines(certificate, around.clock())) around.out(line)
  }
  const lock = fieldOf(answer)
    .get('party')
    .optional((party) => party.get('lock'))
  if (lock?.present === true) around.out(lockLine(lock, around.clock()))
  const keys = fieldOf(answer)
    .get('keys')
    .optional((each) => each.list(10_000))
  if (keys !== undefined && keys.length > 0) around.out('')
  for (const key of keys ?? []) around.out(keyLine(key, certificates, around.clock()))
  if (accounts.length > 0 && certificates.length > 0) around.out('')
  for (const account of accounts) for (const line of accountLines(fieldOf(account), around.clock())) around.out(line)
  for (const session of open) around.out(sessionLine(fieldOf(session), around.clock()))
  return EXIT.ok
}

/** What there is of a subject. @throws {Failure} where it is nobody's name and no certificate's number */
async function found(
  subject: string,
  admin: Admin,
): Promise<{ readonly answer: unknown; readonly accounts: readonly unknown[] }> {
  const name = encodeURIComponent(subject)
  try {
    const answer = await admin.get(`/v1/certificates/${name}`)
    return { answer, accounts: fieldOf(answer).get('party').present ? await accountsOf(subject, admin) : [] }
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'ERR_ADMIN_NOT_FOUND') throw error
    // People who sign in may have no certificate at all.
    const accounts = await accountsOf(subject, admin)
    if (accounts.length === 0) throw error
    return { answer: { certificates: [], party: await admin.get(`/v1/parties/${name}`) }, accounts }
  }
}

async function accountsOf(account: string, admin: Admin): Promise<readonly unknown[]> {
  const values: unknown[] = []
  for await (const { value } of itemsOf(admin, '/v1/accounts', 'accounts', new URLSearchParams({ account })))
    values.push(value)
  return values
}

/** What is open of a party now, at every door. */
async function sessionsOf(party: string, admin: Admin): Promise<readonly unknown[]> {
  const answer = await admin.get('/v1/sessions')
  const all = fieldOf(answer).get('sessions').list(1_000_000)
  // Read as an object with this list.
  const { sessions } = answer as { readonly sessions: readonly unknown[] }
  return sessions.filter((_, index) => all[index]?.get('party').optional((each) => each.text(256)) === party)
}

function sessionLine(session: Field, now: Temporal.Instant): string {
  const [door, reference] = [session.get('door').text(256), session.get('reference').text(32)]
  return plainText(`session  ${door}, since ${formatWhen(session.get('since').instant(), now)}  ${reference}`)
}

function accountLines(account: Field, now: Temporal.Instant): readonly string[] {
  const when = (field: Field, name: string) => field.get(name).optional((each) => formatWhen(each.instant(), now))
  const ways = account.get('ways')
  const [passkeys, codes] = [ways.get('passkeys').number(MOST_WAYS), ways.get('recoveryCodes').number(MOST_WAYS)]
  const rows: [string, string][] = [
    ['account', `${account.get('account').text(256)} at ${account.get('door').text(256)}`],
    ['opened', when(account, 'openedAt') ?? 'not yet'],
    ['seen', when(account, 'lastSeenAt') ?? 'never'],
    ...account
      .get('devices')
      .list(MOST_DEVICES)
      .map((device): [string, string] => [
        'device',
        `${device.get('name').text(256)}, seen ${when(device, 'lastSeenAt') ?? 'never'}  ${device.get('device').text(64)}`,
      ]),
    [
      'ways',
      `password${passkeys > 0 ? `, ${passkeys} ${passkeys === 1 ? 'passkey' : 'passkeys'}` : ''}${ways.get('app').boolean() ? ', an app' : ''}`,
    ],
    ['codes', `${codes} for recovery`],
  ]
  return rows.map(([name, value]) => `${name.padEnd(9)}${plainText(value)}`)
}

function lockLine(lock: Field, now: Temporal.Instant): string {
  const reason = lock.get('reason').optional((each) => each.text(256))
  const until = lock.get('until').optional((each) => each.instant())
  return plainText(
    `locked     ${formatWhen(lock.get('at').instant(), now)}${reason === undefined ? '' : ` (${reason})`}${until === undefined ? '' : `, until ${formatWhen(until, now)}`}`,
  )
}

const MOST_DEVICES = 1_000
const MOST_WAYS = 10_000

/** So many of a key's certificates are named; each is above, whole. */
const MOST_NAMED = 3

/** One key of the party's history, and which of its certificates had it. */
function keyLine(key: Field, certificates: readonly ListedCertificate[], now: Temporal.Instant): string {
  const spkiSha256 = key.get('spkiSha256').text(64)
  const moment = (name: string) => key.get(name).optional((each) => each.instant())
  const [revokedAt, compromisedAt] = [moment('revokedAt'), moment('compromisedAt')]
  const end =
    compromisedAt !== undefined
      ? `compromised ${formatWhen(compromisedAt, now)}`
      : revokedAt !== undefined
        ? `revoked ${formatWhen(revokedAt, now)}`
        : `until ${formatWhen(key.get('endsAt').instant(), now)}`
  const of = certificates.filter((one) => one.spkiSha256 === spkiSha256).map(({ serialNumber }) => serialNumber)
  const more = of.length > MOST_NAMED ? ` and ${of.length - MOST_NAMED} more` : ''
  const by = of.length === 0 ? '' : `, by ${of.slice(-MOST_NAMED).join(', ')}${more}`
  return plainText(`key  ${spkiSha256}  since ${formatWhen(key.get('firstSeen').instant(), now)}, ${end}${by}`)
}

function certificateLines(certificate: ListedCertificate, now: Temporal.Instant): string[] {
  const {
    party,
    state,
    serialNumber,
    sha256,
    profile,
    identities,
    issuedAt,
    notAfter,
    denied = [],
    lastSeen,
    isRenewed,
    revocation,
  } = certificate
  const rows: [string, string][] = [
    ['party', party],
    ['state', state],
    ...(revocation === undefined
      ? []
      : [['revoked', `${formatWhen(revocation.at, now)} (${revocation.reason})`] satisfies [string, string]]),
    ['serial', serialNumber],
    ['SHA-256', sha256],
    ['profile', profile],
    ...identities.map((identity, index): [string, string] => [index === 0 ? 'names' : '', identity]),
    ...denied.map((one, index): [string, string] => [index === 0 ? 'denied' : '', one]),
    ['issued', formatWhen(issuedAt, now)],
    ['ends', `${formatWhen(notAfter, now)}${isRenewed ? ', and was renewed' : ''}`],
    ['seen', `${lastSeenText(certificate, now)}${lastSeen === undefined ? '' : `, as the ${lastSeen.as}`}`],
  ]
  return rows.map(([name, value]) => `${name.padEnd(9)}${plainText(value)}`)
}
