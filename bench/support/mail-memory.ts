// What sealing a mail of so many octets from one file into another takes of memory, and opening it: octets above idle.
import { createReadStream, createWriteStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createSpool, type OpenedLayer, openFileSource, type Spool, scanEntity } from '@countersign/mail'
import { NOW } from '../../tools/testing/mail-people.ts'
import { opener, recipients, sealer, textOf } from './mail.ts'

const [what = 'seal', size = '30000000'] = process.argv.slice(2)
const folder = mkdtempSync(join(tmpdir(), 'countersign-bench-mail-'))
const [plain, message] = [join(folder, 'plain'), join(folder, 'message')]

async function seal(): Promise<void> {
  const { fields, body } = await sealer.seal(createReadStream(plain, { highWaterMark: 262_144 }), {
    profile: 'modern',
    recipients,
    now: NOW,
  })
  async function* whole(): AsyncGenerator<Uint8Array> {
    yield Buffer.from(`${fields.join('')}\r\n`)
    yield* body
  }
  await pipeline(whole, createWriteStream(message))
}

async function open(): Promise<void> {
  await using source = await openFileSource(message)
  const spools: Spool[] = []
  let inside: NonNullable<OpenedLayer['inside']> = { source, start: 0, end: source.length }
  for (;;) {
    const entity = inside.entity ?? (await scanEntity(inside.source, inside.start, inside.end))
    const opened = await opener.open(entity, inside.source, {
      now: NOW,
      spool() {
        const spool = createSpool(folder)
        spools.push(spool)
        return spool
      },
    })
    if (opened?.inside === undefined) break
    inside = opened.inside
  }
  for (const spool of spools) await spool[Symbol.asyncDispose]()
}

writeFileSync(plain, textOf(2000))
await seal()
await open()
let peak = 0
const octets = Number(size)
// In pieces: what makes the file must not be what is measured.
const chunk = textOf(1_000_000)
writeFileSync(plain, '')
for (let at = 0; at < octets; at += chunk.length) writeFileSync(plain, chunk, { flag: 'a' })
if (what === 'open') await seal()
global.gc?.()
const idle = process.memoryUsage.rss()
const watch = setInterval(() => {
  peak = Math.max(peak, process.memoryUsage.rss())
}, 5)
await (what === 'open' ? open() : seal())
clearInterval(watch)
peak = Math.max(peak, process.memoryUsage.rss())
rmSync(folder, { recursive: true })
console.log(Math.max(0, peak - idle))
