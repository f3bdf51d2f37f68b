// A house that stands still, of which tests start copies, one after the other. A copy has the ports of the first.
import { cp, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type RunningHouse, startHouse } from './house.ts'

export interface StandingHouse extends AsyncDisposable {
  readonly config: object
  /** A copy in a directory of its own, which goes with it. */
  copy(): Promise<AsyncDisposable & { readonly directory: string; readonly data: string }>
}

/**
 * Makes a house with one web door that lets everybody in, lets `furnish` use it, and ends it.
 * @param octet Of 127.0.0.octet, one for each test file: remembered ports must be free at every later start, and on an
 * address that nobody else uses they are.
 */
export async function makeStandingHouse(
  octet: number,
  furnish: (house: RunningHouse) => Promise<void>,
): Promise<StandingHouse> {
  const directory = await mkdtemp(join(tmpdir(), 'countersign-standing-'))
  const remove = () => rm(directory, { recursive: true, force: true })
  // Elsewhere loopback is one address.
  const host = process.platform === 'linux' ? `127.0.0.${octet}` : '127.0.0.1'
  const listen = `${host}:0`
  const config = {
    authority: { name: 'authority.localhost', domain: 'house.localhost', organization: 'Test', listen },
    doors: [{ name: 'hello', kind: 'web', host: ['hello.localhost', host], listen, upstream: 'demo', allow: ['*'] }],
  }
  try {
    await using house = await startHouse({ directory, config })
    await furnish(house)
    await house.stop()
  } catch (error) {
    await remove()
    throw error
  }
  return {
    config,
    async copy() {
      const copied = await mkdtemp(join(tmpdir(), 'countersign-copy-'))
      await cp(directory, copied, { recursive: true })
      return {
        directory: copied,
        data: join(copied, 'countersign-data'),
        [Symbol.asyncDispose]: () => rm(copied, { recursive: true, force: true }),
      }
    },
    [Symbol.asyncDispose]: remove,
  }
}

/** Everything under `directory`: mode, and the octets of what is a file. For comparing before and after. */
export async function treeOf(directory: string): Promise<Readonly<Record<string, string>>> {
  const names = (await readdir(directory, { recursive: true })).sort()
  const entries = names.map(async (name) => {
    const path = join(directory, name)
    const status = await stat(path)
    const octets = status.isFile() ? (await readFile(path)).toBase64() : ''
    return [name, `${status.mode.toString(8)} ${octets}`] as const
  })
  return Object.fromEntries(await Promise.all(entries))
}
