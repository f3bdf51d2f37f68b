// The OpenPGP keys of the authority itself: which there are, the next, and one that is given up.
import { type Field, fieldOf, formatWhen } from '@countersign/protocol'
import { openAdmin } from '../admin/client.ts'
import { type Arguments, type Around, EXIT, Failure, type Run } from '../command.ts'
import { openPgpOrFail } from '../openpgp.ts'
import { plainText } from '../output/plain-text.ts'
import { tableLines } from '../output/table.ts'

/** As many as an authority has of both versions, with what has ended. */
const MOST_KEYS = 1_000
const MAX_KEY_OCTETS = 262_144

/** `countersign authority openpgp`. */
export const authorityOpenPgp: Run = async (given, around) => {
  const wished = given.text('export')
  if (wished !== undefined && wished !== '4' && wished !== '6')
    throw new Failure(EXIT.usage, '--export is 4 or 6', { code: 'ERR_CLI_USAGE' })
  const admin = await openAdmin(given, around)
  const answer = await admin.get('/v1/openpgp/authorities')
  if (wished !== undefined) return writeOut(answer, Number(wished), around)
  if (given.flag('json')) around.out(JSON.stringify(answer))
  else for (const line of linesOf(answer, around)) around.out(line)
  return EXIT.ok
}

/** `countersign authority openpgp new`. */
export const authorityOpenPgpNew: Run = async (given, around) => {
  const admin = await openAdmin(given, around)
  return tell(await admin.post('/v1/openpgp/authorities', { force: given.flag('force') }), given, around)
}

/** `countersign authority openpgp revoke`. */
export const authorityOpenPgpRevoke: Run = async (given, around) => {
  const admin = await openAdmin(given, around)
  const fingerprint = encodeURIComponent(given.text('FINGERPRINT') ?? '')
  return tell(await admin.post(`/v1/openpgp/authorities/${fingerprint}/revocation`, {}), given, around)
}

async function writeOut(answer: unknown, version: number, around: Around): Promise<0> {
  const { armorKey } = await openPgpOrFail()
  for (const key of keysOf(answer))
    if (key.get('version').number(255) === version && key.get('state').text(16) !== 'ended')
      around.out(armorKey(key.get('key').octets(MAX_KEY_OCTETS), 'PUBLIC KEY BLOCK', version).trimEnd())
  return EXIT.ok
}

function tell(answer: unknown, given: Arguments, around: Around): 0 {
  if (given.flag('json')) around.out(JSON.stringify(answer))
  else
    for (const key of keysOf(answer)) {
      const [fingerprint, version, state] = cellsOf(key, around)
      around.out(`${fingerprint} (OpenPGP ${version}) is ${state}`)
    }
  return EXIT.ok
}

function linesOf(answer: unknown, around: Around): readonly string[] {
  return tableLines(
    [{ head: 'key', shrinks: true }, { head: 'version' }, { head: 'state' }, { head: 'key is' }, { head: 'ends' }],
    keysOf(answer).map((key) => cellsOf(key, around)),
    around.columns,
  )
}

function keysOf(answer: unknown): readonly Field[] {
  return fieldOf(answer).get('authorities').list(MOST_KEYS)
}

function cellsOf(key: Field, { clock }: Around): string[] {
  return [
    plainText(key.get('fingerprint').text(64)),
    String(key.get('version').number(255)),
    plainText(key.get('state').text(16)),
    key.get('here').boolean() ? 'here' : 'elsewhere',
    formatWhen(key.get('endsAt').instant(), clock()),
  ]
}
