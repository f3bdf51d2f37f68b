import { fieldOf, formatWhen } from '@countersign/protocol'
import { certificateField, type ListedCertificate, lastSeenText } from '../admin/certificate.ts'
import { openAdmin } from '../admin/client.ts'
import { type Arguments, type Around, EXIT, type ExitCode, Failure } from '../command.ts'
import { didYouMean } from '../nearest.ts'
import { plainText } from '../output/plain-text.ts'
import { tableLines } from '../output/table.ts'
import { parseSpan } from '../span.ts'

const STATES = ['valid', 'revoked', 'expired']
/** What can be searched for: the option, and what the API calls it. */
const FILTERS = {
  party: 'party',
  state: 'state',
  name: 'name',
  'name-prefix': 'namePrefix',
  key: 'spkiSha256',
  profile: 'profile',
  issuer: 'issuer',
  serial: 'serial',
  door: 'door',
} as const
/** The same, of moments: each is a time, or how far it is from now. */
const MOMENTS = {
  'expires-before': ['expiresBefore', 1],
  'seen-since': ['seenSince', -1],
  'not-seen-since': ['notSeenSince', -1],
} as const
const PAGE = 500

/** `countersign list`: page by page, so that a large house needs little memory. */
export const list = async (given: Arguments, around: Around, page: number = PAGE): Promise<ExitCode> => {
  const state = given.text('state')
  if (state !== undefined && !STATES.includes(state))
    throw new Failure(EXIT.usage, `--state must be one of ${STATES.join(', ')}${didYouMean(state, STATES)}`, {
      code: 'ERR_CLI_USAGE',
    })
  const admin = await openAdmin(given, around)
  const query = new URLSearchParams({ limit: String(page) })
  for (const [option, name] of Object.entries(FILTERS)) {
    const value = given.text(option)
    if (value !== undefined) query.set(name, value)
  }
  for (const [option, [name, direction]] of Object.entries(MOMENTS)) {
    const value = given.text(option)
    if (value !== undefined) query.set(name, momentOf(value, option, direction, around))
  }
  if (given.flag('never-seen')) query.set('neverSeen', 'true')

  let count = 0
  for (;;) {
    const answer = await admin.get(`/v1/certificates?${query}`)
    const field = fieldOf(answer)
    const certificates = field.get('certificates').list(page)
    if (given.flag('json')) printJson(answer, around)
    else printPage(certificates.map(certificateField), around, count === 0)
    count += certificates.length
    const next = field.get('next').optional((each) => each.text())
    if (next === undefined) break
    query.set('after', next)
  }
  if (count === 0 && !given.flag('json')) around.err('no certificate fits')
  return EXIT.ok
}

/** A span counts from now; what is no span, the authority reads. */
function momentOf(text: string, option: string, direction: 1 | -1, { clock }: Around): string {
  if (!/^\d+[a-z]$/.test(text)) return text
  return clock()
    .add({ seconds: direction * parseSpan(text, `--${option}`) })
    .toString()
}

function printJson(answer: unknown, around: Around): void {
  // `list` has read it as an object with this list.
  for (const certificate of (answer as { readonly certificates: readonly unknown[] }).certificates)
    around.out(JSON.stringify(certificate))
}

function printPage(certificates: readonly ListedCertificate[], around: Around, first: boolean): void {
  if (certificates.length === 0) return
  const now = around.clock()
  const lines = tableLines(
    [
      { head: 'party' },
      { head: 'state' },
      { head: 'ends' },
      { head: 'last seen' },
      { head: 'serial', number: true },
      { head: 'names' },
    ],
    certificates.map((one) => [
      plainText(one.party),
      plainText(one.state),
      formatWhen(one.notAfter, now),
      plainText(lastSeenText(one, now)),
      plainText(one.serialNumber),
      plainText(one.identities.join(' ')),
    ]),
  )
  for (const line of first ? lines : lines.slice(1)) around.out(line)
}
