import { summaryOf } from '@countersign/mtls'
import { writeJson, writeMeeting } from '@countersign/protocol'
import { DerError, readCertificate, X509Error } from '@countersign/x509'
import { dataDirectory } from '../admin/client.ts'
import { type Arguments, type Around, EXIT, type ExitCode, Failure, type Run } from '../command.ts'
import { STANDARD_CONFIG } from '../config/standard.ts'
import { type Examination, examine, examineHouse } from '../doctor/examine.ts'
import type { Check } from '../doctor/model.ts'
import type { HouseHere } from '../doctor/people.ts'
import { pictureLines } from '../meeting/picture.ts'
import { plainText } from '../output/plain-text.ts'
import { styleOf } from '../output/style.ts'

const AREA_COLUMNS = 10
const MARKS = { good: '✔', note: '!', bad: '✘', unknown: '–' } as const

/** `countersign doctor`: exit 0 where nothing is wrong, else by the trouble on which the others rest. */
export const doctor: Run = async (given, around) => {
  const address = given.text('ADDRESS')
  const house = await houseHere(given, around)
  const found = await examined(address, house, given, around)
  if (given.flag('json')) around.out(JSON.stringify(jsonOf(address, found)))
  else for (const line of linesOf(found, around)) around.out(line)
  return exitOf(found.trouble)
}

async function examined(
  address: string | undefined,
  house: HouseHere | undefined,
  given: Arguments,
  around: Around,
): Promise<Examination> {
  if (address !== undefined) {
    const who = { directory: given.text('identity'), trustFile: given.text('trust'), name: given.text('name') }
    return examine({ address, ...who, house }, around)
  }
  if (house !== undefined) return examineHouse(house, around)
  throw new Failure(EXIT.usage, 'nothing was named that could be examined', {
    code: 'ERR_CLI_USAGE',
    next: 'name the address of a door, or the house here with --config FILE or --data DIR',
  })
}

/** The house of this machine, where it is asked about. */
async function houseHere(given: Arguments, around: Around): Promise<HouseHere | undefined> {
  const file = given.text('config')
  if (file === undefined && given.text('data') === undefined) return undefined
  const data = dataDirectory(given, around)
  if (file === undefined) return { config: STANDARD_CONFIG, data }
  const { readConfig } = await import('../config/read-config.ts')
  return { config: readConfig(await around.readFile(file), file), data }
}

function linesOf({ checks, meeting, mend }: Examination, around: Around): string[] {
  const style = styleOf(around.color.out)
  const accents = { good: style.proved, note: style.strong, bad: style.refused, unknown: style.quiet } as const
  const lines = checks.flatMap(({ area, outcome, text, more = [], code }) => {
    const tail = code === undefined ? '' : style.quiet(` [${code}]`)
    const words = plainText(text)
    return [
      `  ${accents[outcome](MARKS[outcome])} ${area.padEnd(AREA_COLUMNS)}${outcome === 'bad' ? style.refused(words) : words}${tail}`,
      ...more.map((line) => `    ${line}`),
    ]
  })
  if (meeting !== undefined) lines.push('', ...pictureLines(meeting, around))
  const whole = checks.every(({ outcome }) => outcome !== 'unknown')
  if (mend === undefined)
    return [...lines, '', whole ? style.proved('nothing is wrong') : 'nothing is wrong in what could be looked at']
  lines.push('', `${style.strong('mend')} (by the ${mend.by}): ${plainText(mend.text)}`)
  if (mend.command !== undefined) lines.push(`  ${plainText(mend.command)}`)
  return lines
}

function jsonOf(
  address: string | undefined,
  { checks, trouble, mend, certificates, anchors, clock, meeting }: Examination,
): unknown {
  return writeJson({
    ...(address !== undefined && { address }),
    well: trouble === undefined,
    checks: checks.map(({ mend: _, ...check }) => check),
    ...(trouble && { trouble: { area: trouble.area, code: trouble.code, text: trouble.text } }),
    ...(mend && { mend }),
    certificates: certificates.map(shown),
    ...(anchors && { anchors }),
    clock,
    ...(meeting && { meeting: writeMeeting(meeting) }),
  })
}

function shown(der: Uint8Array): unknown {
  try {
    return summaryOf(readCertificate(der))
  } catch (error) {
    if (error instanceof DerError || error instanceof X509Error) return { unreadable: error.message }
    throw error
  }
}

function exitOf(trouble: Check | undefined): ExitCode {
  if (trouble === undefined) return EXIT.ok
  if (trouble.area === 'name' || trouble.area === 'reach' || trouble.area === 'authority') return EXIT.unreachable
  return trouble.code !== undefined && /^ERR_(?:IDENTITY|TRUST|LOGIN)_|^ERR_CLI_SSHD$/.test(trouble.code)
    ? EXIT.input
    : EXIT.refused
}
