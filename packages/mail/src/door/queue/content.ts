// What messages say, a file each: whole and on the disk before anything speaks of it.
import { mkdir, open, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Source } from '@countersign/protocol'
import { fileSource } from '../../mime/source.ts'

/** The contents of a queue. @throws the system's error (rejects). */
export interface Contents extends AsyncDisposable {
  /** Writes one; only after `end` is it on the disk. */
  begin(id: string): Promise<ContentWriter>
  source(id: string, length: number): Source
  remove(id: string): Promise<void>
  /** Removes what is not among these: a process that was killed left it. */
  sweep(known: ReadonlySet<string>): Promise<void>
}

/** One content that is being written. */
export interface ContentWriter {
  /** What is given is kept a while, and must not be written into again. */
  write(octets: Uint8Array): Promise<void>
  /** Answers how many octets it has. */
  end(): Promise<number>
  discard(): Promise<void>
}

/** What is written at once, at least, but for the end: pieces of a connection are smaller. */
const WRITE_OCTETS = 128 * 1024
/** Each piece that is held costs more than its octets: who sends octet by octet must not have them all held. */
const MOST_HELD = 64

/** Makes the directory where it is absent. */
export async function openContents(directory: string): Promise<Contents> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  await syncDirectory(join(directory, '..'))
  const folder = await open(directory, 'r')
  const pathOf = (id: string) => join(directory, id)
  return {
    async begin(id) {
      // `wx` follows no link and writes into nothing that is there.
      const file = await open(pathOf(id), 'wx', 0o600)
      let octets = 0
      let held: Uint8Array[] = []
      let heldOctets = 0
      const writeHeld = async () => {
        const [all, length] = [held, heldOctets]
        held = []
        heldOctets = 0
        if (length === 0) return
        const { bytesWritten } = await file.writev(all)
        // Not all of it, as where the disk is full: what is left is written, or says why not.
        if (bytesWritten < length) await file.writeFile(Buffer.concat(all).subarray(bytesWritten))
      }
      return {
        async write(more) {
          held.push(more)
          heldOctets += more.length
          octets += more.length
          if (heldOctets >= WRITE_OCTETS || held.length >= MOST_HELD) await writeHeld()
        },
        async end() {
          await writeHeld()
          await file.sync()
          await file.close()
          await folder.sync()
          return octets
        },
        async discard() {
          await file.close()
          await rm(pathOf(id), { force: true })
        },
      }
    },
    source: (id, length) => ({
      length,
      async *read(start, end) {
        await using file = await open(pathOf(id), 'r')
        yield* fileSource(file, length).read(start, end)
      },
    }),
    remove: (id) => rm(pathOf(id), { force: true }),
    async sweep(known) {
      for (const id of await readdir(directory)) if (!known.has(id)) await rm(pathOf(id), { force: true })
    },
    [Symbol.asyncDispose]: () => folder.close(),
  }
}

async function syncDirectory(directory: string): Promise<void> {
  await using handle = await open(directory, 'r')
  await handle.sync()
}
