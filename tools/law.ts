/**
 * The law of the house, as far as Biome's own rules (biome.json, `npm run lint`) cannot say it: `npm run law`.
 * Prints each breach with its place and ends with 1 when there is one.
 */
import { fileURLToPath } from 'node:url'
import { type Breach, breachesOf, longFiles } from './law/index.ts'

const root = process.argv[2] ?? fileURLToPath(new URL('..', import.meta.url))
const breaches: readonly Breach[] = breachesOf(root)
for (const { file, line, law, text } of breaches) {
  console.error(`${file}${line === undefined ? '' : `:${line}`}  ${law}: ${text}`)
}
for (const { file, lines } of longFiles(root)) console.log(`${file} has ${lines} lines: is it one thing?`)
console.log(breaches.length === 0 ? 'the law holds' : `${breaches.length} breaches of the law`)
process.exitCode = breaches.length === 0 ? 0 : 1
