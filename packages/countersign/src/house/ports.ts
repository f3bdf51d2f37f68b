// Ports that were chosen stay: addresses were handed out, in tokens and in people's notes.
import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Log } from '@countersign/mtls'
import { EXIT, Failure } from '../command.ts'
import type { Listen } from '../config/model.ts'

/** The ports that a data directory remembers, by listener. */
export interface Ports {
  /**
   * Opens a listener on the port it had, or on the one it wishes. A wish that `mayMove` gives way at first to any free
   * port where it is taken; port 0 is such a wish.
   * @throws what `open` throws; a taken port too where it may not move any more.
   */
  open<Opened extends { readonly url: string; close(): Promise<void> }>(
    listener: string,
    wish: Listen & { readonly mayMove: boolean },
    open: (listen: Listen) => Promise<Opened>,
  ): Promise<Opened>
}

/**
 * Reads what the data directory remembers. `port.moved` is logged where the configuration now says another port: whoever
 * was told the old one, as an identity is when it enrolls, still looks for it there.
 * @throws {Failure} where the file is damaged.
 */
export async function readPorts(data: string, log: Log): Promise<Ports> {
  const file = join(data, 'ports.json')
  const ports = new Map(await readRemembered(file))
  let saved = Promise.resolve()
  // Beside first, so that a crash leaves the old file or the new one. No sync: a lost choice is made again.
  const save = async () => {
    try {
      await writeFile(`${file}.tmp`, `${JSON.stringify(Object.fromEntries(ports))}\n`, { mode: 0o600 })
      await rename(`${file}.tmp`, file)
    } catch (error) {
      await rm(`${file}.tmp`, { force: true })
      // A full disk is told while octets are written, and then without a name.
      throw error instanceof Error ? Object.assign(error, { path: file }) : error
    }
  }
  return {
    async open(listener, { mayMove, ...wish }, open) {
      const remembered = ports.get(listener)
      if (!mayMove && wish.port !== 0) {
        if (remembered !== undefined && remembered !== wish.port)
          log('port.moved', { listener, before: remembered, now: wish.port })
        return open(wish)
      }
      if (remembered !== undefined)
        return open({ ...wish, port: remembered }).catch((error: unknown) => {
          throw isTaken(error) ? taken(`${wish.host}:${remembered}`, file, error) : error
        })
      const opened = await open(wish).catch((error: unknown) => {
        if (!isTaken(error)) throw error
        return open({ ...wish, port: 0 })
      })
      ports.set(listener, Number(new URL(opened.url).port))
      saved = saved.then(save)
      try {
        await saved
      } catch (error) {
        // Nobody else knows of it yet: what listens would keep this process from ending.
        await opened.close()
        throw error
      }
      return opened
    },
  }
}

/** The port that a listener had, for who only asks; undefined where it has never been opened. @throws {Failure} where the file is damaged. */
export async function portOf(data: string, listener: string): Promise<number | undefined> {
  return new Map(await readRemembered(join(data, 'ports.json'))).get(listener)
}

async function readRemembered(file: string): Promise<readonly (readonly [string, number])[]> {
  let value: unknown
  try {
    value = JSON.parse(await readFile(file, 'utf8'))
  } catch (error) {
    if (error instanceof SyntaxError) throw damaged(file)
    // Not there yet; every other fault of the directory is the authority's to tell.
    if (error instanceof Error && 'syscall' in error) return []
    throw error
  }
  if (typeof value !== 'object' || value === null) throw damaged(file)
  return Object.entries(value).map(([listener, port]: [string, unknown]) => {
    if (typeof port !== 'number' || !Number.isInteger(port) || port < 1 || port > 65_535) throw damaged(file)
    return [listener, port] as const
  })
}

function damaged(file: string): Failure {
  return new Failure(EXIT.input, `${file} does not hold ports`, {
    code: 'ERR_CLI_PORTS',
    next: 'delete it; ports are then chosen anew',
  })
}

/** Addresses were handed out: a person decides that they move, not a restart. */
function taken(address: string, file: string, cause: unknown): Failure {
  return new Failure(EXIT.unreachable, `${address}, where this house was before, is taken by another process`, {
    code: 'ERR_CLI_PORT_TAKEN',
    next: `stop that process; or delete ${file} to choose ports anew, which whoever enrolled before does not know`,
    cause,
  })
}

/** A listener tells it by itself or as the cause of its own error. */
function isTaken(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  return ('code' in error && error.code === 'EADDRINUSE') || isTaken(error.cause)
}
