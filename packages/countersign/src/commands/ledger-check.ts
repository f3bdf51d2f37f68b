import { checkReceipt, LEDGER_FINDINGS, type LedgerFinding, type ProvedEntry } from '@countersign/authority'
import { ShapeError } from '@countersign/protocol'
import { type Around, EXIT, Failure, type Run } from '../command.ts'
import { plainText } from '../output/plain-text.ts'
import { styleOf } from '../output/style.ts'
import { readKey } from './ledger-key.ts'

/** A receipt of ten thousand certificates has some 30 MB. */
const MAX_RECEIPT_OCTETS = 64 << 20

/** `countersign ledger check`: exit 0 where all that the receipt says is in the ledger of this key, 1 where anything is not. */
export const ledgerCheck: Run = async (given, around) => {
  const path = given.text('RECEIPT') ?? ''
  const key = await readKey(given, around)
  const { entries, findings } = judge(path, await readReceipt(path, around), key)
  const holds = findings.length === 0
  if (given.flag('json')) {
    const texts = findings.map((each) => ({ ...each, text: LEDGER_FINDINGS[each.code][1] }))
    around.out(JSON.stringify({ holds, origin: key.name, entries, findings: texts }))
    return holds ? EXIT.ok : EXIT.refused
  }
  const style = styleOf(around.color.out)
  around.out(holds ? style.proved('holds') : style.refused('does not hold'))
  for (const each of entries) around.out(entryLine(each, key.name))
  for (const line of findings.flatMap(findingLines)) around.out(line)
  return holds ? EXIT.ok : EXIT.refused
}

async function readReceipt(path: string, around: Around): Promise<unknown> {
  const text = path === '-' ? await around.readLine() : utf8(await around.readFile(path, MAX_RECEIPT_OCTETS), path)
  try {
    return JSON.parse(text)
  } catch (cause) {
    if (cause instanceof SyntaxError) throw notOne(path, cause.message, cause)
    throw cause
  }
}

function utf8(octets: Uint8Array, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(octets)
  } catch (cause) {
    if (cause instanceof TypeError) throw notOne(path, 'it is not UTF-8', cause)
    throw cause
  }
}

function judge(path: string, receipt: unknown, key: Parameters<typeof checkReceipt>[1]) {
  try {
    return checkReceipt(receipt, key)
  } catch (cause) {
    if (cause instanceof ShapeError) throw notOne(path, cause.message, cause)
    throw cause
  }
}

function notOne(path: string, why: string, cause: Error): Failure {
  return new Failure(EXIT.input, `${path === '-' ? 'standard input' : path} is no receipt: ${why}`, {
    code: 'ERR_CLI_RECEIPT',
    next: 'give what countersign revoke, lock, unlock or show has printed with --json',
    cause,
  })
}

function entryLine({ index, size, says }: ProvedEntry, origin: string): string {
  const [kind, party, serial, at] = ['kind', 'party', 'serial', 'at'].map((name) => says[name])
  const what = [kind, party, serial === undefined ? undefined : `serial ${serial}`, at].filter(Boolean).join('  ')
  return plainText(`  ${what}: entry ${index} of ${origin}, in its checkpoint of ${size}`)
}

function findingLines({ code, clause, path, detail }: LedgerFinding): readonly string[] {
  return [`  \u2718 ${LEDGER_FINDINGS[code][1]} (${clause}) [${code}]`, plainText(`    ${path}: ${detail}`)]
}
