/**
 * Runs a suite in x509-limbo's format: `npm run -s limbo -- FILE [--out RESULTS] [--exceptions FILE]`.
 *
 * FILE may be gzipped. RESULTS is written in limbo's result format. Exit 0 where every case comes out as the suite expects,
 * or is an exception (`[{id, reason}]`) that still holds; 1 where not; 2 where FILE cannot be used.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { gunzipSync } from 'node:zlib'
import { type LimboCase, type LimboResult, runCase } from './harness.ts'
import { score } from './score.ts'

const USAGE = 'usage: npm run -s limbo -- FILE [--out RESULTS] [--exceptions FILE]'

try {
  const { values, positionals } = parseArgs({
    options: { out: { type: 'string' }, exceptions: { type: 'string' } },
    allowPositionals: true,
  })
  const [file] = positionals
  if (file === undefined || positionals.length > 1) throw new Error(USAGE)
  const cases = readSuite(file)
  const exceptions = values.exceptions === undefined ? [] : readJson(values.exceptions)
  const now = Temporal.Now.instant()
  const started = performance.now()
  const results: LimboResult[] = []
  for (const one of cases) {
    results.push(runCase(one, now))
    if (process.stderr.isTTY && results.length % 1000 === 0)
      process.stderr.write(`\r${results.length} of ${cases.length}`)
  }
  const seconds = (performance.now() - started) / 1000
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K')
  if (values.out !== undefined)
    writeFileSync(values.out, JSON.stringify({ version: 1, harness: 'countersign', results }, null, 1))
  const { lines, ok } = score(cases, results, exceptions as { id: string; reason: string }[])
  for (const line of lines) console.log(line)
  console.log(`${cases.length} cases in ${seconds.toFixed(2)} s: ${Math.round(cases.length / seconds)} per second`)
  process.exitCode = ok ? 0 : 1
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 2
}

function readSuite(file: string): readonly LimboCase[] {
  const suite = readJson(file) as { version?: number; testcases?: LimboCase[] }
  if (suite.version !== 1 || !Array.isArray(suite.testcases))
    throw new Error(`${file} is no suite of limbo's format, version 1`)
  return suite.testcases
}

function readJson(file: string): unknown {
  const octets = readFileSync(file)
  return JSON.parse((octets[0] === 0x1f && octets[1] === 0x8b ? gunzipSync(octets) : octets).toString('utf8'))
}
