// A house of ours that is attacked: real processes, two doors of each kind before a service that tells what reached it.
import { createPrivateKey, createPublicKey } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { enroll } from '@countersign/mtls'
import { type Meeting, type Reference, readMeeting } from '@countersign/protocol'
import { ALGORITHM, readCertificate, readPem } from '@countersign/x509'
import { type Holder, keysOf } from '../../interop/chains/house.ts'
import { inviteNow, revokeNow } from '../../scenario/support/administer.ts'
import { type RunningHouse, startHouse } from '../../scenario/support/house.ts'
import { partyFiles } from '../../scenario/support/peers.ts'
import type { Revocable, Target, TargetKind } from '../model.ts'
import { attackersOf } from './craft.ts'
import { startService } from './service.ts'
import { startFollower, startTwins } from './twins.ts'

/** What is attacked, and where its records are asked for. */
export interface AttackedHouse extends AsyncDisposable {
  readonly targets: readonly Target[]
  readonly records: Records
  /** Of the house. */
  readonly pid: number
  /** Its data directory. */
  readonly data: string
}

/** The operator's side of a meeting. */
export interface Records {
  /** The record of `door`, or of any where it has no name here, under a reference, as the callee saw it. */
  under(reference: Reference, door: string): Promise<Meeting | undefined>
}

/** Parties that may pass and be revoked; each is used once. */
const REVOCABLE = Array.from({ length: 40 }, (_, i) => `guest-${i}`)

/** What is attacked by no address. */
const NOBODY = { name: '', host: '127.0.0.1', port: 0, serverName: 'hello.localhost' } as const

/** Starts it. For `await using`. */
export async function startAttackedHouse(): Promise<AttackedHouse> {
  const service = await startService()
  const allow = ['alice', ...REVOCABLE]
  const common = { listen: '127.0.0.1:0', allow }
  const web = { ...common, kind: 'web', upstream: { url: `http://127.0.0.1:${service.port}` } }
  const tcp = { ...common, kind: 'tcp', upstream: `127.0.0.1:${service.port}` }
  const place = await mkdtemp(join(tmpdir(), 'countersign-attacked-'))
  const passing = ['alice', 'edge', ...REVOCABLE].map((party) => `party:${party}`).join(' | ')
  await writeFile(
    join(place, 'policy.yaml'),
    `meet:
  - {rule: callers shop, who: ${passing}, what: service:shop}
  - {rule: nobody administers, who: group:nobody, what: service:admin}
`,
  )
  const house = await startHouse({
    directory: place,
    config: {
      authority: { listen: '127.0.0.1:0' },
      policy: 'policy.yaml',
      doors: [
        { ...web, name: 'hello', host: ['hello.localhost'] },
        { ...web, name: 'hello-2', host: ['hello.localhost', 'second.localhost'] },
        {
          ...web,
          name: 'guarded',
          host: ['guarded.localhost', 'open.localhost'],
          callers: { 'open.localhost': 'none' },
          allow: ['alice', 'nobody'],
        },
        {
          ...{ ...web, name: 'shop', host: ['shop.localhost'], from: 'edge', allow: undefined },
          routes: [{ path: '/admin', service: 'admin', upstream: web.upstream }],
        },
        { ...tcp, name: 'raw', host: ['raw.localhost'] },
        { ...tcp, name: 'raw-2', host: ['raw.localhost', 'second.localhost'] },
      ],
    },
  })
  const attackers = attackersOf(house.data)
  const revocable = revocableIn(house)
  const target = (kind: TargetKind, name: string, serverName: string): Target => ({
    ...atDoor(house, name),
    kind,
    name,
    serverName,
    attackers,
    service,
    revocable,
    twins: () => startTwins(house, target(kind, name, serverName)),
    follower: (options) => startFollower(house, target(kind, name, serverName), options),
  })
  return {
    targets: [
      {
        ...target('web', 'hello', 'hello.localhost'),
        other: target('web', 'hello-2', 'second.localhost'),
        guarded: target('web', 'guarded', 'open.localhost'),
        shop: target('web', 'shop', 'shop.localhost'),
      },
      { ...target('tcp', 'raw', 'raw.localhost'), other: target('tcp', 'raw-2', 'second.localhost') },
      ...(['client', 'house'] as const).map((kind) => ({ ...NOBODY, kind, attackers })),
    ],
    records: recordsIn(house.data),
    pid: house.process.pid ?? 0,
    data: house.data,
    async [Symbol.asyncDispose]() {
      await house[Symbol.asyncDispose]()
      await rm(place, { recursive: true, force: true })
      await service[Symbol.asyncDispose]()
    },
  }
}

function atDoor({ ready }: RunningHouse, name: string): { readonly host: string; readonly port: number } {
  const { hostname, port } = new URL(ready.doors.find((door) => door.name === name)?.url ?? '')
  return { host: hostname, port: Number(port) }
}

function revocableIn(house: RunningHouse): Revocable {
  const free = [...REVOCABLE]
  return {
    async enroll() {
      const party = free.shift()
      if (party === undefined) throw new Error('every guest has been revoked')
      const directory = join(house.directory, 'parties', party)
      await enroll(await inviteNow(house, party), { directory })
      const files = partyFiles(directory)
      return {
        holder: await readHolder(files),
        async revoke() {
          await revokeNow(house, party)
        },
      }
    },
  }
}

async function readHolder(files: { readonly key: string; readonly certificate: string }): Promise<Holder> {
  const [block] = readPem(await readFile(files.certificate, 'utf8'))
  if (block === undefined) throw new Error(`${files.certificate} holds no certificate`)
  const privateKey = createPrivateKey(await readFile(files.key, 'utf8'))
  const keys = keysOf({ privateKey, publicKey: createPublicKey(privateKey) }, ALGORITHM.ecdsaWithSHA256, 'sha256')
  return { certificate: readCertificate(block.der), keys }
}

/** The records of a house whose data directory is at hand, by its administration socket. */
export function recordsIn(data: string): Records {
  const socketPath = join(data, 'admin.sock')
  return {
    async under(reference, door) {
      // A handshake is recorded when it is over; what the attacker saw may come before.
      for (let waited = 0; waited < 2_000; waited += 50) {
        const found = (await meetingsUnder(socketPath, reference)).find(
          (meeting) => meeting.seenBy === 'callee' && [meeting.door, ''].includes(door),
        )
        if (found !== undefined) return found
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
      return undefined
    },
  }
}

async function meetingsUnder(socketPath: string, reference: Reference): Promise<readonly Meeting[]> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  request({ socketPath, path: `/v1/meetings/${reference}` }, (response) => {
    let body = ''
    response.setEncoding('utf8').on('data', (text: string) => {
      body += text
    })
    response.on('end', () => resolve(response.statusCode === 200 ? body : '{"meetings":[]}'))
  })
    .on('error', reject)
    .end()
  const { meetings } = JSON.parse(await promise) as { readonly meetings: readonly unknown[] }
  return meetings.map(readMeeting)
}
