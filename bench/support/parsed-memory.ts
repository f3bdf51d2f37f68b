// Prints what one parsed certificate takes of memory, in octets, its DER included: parsed-memory.ts READER COUNT.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { READERS } from './certificate-readers.ts'
import { freshLeaves } from './leaves.ts'

setFlagsFromString('--expose-gc')
// The engine has no other way to be asked.
const collect = runInNewContext('gc') as () => void
const [name = '', count = ''] = process.argv.slice(2)
const read: (der: Uint8Array) => unknown = READERS[name as keyof typeof READERS]

// Read some first, and let them go: code is compiled then, and pages are there.
const kept: unknown[] = freshLeaves(200).map((der) => read(der))
kept.length = 0
// No reader remembers octets: copies of a thousand leaves take what others would, and are made faster.
const leaves = freshLeaves(1_000)
collect()
const before = process.memoryUsage.rss()
for (let i = 0; i < Number(count); i += 1_000) for (const der of leaves) kept.push(read(der.slice()))
collect()
collect()
console.log(Math.round((process.memoryUsage.rss() - before) / kept.length))
