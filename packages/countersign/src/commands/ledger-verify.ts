import { resolve } from 'node:path'
import {
  type Checkpoint,
  checkEd25519,
  LEDGER_FINDINGS,
  LedgerError,
  type LedgerFinding,
  type LedgerVerdict,
  readCheckpoint,
  type VerifierKey,
  verifyLedger,
} from '@countersign/authority'
import { type Around, EXIT, Failure, type Run } from '../command.ts'
import { plainText } from '../output/plain-text.ts'
import { styleOf } from '../output/style.ts'
import { readKey } from './ledger-key.ts'

/** More are for programs: `--json` has them all. */
const SHOWN_FINDINGS = 20

/** `countersign ledger verify`: exit 0 where the ledger holds, 1 where anything in it was changed. */
export const ledgerVerify: Run = async (given, around) => {
  const directory = resolve(around.cwd, given.text('DIR') ?? '')
  const key = await readKey(given, around)
  const keptPath = given.text('checkpoint')
  const kept = keptPath === undefined ? undefined : await readKept(keptPath, key, around)
  let shown = -1
  const onProgress = (entries: number, of: number) => {
    const percent = Math.floor((100 * entries) / of)
    if (percent === shown) return
    shown = percent
    around.progress(`${percent} % of ${of} entries`)
  }
  const verdict = await verifyLedger({ directory, key, ...(kept && { kept }), onProgress }).finally(() =>
    around.progress(undefined),
  )
  if (given.flag('json')) around.out(JSON.stringify(jsonOf(verdict)))
  else for (const line of linesOf(verdict, key, keptPath, around)) around.out(line)
  return verdict.ok ? EXIT.ok : EXIT.refused
}

async function readKept(path: string, key: VerifierKey, around: Around): Promise<Checkpoint> {
  const octets = await around.readFile(path)
  try {
    return readCheckpoint(octets, key, checkEd25519)
  } catch (error) {
    if (!(error instanceof LedgerError)) throw error
    const next = 'give the file checkpoint of this ledger, as it was copied from there before'
    throw new Failure(EXIT.input, `${path}: ${error.message}`, { code: error.code, next, cause: error })
  }
}

function linesOf(verdict: LedgerVerdict, key: VerifierKey, keptPath: string | undefined, around: Around): string[] {
  const style = styleOf(around.color.out)
  const origin = plainText(key.name)
  if (verdict.ok) {
    const { size, root } = verdict.checkpoint
    return [
      style.proved('holds'),
      `  ${origin}: ${size} entries, root ${root.toBase64()}`,
      ...(keptPath === undefined
        ? [
            style.quiet(
              '  that none was cut off or written anew, only a checkpoint kept from before shows (--checkpoint)',
            ),
          ]
        : [`  it begins with what ${plainText(keptPath)} has signed`]),
    ]
  }
  const { findings, checkpoint, looked } = verdict
  const more = findings.length - SHOWN_FINDINGS
  return [
    style.refused('does not hold'),
    `  ${origin}${checkpoint === undefined ? '' : `: ${checkpoint.size} entries by its checkpoint`}`,
    ...findings
      .slice(0, SHOWN_FINDINGS)
      .flatMap((each) => [
        style.refused(`  ✘ ${textOf(each)} (${each.clause}) [${each.code}]`),
        `    ${each.path}: ${plainText(each.detail)}`,
      ]),
    ...(more > 0 ? [`  and ${more} more; --json has them`] : []),
    ...(checkpoint !== undefined && looked < checkpoint.size
      ? [`  the entries from ${looked} on were not looked at any more`]
      : []),
    '  next: keep these files as they are, and verify a copy or a backup of the ledger in the same way',
  ]
}

function textOf({ code }: LedgerFinding): string {
  return LEDGER_FINDINGS[code][1]
}

/** For programs: hashes as the checkpoint has them. */
function jsonOf(verdict: LedgerVerdict): unknown {
  const { ok: holds, checkpoint } = verdict
  const head = checkpoint && { ...checkpoint, root: checkpoint.root.toBase64() }
  if (verdict.ok) return { holds, ...head }
  const findings = verdict.findings.map((each) => ({ ...each, text: textOf(each) }))
  return { holds, ...head, findings, looked: verdict.looked }
}
