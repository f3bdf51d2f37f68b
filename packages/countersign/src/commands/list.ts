import { certificateOf, type ListedCertificate } from '../admin/certificate.ts'
import { openAdmin } from '../admin/client.ts'
import { optionalText, record, records } from '../admin/read.ts'
import { type Around, EXIT, Failure, type Run } from '../command.ts'
import { didYouMean } from '../nearest.ts'
import { plainText } from '../output/plain-text.ts'
import { relativeTime } from '../output/relative.ts'
import { tableLines } from '../output/table.ts'

const STATES = ['valid', 'revoked', 'expired']
const PAGE = 500

/** `countersign list`: page by page, so that a large house needs little memory. */
export const list: Run = async (given, around) => {
  const state = given.text('state')
  if (state !== undefined && !STATES.includes(state))
    throw new Failure(EXIT.usage, `--state must be ${STATES.join(', ')}${didYouMean(state, STATES)}`, {
      code: 'ERR_CLI_USAGE',
    })
  const admin = await openAdmin(given, around)
  const query = new URLSearchParams({ limit: String(PAGE) })
  for (const [name, value] of Object.entries({ party: given.text('party'), state }))
    if (value !== undefined) query.set(name, value)

  let count = 0
  for (;;) {
    const page = record(await admin.get(`/v1/certificates?${query}`), 'certificates')
    const certificates = records(page, 'certificates')
    if (given.flag('json')) for (const certificate of certificates) around.out(JSON.stringify(certificate))
    else printPage(certificates.map(certificateOf), around, count === 0)
    count += certificates.length
    const next = optionalText(page, 'next')
    if (next === undefined) break
    query.set('after', next)
  }
  if (count === 0 && !given.flag('json')) around.err('no certificate fits')
  return EXIT.ok
}

function printPage(certificates: readonly ListedCertificate[], around: Around, first: boolean): void {
  if (certificates.length === 0) return
  const now = around.clock()
  const lines = tableLines(
    [{ head: 'party' }, { head: 'state' }, { head: 'ends' }, { head: 'names' }, { head: 'serial', number: true }],
    certificates.map(({ party, state, notAfter, identities, serialNumber }) => [
      plainText(party),
      state,
      relativeTime(notAfter, now),
      plainText(identities.join(' ')),
      serialNumber,
    ]),
  )
  for (const line of first ? lines : lines.slice(1)) around.out(line)
}
