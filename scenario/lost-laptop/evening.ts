// The evening of the lost laptop: its owner has something open at every door, and so has a colleague; then one command.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { readReceipt } from '@countersign/protocol'
import { programPath } from '../../interop/peer.ts'
import { type Postgresql, startPostgresql } from '../../interop/postgresql.ts'
import { type Mosquitto, startMosquitto } from '../../tools/testing/mosquitto.ts'
import type { Namespace } from '../../tools/testing/namespaces.ts'
import type { RunningHouse } from '../support/house.ts'
import { enrolled, type PartyFiles, partyFiles, runProgram } from '../support/peers.ts'
import { makeSshKey, startSshd } from '../support/sshd.ts'
import { clientLines, OFFICE, startVpnHouse, type VpnHouse } from '../support/vpn.ts'
import { type Ask, HOST, type Laptop, type Return, type Say, type Standing, type Thing } from './model.ts'
import type { Place } from './relay.ts'

/** One thing of the owner's, as both sides have it. Milliseconds are after the word of the authority; what is before it is negative. */
export interface Cut {
  readonly thing: Thing
  /** Of the last octet, or packet, by the relay on the side of the client. */
  readonly lastMs: number
  /** How its program ended; absent where it runs on. */
  readonly ended?: string
}

/** A session that is to be cut, or was. */
export interface NamedCut {
  readonly door: string
  readonly party: string
  readonly reference: string
  /** Of the last octet, as the door says it. */
  readonly lastMs: number
}

/** What came of an evening. */
export interface Evening {
  readonly party: string
  /** What the command prints before, where it is only asked. */
  readonly foreseen: string
  readonly receipt: { readonly cuts: readonly NamedCut[]; readonly unconfirmed: readonly string[] }
  readonly owner: readonly Cut[]
  /** At the end. */
  readonly colleague: readonly Standing[]
  /** Epoch milliseconds of the word of the authority. */
  readonly at: number
  readonly returns: readonly Return[]
}

/** Everything that stands before an evening begins. */
export interface Scene extends AsyncDisposable {
  readonly house: RunningHouse
  /** What sshd has logged. */
  hostLog(): string
  /** Opens all of `things` for an owner and a colleague; revokes the owner; answers what came of it. */
  play(things: readonly Thing[], tell?: (line: string) => void): Promise<Evening>
  /** A letter that a party signs now, as whoever has its key can, and what the colleague is told of it. */
  letterOf(party: string): Promise<{ readonly state: string; readonly code?: string }>
}

export const COLLEAGUE = 'colleague'
/** As many evenings can be played at one house, each with people of its own. */
const EVENINGS = 20
const nameOf = (name: string, evening: number): string => (evening === 0 ? name : `${name}-${evening + 1}`)

const POLICY = `
meet:
  - rule: staff
    who: group:staff
    what: service:files | service:db | service:devices | service:office | service:host
  - rule: customers
    who: group:staff
    what: service:bank
    proof: [password, totp]
`
const PUBLISHES_EACH_MS = 5
/** Until nothing more can come. */
const AFTER_MS = 1_500
const PATIENCE_MS = 60_000

