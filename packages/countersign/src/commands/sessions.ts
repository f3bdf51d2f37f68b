import { type Field, fieldOf, formatWhen } from '@countersign/protocol'
import { openAdmin } from '../admin/client.ts'
import { EXIT, type Run } from '../command.ts'
import { didYouMean } from '../nearest.ts'
import { plainText } from '../output/plain-text.ts'
import { tableLines } from '../output/table.ts'

/** `countersign sessions`: what is open on every door now, of one door or one party where it is asked for. */
export const sessions: Run = async (given, around) => {
  const admin = await openAdmin(given, around)
  const answer = await admin.get('/v1/sessions')
  const all = fieldOf(answer).get('sessions').list(1_000_000)
  const [door, party] = [given.text('door'), given.text('party')]
  const fits = (session: Field) =>
    (door === undefined || doorOf(session) === door) && (party === undefined || partyOf(session) === party)
  if (given.flag('json')) {
    around.out(JSON.stringify({ sessions: valuesOf(answer).filter((_, index) => fits(all[index] ?? fieldOf({}))) }))
    return EXIT.ok
  }
  const now = around.clock()
  const rows = all
    .filter(fits)
    .map((session) => [
      plainText(doorOf(session)),
      plainText(session.get('caller').text(256)),
      plainText(proofsOf(session.get('proofs'))),
      plainText(session.get('reference').text(32)),
      formatWhen(session.get('since').instant(), now),
      String(session.get('octetsSent').number(Number.MAX_SAFE_INTEGER)),
    ])
  if (rows.length === 0) {
    const meant =
      door === undefined
        ? ''
        : didYouMean(
            door,
            [...new Set(all.map(doorOf))].filter((name) => name !== door),
          )
    around.err(`no session is open${all.length === 0 ? '' : ` that fits; ${all.length} are in all`}${plainText(meant)}`)
    return EXIT.ok
  }
  const columns = [
    { head: 'door', shrinks: true },
    { head: 'caller', shrinks: true },
    { head: 'proofs', shrinks: true },
    { head: 'reference' },
    { head: 'since' },
    { head: 'octets', number: true },
  ]
  for (const line of tableLines(columns, rows, around.columns)) around.out(line)
  return EXIT.ok
}

function doorOf(session: Field): string {
  return session.get('door').text(256)
}

/** So that a line of 80 columns has both. */
const SHORT: Readonly<Record<string, string>> = { certificate: 'cert' }

/** By what either side has proved itself; a door of before tells none. */
function proofsOf(field: Field): string {
  const kinds = (side: 'caller' | 'callee') =>
    field
      .get(side)
      .list(16)
      .map((kind) => SHORT[kind.text(64)] ?? kind.text(64))
      .join('+') || '–'
  return field.present ? `${kinds('caller')} ⇄ ${kinds('callee')}` : ''
}

function partyOf(session: Field): string | undefined {
  return session.get('party').optional((field) => field.text(256))
}

function valuesOf(answer: unknown): readonly unknown[] {
  // Read as an object with this list above.
  return (answer as { readonly sessions: readonly unknown[] }).sessions
}
