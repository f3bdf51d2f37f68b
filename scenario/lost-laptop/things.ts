// What somebody has open at each door, by programs that know nothing of Countersign: each opens once, is watched, and tries again.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { request } from 'node:https'
import { createInterface } from 'node:readline'
import { text as textOf } from 'node:stream/consumers'
import mqtt, { type IClientOptions } from 'mqtt'
import { WebSocket } from 'ws'
import { programPath } from '../../interop/peer.ts'
import { type NetworkCustomer, openLine, setUpOver, signInOver } from '../support/customer.ts'
import { type PartyFiles, partyFiles, runProgram } from '../support/peers.ts'
import { sshArguments } from '../support/sshd.ts'
import { HOST, type Laptop, type Return, type Thing } from './model.ts'
import { openRelay, type Place, type Relay } from './relay.ts'

/** Something that is open. */
export interface Open {
  readonly relay: Pick<Relay, 'lastOctetAt'>
  /** Resolves with how it ended, as its program says it. */
  readonly ended: Promise<string>
  /** Whether the door lets it in once more, and in which words not. */
  again(): Promise<Omit<Return, 'thing'>>
}

/** What each needs of its laptop. */
interface Around {
  readonly laptop: Laptop
  readonly files: PartyFiles
  /** Of a door, over a relay of this thing's own. */
  place(door: string): Promise<Relay>
}

/** Opens one. What it opens goes with the process. @throws {Error} (rejects) where it does not open. */
export function openThing(thing: Thing, laptop: Laptop): Promise<Open> {
  const at = (door: string): Place => laptop.doors[door] ?? missing(door)
  const place: Around['place'] = (door) => openRelay(at(door))
  return OPENS[thing]({ laptop, files: partyFiles(laptop.identity), place })
}

function missing(door: string): never {
  throw new Error(`there is no door ${door}`)
}

const OFTEN_MS = 5

const OPENS: Readonly<Record<Thing, (around: Around) => Promise<Open>>> = {
  async download({ files, place }) {
    const relay = await place('files')
    const get = (path: string) => ask(files, relay.port, 'files.localhost', path)
    return downloading(relay, get)
  },

  async WebSocket({ files, place }) {
    const relay = await place('files')
    const dial = () =>
      new WebSocket(`wss://127.0.0.1:${relay.port}/ws`, {
        ...secretsOf(files),
        ...{ servername: 'files.localhost', headers: { Host: 'files.localhost' } },
      })
    const socket = dial()
    await once(socket, 'open')
    const talk = setInterval(() => socket.send('tick'), OFTEN_MS)
    return {
      relay,
      ended: new Promise((resolve) => {
        socket.on('error', () => undefined)
        socket.on('close', (code) => {
          clearInterval(talk)
          resolve(`closed ${code}`)
        })
      }),
      again: () =>
        inWords(async () => {
          const again = dial()
          again.on('error', () => undefined)
          const [kind, answer] = await Promise.race([
            once(again, 'open').then(() => ['open', undefined] as const),
            once(again, 'unexpected-response').then(([, came]) => ['refused', came as IncomingMessage] as const),
          ])
          if (kind === 'open') again.terminate()
          return answer
        }),
    }
  },

  async psql({ files, place }) {
    const relay = await place('db')
    const args = (query: string) => [
      ...['--no-psqlrc', '--tuples-only', '--no-align', '--command', query],
      `host=db.localhost hostaddr=127.0.0.1 port=${relay.port} user=postgres dbname=postgres sslmode=verify-full sslrootcert=${files.trust} sslcert=${files.certificate} sslkey=${files.key}`,
    ]
    const ticks = `copy (select repeat('x', 9000), pg_sleep(${OFTEN_MS / 1000}) from generate_series(1, 1000000)) to stdout`
    const child = started('psql', args(ticks), { HOME: '/nonexistent' })
    return {
      relay,
      ended: endOf(child),
      async again() {
        const { code, stderr } = await runProgram('psql', args('select 1'), { env: { HOME: '/nonexistent' } })
        return { isIn: code === 0, words: stderr }
      },
    }
  },

  async subscription({ laptop, files, place }) {
    const relay = await place('devices')
    const options: IClientOptions = {
      ...secretsOf(files),
      ...{ clientId: laptop.party, protocolVersion: 5, reconnectPeriod: 0 },
    }
    const client = await mqtt.connectAsync(`mqtts://127.0.0.1:${relay.port}`, options)
    client.on('error', () => undefined)
    await client.subscribeAsync('news/#')
    return {
      relay,
      ended: new Promise((resolve) => client.on('close', () => resolve('closed'))),
      async again() {
        const again = mqtt.connect(`mqtts://127.0.0.1:${relay.port}`, options)
        const { promise, resolve } = Promise.withResolvers<Omit<Return, 'thing'>>()
        again.on('packetreceive', (packet) => {
          if (packet.cmd !== 'connack') return
          resolve({ isIn: packet.reasonCode === 0, words: packet.properties?.reasonString ?? '' })
        })
        again.on('error', ({ message }) => resolve({ isIn: false, words: message }))
        const came = await promise
        again.end(true)
        return came
      },
    }
  },

  async bank({ laptop, files, place }) {
    const relay = await place('bank')
    const bank = { authority: `bank.localhost:${relay.port}`, trust: readFileSync(files.trust, 'utf8') }
    const line = await openLine(bank)
    const invitation = new URL(laptop.invitation).hash.slice(1)
    const customer: NetworkCustomer = await setUpOver(line, { account: laptop.party, invitation })
    await signInOver(customer)
    const load = (path: string) =>
      ask({ trust: files.trust }, relay.port, 'bank.localhost', path, { Cookie: line.cookie ?? '' })
    return downloading(relay, load)
  },

  async ping({ laptop }) {
    let lastAt = 0
    const connect = () => started('openvpn', ['--config', 'stdin'], {}, `${laptop.vpn.join('\n')}\n`)
    const client = connect()
    await saidBy(client, /Initialization Sequence Completed/)
    const ping = started('ping', ['-n', '-D', '-i', '0.01', laptop.behind])
    if (ping.stdout)
      createInterface({ input: ping.stdout }).on('line', (text) => {
        const [, at] = /^\[(\d+\.\d+)\] \d+ bytes from /.exec(text) ?? []
        if (at !== undefined) lastAt = Number(at) * 1000
      })
    return {
      relay: { lastOctetAt: () => lastAt },
      ended: endOf(client),
      async again() {
        const again = connect()
        const [line] = await saidBy(again, /AUTH_FAILED,.*|Initialization Sequence Completed/)
        again.kill()
        return { isIn: line.startsWith('Init'), words: line }
      },
    }
  },

  async shell({ laptop, place }) {
    const relay = await place('host')
    const args = (command: string) => [
      ...sshArguments(laptop.ssh, 'deploy', relay.port, laptop.knownHosts, HOST),
      command,
    ]
    const child = started('ssh', args(`while echo tick; do sleep ${OFTEN_MS / 1000}; done`))
    await once(child.stdout ?? missing('stdout'), 'data')
    return {
      relay,
      ended: endOf(child),
      async again() {
        const { code, stderr } = await runProgram('ssh', args('true'))
        return { isIn: code === 0, words: stderr }
      },
    }
  },
}