/** Opens the house, what stands behind its doors, and the networks. */
export async function openScene(): Promise<Scene> {
  await using stack = new AsyncDisposableStack()
  const broker = stack.use(await startMosquitto())
  const database = stack.use(await startPostgresql())
  const staff = { kind: 'person', labels: ['group:staff'] }
  const all = Array.from({ length: EVENINGS }, (_, i) => ['owner', COLLEAGUE].map((name) => nameOf(name, i))).flat()
  const parties = Object.fromEntries(all.map((name) => [name, staff]))
  const scratch = await mkdtemp(join(tmpdir(), 'countersign-evening-'))
  stack.defer(() => rm(scratch, { recursive: true, force: true }))
  const behind = { broker, database, scratch }
  const vpn = stack.use(
    await startVpnHouse({
      policy: POLICY,
      parties,
      doors: async (place) => doorsOf(behind, await serve(place, stack)),
    }),
  )
  const { house } = vpn
  stack.use(publishing(broker))
  const host = await openHost(vpn, scratch, stack)
  let evenings = 0
  const people: Record<string, PartyFiles> = {}
  const identityOf = async (party: string) =>
    (people[party] ??= await enrolled(house, party, ['--profile', 'person', '--san', `email:${party}@acme.example`]))
  const kept = stack.move()
  return {
    house,
    hostLog: host.log,
    async play(things, tell = () => undefined) {
      const number = evenings++
      assert.ok(number < EVENINGS, 'nobody is left')
      const owner = nameOf('owner', number)
      await using evening = new AsyncDisposableStack()
      const open = async (party: string) => {
        const laptop = evening.use(await openLaptop(vpn, host, { party, files: await identityOf(party), things }))
        tell(`${party} has open: ${things.join(', ')}`)
        return laptop
      }
      const [theirs, colleagues] = [await open(owner), await open(nameOf(COLLEAGUE, number))]
      const revoke = ['revoke', owner, '--reason', 'keyCompromise']
      const foreseen = (await ran(house, [...revoke, '--dry-run'])).stdout
      tell(foreseen)
      tell(`$ countersign ${revoke.join(' ')}`)
      const receipt = readReceipt(JSON.parse((await ran(house, [...revoke, '--json'])).stdout))
      const at = receipt.at.epochMilliseconds
      await delay(AFTER_MS)
      const owners = (await theirs.ask('standing')).map(({ thing, lastAt, ended }) => ({
        ...{ thing, lastMs: lastAt - at },
        ...(ended !== undefined && { ended }),
      }))
      const returns = await theirs.tryAgain()
      return {
        ...{ party: owner, foreseen, at, owner: owners, returns },
        receipt: {
          unconfirmed: receipt.unconfirmed,
          cuts: receipt.cuts.map(({ door, party = '', reference, lastOctetAt }) => ({
            ...{ door, party, reference },
            lastMs: lastOctetAt.epochMilliseconds - at,
          })),
        },
        colleague: await colleagues.ask('standing'),
      }
    },
    async letterOf(party) {
      const { key, certificate } = partyFiles((await identityOf(party)).directory)
      const [letter, issuers] = ['eml', 'pem'].map((kind) => join(vpn.scratch, `${party}.${kind}`)) as [string, string]
      const [, ...above] = (await readFile(certificate, 'utf8')).split(/(?=-----BEGIN)/)
      await writeFile(issuers, above.join(''))
      const sign = [
        'cms',
        '-sign',
        '-crlfeol',
        '-signer',
        certificate,
        '-certfile',
        issuers,
        '-inkey',
        key,
        '-out',
        letter,
      ]
      const head = ['-from', `${party}@acme.example`, '-to', `${COLLEAGUE}@acme.example`, '-subject', 'the vault']
      const signed = await runProgram('openssl', [...sign, ...head], {
        input: 'Content-Type: text/plain\r\n\r\nPlease open it.\r\n',
      })
      assert.equal(signed.code, 0, signed.stderr)
      // OpenSSL ends lines of base64 with LF alone: whoever sends its file by SMTP makes them CRLF.
      await writeFile(letter, (await readFile(letter, 'latin1')).replaceAll(/\r?\n/g, '\r\n'), 'latin1')
      const { directory } = await identityOf(COLLEAGUE)
      const opened = await house.run(['mail', 'open', letter, '--identity', directory, '--json'])
      return JSON.parse(opened.stdout) as { readonly state: string; readonly code?: string }
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

/** What stands behind the web doors; answers where. */
async function serve(place: Namespace, stack: AsyncDisposableStack): Promise<string> {
  const child = place.spawn(process.execPath, [fileURLToPath(new URL('service.ts', import.meta.url))], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  stack.defer(() => ending(child))
  const [port] = (await once(child.stdout ?? assert.fail(), 'data')) as [Buffer]
  return `http://127.0.0.1:${Number(port.toString())}`
}

interface Behind {
  readonly broker: Mosquitto
  readonly database: Postgresql
  readonly scratch: string
}

function doorsOf({ broker, database, scratch }: Behind, url: string): readonly object[] {
  const upstream = { url }
  const listen = '10.99.0.1:0'
  const here = '127.0.0.1'
  return [
    { name: 'files', kind: 'web', host: ['files.localhost', here], listen, upstream },
    {
      name: 'db',
      kind: 'tcp',
      host: 'db.localhost',
      listen,
      upstream: `unix:${database.socket}`,
      speaks: 'postgresql',
    },
    {
      ...{ name: 'devices', kind: 'mqtt', host: ['mqtt.localhost', here], listen, broker: `unix:${broker.path}` },
      topics: [{ filter: 'news/#', subscribe: true }],
    },
    {
      ...{ name: 'host', kind: 'ssh', host: HOST, listen: `unix:${join(scratch, 'door', 'door')}` },
      ...{ hostCertificate: join(scratch, 'host-cert.pub'), accounts: [{ account: 'deploy', who: true }] },
    },
    { name: 'bank', kind: 'web', host: 'bank.localhost', listen, upstream, assertion: 'bank', people: {} },
  ]
}

/** A host with an unmodified sshd: where it is, and who its certificate is by. */
interface Host extends Place {
  readonly knownHosts: string
  readonly log: () => string
  /** Makes a key for a party, and has it certified; answers its path. */
  keyOf(party: string, files: PartyFiles): Promise<string>
}

async function openHost(vpn: VpnHouse, scratch: string, stack: AsyncDisposableStack): Promise<Host> {
  const { house } = vpn
  const path = (name: string) => join(scratch, name)
  const hostKey = makeSshKey(path('host'))
  const { directory } = await enrolled(house, 'host/front', ['--profile', 'server', '--san', `dns:${HOST}`])
  await ran(house, ['ssh', 'enroll', '--host', '--identity', directory, '--key', hostKey])
  await writeFile(
    path('known_hosts'),
    `@cert-authority ${HOST} ${await readFile(path('door/authorities.pub'), 'utf8')}`,
  )
  const where = { address: vpn.remote, within: vpn.place.within }
  const sshd = stack.use(await startSshd({ directory: scratch, door: path('door'), hostKey, ...where }))
  return {
    ...{ host: vpn.remote, port: sshd.port, knownHosts: path('known_hosts'), log: sshd.log },
    async keyOf(party, files) {
      const key = makeSshKey(path(party))
      await ran(house, ['ssh', 'enroll', '--identity', files.directory, '--key', key])
      return key
    },
  }
}

/** What there is to hear at the broker. */
function publishing(broker: Mosquitto): AsyncDisposable {
  const child = spawn(programPath('mosquitto_pub'), ['--unix', broker.path, '-t', 'news/hour', '-l'], {
    stdio: ['pipe', 'ignore', 'inherit'],
  })
  const talk = setInterval(() => child.stdin.write('all is well\n'), PUBLISHES_EACH_MS)
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(talk)
      const gone = once(child, 'close')
      child.kill()
      await gone
    },
  }
}

async function ran(house: RunningHouse, args: readonly string[]) {
  const done = await house.run(args)
  assert.equal(done.code, 0, `${args.join(' ')}: ${done.stdout}${done.stderr}`)
  return done
}

interface OpenLaptop extends AsyncDisposable {
  ask(question: 'standing'): Promise<readonly Standing[]>
  tryAgain(): Promise<readonly Return[]>
}

/** Starts it in a network of its own, and waits until all that it has is open, and flows. */
async function openLaptop(
  vpn: VpnHouse,
  host: Host,
  { party, files, things }: { readonly party: string; readonly files: PartyFiles; readonly things: readonly Thing[] },
): Promise<OpenLaptop> {
  const { house } = vpn
  const network = await vpn.client()
  const invitation = (await ran(house, ['invite', party, '--account', 'bank'])).stdout.trim()
  const doors: Record<string, Place> = {}
  for (const { name, url } of house.ready.doors) doors[name] = { host: vpn.remote, port: Number(new URL(url).port) }
  doors['host'] = { host: host.host, port: host.port }
  const laptop: Laptop = {
    ...{ party, identity: files.directory, doors, invitation, vpn: clientLines(vpn, files), behind: OFFICE },
    ...{ ssh: await host.keyOf(party, files), knownHosts: host.knownHosts },
  }
  const child = network.spawn(process.execPath, [fileURLToPath(new URL('laptop.ts', import.meta.url))], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  child.send({ ...laptop, things })
  const close = () => ending(child)
  try {
    await heard(child, 'open')
  } catch (error) {
    await close()
    throw error
  }
  const ask = (question: Ask) => {
    child.send(question)
    return heard(child, question)
  }
  return {
    ask: async (question) => (await ask(question)).things as readonly Standing[],
    tryAgain: async () => (await ask('return')).things as readonly Return[],
    [Symbol.asyncDispose]: close,
  }
}

/** Ends a process, where it has not ended. */
async function ending(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'close')
  child.kill('SIGTERM')
  await gone
}

/** Waits for what a laptop says. @throws {Error} (rejects) where it fails, or ends. */
function heard<Word extends Say['say']>(
  child: ChildProcess,
  word: Word,
): Promise<Extract<Say, { readonly say: Word }>> {
  const { promise, resolve, reject } = Promise.withResolvers<Extract<Say, { readonly say: Word }>>()
  const timer = setTimeout(() => reject(new Error(`a laptop did not say ${word} in time`)), PATIENCE_MS)
  const listen = (said: Say) => {
    if (said.say === 'failed') reject(new Error(said.words))
    if (said.say === word) resolve(said as Extract<Say, { readonly say: Word }>)
  }
  const ended = () => reject(new Error('a laptop ended'))
  child.on('message', listen).on('exit', ended)
  return promise.finally(() => {
    clearTimeout(timer)
    child.off('message', listen).off('exit', ended)
  })
}
