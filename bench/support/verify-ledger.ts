// Verifies a ledger in a process of its own, and prints how long that took and how much memory the process had at most.
import { parseVerifierKey, verifyLedger } from '@countersign/authority'

const [directory = '', key = ''] = process.argv.slice(2)
const start = performance.now()
const verdict = await verifyLedger({ directory, key: parseVerifierKey(key) })
if (!verdict.ok) throw new Error(verdict.findings[0]?.detail)
const seconds = (performance.now() - start) / 1_000
process.stdout.write(JSON.stringify({ seconds, megabytes: process.resourceUsage().maxRSS / 1_024 }))