/** What comes without an end, until it is cut. @throws {Error} (rejects) where nothing comes. */
async function downloading(relay: Relay, get: (path: string) => Promise<IncomingMessage>): Promise<Open> {
  const answer = await get('/download')
  if (answer.statusCode !== 200) throw new Error(`${answer.statusCode}: ${await textOf(answer)}`)
  return {
    relay,
    ended: new Promise((resolve) => {
      answer.on('error', ({ message }) => resolve(message)).on('end', () => resolve('it is whole'))
      answer.resume()
    }),
    again: () => inWords(() => get('/')),
  }
}

function secretsOf({ key, certificate, trust }: PartyFiles) {
  return { key: readFileSync(key), cert: readFileSync(certificate), ca: readFileSync(trust) }
}

/** One request on a connection of its own; resolves with the head of its answer. */
async function ask(
  files: PartyFiles | Pick<PartyFiles, 'trust'>,
  port: number,
  name: string,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<IncomingMessage> {
  const identity = 'key' in files ? secretsOf(files) : { ca: readFileSync(files.trust) }
  const sent = request({
    ...{ ...identity, agent: false, host: '127.0.0.1', port, servername: name, path },
    headers: { Host: name, Accept: 'application/json', ...headers },
  })
  sent.end()
  const [answer] = (await once(sent, 'response')) as [IncomingMessage]
  return answer
}

/** The words of an answer of HTTP; none is one that opened. */
async function inWords(asking: () => Promise<IncomingMessage | undefined>): Promise<Omit<Return, 'thing'>> {
  try {
    const answer = await asking()
    if (answer === undefined) return { isIn: true, words: '' }
    const words = await textOf(answer)
    return { isIn: (answer.statusCode ?? 0) < 400, words }
  } catch (error) {
    return { isIn: false, words: String(error) }
  }
}

/** A program that runs on; what it says is in its streams. */
function started(program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}, input?: string): ChildProcess {
  const child = spawn(programPath(program), args, { stdio: 'pipe', env: { ...process.env, ...env } })
  child.stdin?.on('error', () => undefined) // It ended before it had read: its end says so.
  child.stdin?.end(input)
  child.stdout?.resume()
  process.on('exit', () => child.kill('SIGKILL'))
  return child
}

/** The last words of a program that has ended. */
function endOf(child: ChildProcess): Promise<string> {
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (octets: Buffer) => {
      said = (said + octets.toString()).slice(-2_000)
    })
  return once(child, 'close').then(() => said)
}

/** Waits until a program has said so. @throws {Error} (rejects) where it ends before. */
function saidBy(child: ChildProcess, pattern: RegExp): Promise<RegExpExecArray> {
  const { promise, resolve, reject } = Promise.withResolvers<RegExpExecArray>()
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (octets: Buffer) => {
      said += octets.toString()
      const found = pattern.exec(said)
      if (found) resolve(found)
    })
  child.on('close', () => reject(new Error(`it ended without ${pattern}: ${said}`)))
  return promise
}
