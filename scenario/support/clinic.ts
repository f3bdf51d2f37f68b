// A house whose doors and parties a doctor is sent to, and what an examination must find.
import assert from 'node:assert/strict'
import { chmodSync, cpSync } from 'node:fs'
import { join } from 'node:path'
import { type BrokenDoor, opensslServer } from './broken-doors.ts'
import { type RunningHouse, startHouse } from './house.ts'
import { mint } from './mint.ts'
import { enrolled, type PartyFiles } from './peers.ts'

/** What is expected of the JSON. */
export interface Expected {
  readonly exit: 0 | 1 | 3 | 4
  /** Of the trouble; absent where all is well. */
  readonly area?: string
  readonly code?: string | RegExp
  readonly text?: RegExp
  readonly command?: RegExp
  readonly by?: string
}

/** The parts of the JSON that tests look at. */
export interface Found {
  readonly well: boolean
  readonly checks: readonly {
    readonly area: string
    readonly outcome: string
    readonly text: string
    readonly more?: readonly string[]
  }[]
  readonly trouble?: { readonly area: string; readonly code?: string; readonly text: string }
  readonly mend?: { readonly text: string; readonly command?: string; readonly by: string }
  readonly certificates: readonly { readonly subject: string }[]
  readonly anchors?: { readonly ours: readonly string[]; readonly theirs?: readonly string[] }
  readonly clock: Readonly<Record<'door' | 'authority', { readonly aheadMs: number; readonly withinMs: number }>>
  readonly meeting?: { readonly outcome: { readonly ok: boolean } }
}

export interface Clinic extends AsyncDisposable {
  readonly house: RunningHouse
  /** Its door's address by name. */
  readonly own: string
  path(name: string): string
  /** Notes a door, which goes with the clinic; answers its address. */
  opened(door: Promise<BrokenDoor> | BrokenDoor): Promise<string>
  /** Asks, and holds the answer against what is expected. */
  assertFound(
    address: string,
    args: readonly string[],
    expected: Expected,
    env?: Readonly<Record<string, string>>,
  ): Promise<Found>
  /** A copy of alice's directory that `change` breaks; answers its name. */
  brokenCopy(name: string, change: (directory: string) => void): string
  /** A server's files, signed by the house's own issuer. */
  serverFiles(more?: Partial<Parameters<typeof mint>[1]>): Promise<PartyFiles>
  /** OpenSSL's server with these files, and the issuer behind them as it should be. */
  withChain(files: Pick<PartyFiles, 'certificate' | 'key'>, ...more: string[]): Promise<BrokenDoor>
}

/** Opens a house with alice and rita, who may come in (rita is revoked), and bob, who may not. */
export async function openClinic(): Promise<Clinic> {
  const listen = '127.0.0.1:0'
  const house = await startHouse({
    config: {
      authority: { name: 'authority.localhost', domain: 'house.localhost', organization: 'Test', listen },
      doors: [
        {
          name: 'hello',
          kind: 'web',
          host: ['hello.localhost', '127.0.0.1'],
          listen,
          upstream: 'demo',
          allow: ['alice', 'rita'],
        },
      ],
    },
  })
  const doors: BrokenDoor[] = []
  const path = (name: string) => join(house.directory, name)
  for (const party of ['alice', 'bob', 'rita'])
    cpSync((await enrolled(house, party)).directory, path(party), { recursive: true })
  assert.equal((await house.run(['revoke', 'rita'])).code, 0)
  return {
    house,
    own: `hello.localhost:${new URL(house.ready.doors[0]?.url ?? '').port}`,
    path,
    async opened(door) {
      const known = await door
      doors.push(known)
      return `hello.localhost:${known.port}`
    },
    async assertFound(address, args, expected, env = {}) {
      const { code, stdout, stderr } = await house.run(['doctor', address, ...args, '--json'], { env })
      assert.equal(code, expected.exit, stdout + stderr)
      // Our own command's output, whose parts are held against what is expected.
      const found = JSON.parse(stdout) as Found
      assert.equal(found.trouble?.area, expected.area, stdout)
      assert.equal(found.well, expected.area === undefined)
      if (expected.code !== undefined) assert.match(found.trouble?.code ?? '', new RegExp(expected.code))
      if (expected.text !== undefined) assert.match(found.trouble?.text ?? '', expected.text)
      if (expected.by !== undefined) assert.equal(found.mend?.by, expected.by)
      if (expected.command !== undefined) assert.match(found.mend?.command ?? '', expected.command)
      // Whatever is wrong, it says what to do.
      if (expected.area !== undefined) assert.ok((found.mend?.text.length ?? 0) > 5, stdout)
      return found
    },
    brokenCopy(name, change) {
      cpSync(path('alice'), path(name), { recursive: true })
      chmodSync(path(name), 0o700)
      change(path(name))
      return name
    },
    serverFiles: (more = {}) =>
      mint(house, { party: 'door', purposes: ['serverAuth'], hosts: ['hello.localhost'], ...more }),
    withChain: (files, ...more) =>
      opensslServer(files, '-cert_chain', join(house.data, 'authority', 'issuing.pem'), ...more),
    async [Symbol.asyncDispose]() {
      for (const door of doors) await door.close()
      await house[Symbol.asyncDispose]()
    },
  }
}

/** A validity around now, or not. */
export function hoursAgo(from: number, to: number) {
  const now = Temporal.Now.instant().round('second')
  return { notBefore: now.subtract({ hours: from }), notAfter: now.subtract({ hours: to }) }
}
