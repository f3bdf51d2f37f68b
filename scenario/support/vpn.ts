// A house with a door for VPN in a network of its own, a network behind it, and stock clients of OpenVPN, each in its own.
import { type ChildProcess, execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { needs, programPath } from '../../interop/peer.ts'
import { cable, type Namespace, needsTun, openNamespace, withNamespaces } from '../../tools/testing/namespaces.ts'
import { inviteNow } from './administer.ts'
import { bankOf, invitationOf } from './customer.ts'
import { type RunningHouse, startHouse } from './house.ts'
import { type PartyFiles, partyFiles } from './peers.ts'

/** The options of every test of it. */
export const withVpn: { readonly skip?: string } = {
  ...withNamespaces,
  ...needs('openvpn', 'openvpn'),
  ...needs('nft', 'nftables'),
  ...needs('ping', 'iputils-ping'),
  ...needs('oathtool', 'oathtool'),
  ...needs('ps', 'procps'),
}

/** Behind the door: one host of each network. */
export const OFFICE = '10.1.0.2'
export const VAULT = '10.2.0.2'
/** Among the files of the house. */
export const ACCESS_LOG = 'access.jsonl'
const GATE = '10.99.0.1'
const PATIENCE_MS = 15_000

export interface VpnHouse extends AsyncDisposable {
  readonly house: RunningHouse
  readonly place: Namespace
  readonly behind: Namespace
  readonly scratch: string
  readonly remote: string
  readonly port: number
  /** What its configuration says. */
  readonly config: object
  /** A network of a client's own, joined to that of the house. */
  client(): Promise<Namespace>
}

/** What a house for these tests says; `door` in place of what the door says. */
export interface VpnHouseOptions {
  readonly policy: string
  readonly parties: object
  readonly door?: object
  /** Doors beside it, once there is a network for what stands behind them. */
  readonly doors?: readonly object[] | ((place: Namespace) => Promise<readonly object[]>)
}

export async function startVpnHouse({ policy, parties, door, doors }: VpnHouseOptions): Promise<VpnHouse> {
  needsTun()
  await using opened = new AsyncDisposableStack()
  const scratch = await mkdtemp(join(tmpdir(), 'countersign-vpn-test-'))
  opened.defer(() => rm(scratch, { recursive: true, force: true }))
  const place = opened.use(await openNamespace())
  const behind = opened.use(await openNamespace())
  place.sh(`ip link add outside type bridge; ip addr add ${GATE}/24 dev outside; ip link set outside up`)
  cable(place, ['inside', '10.1.0.1/16'], behind, ['office', `${OFFICE}/16`])
  place.sh('ip addr add 10.2.0.1/16 dev inside; echo 1 > /proc/sys/net/ipv4/ip_forward')
  behind.sh(`ip addr add ${VAULT}/16 dev office; ip route add default via 10.1.0.1`)
  await writeFile(join(scratch, 'policy.yaml'), policy)
  const config = {
    authority: { listen: '127.0.0.1:0' },
    accessLog: ACCESS_LOG,
    policy: join(scratch, 'policy.yaml'),
    parties,
    doors: [
      ...(typeof doors === 'function' ? await doors(place) : (doors ?? [])),
      {
        ...{ name: 'office', kind: 'vpn', host: ['vpn.acme.example', GATE], listen: `${GATE}:0` },
        network: '10.8.0.0/24',
        routes: [
          { network: '10.1.0.0/16', who: true },
          { network: '10.2.0.0/16', who: 'vault' },
        ],
        ...door,
      },
    ],
  }
  const house = opened.use(await startHouse({ within: place.within, config }))
  const url = house.ready.doors.find(({ name }) => name === 'office')?.url ?? ''
  let clients = 0
  const owned = opened.move()
  return {
    ...{ house, place, behind, scratch, config, remote: GATE, port: Number(new URL(url).port) },
    async client() {
      const namespace = owned.use(await openNamespace())
      const number = ++clients
      place.sh(
        `ip link add c${number} type veth peer name eth0 netns ${namespace.pid}; ip link set c${number} master outside up`,
      )
      namespace.sh(`ip addr add 10.99.0.${number + 1}/24 dev eth0; ip link set eth0 up`)
      return namespace
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** Enrolls parties, all at once. */
export async function enrolledAll(
  { house }: VpnHouse,
  names: readonly string[],
): Promise<(name: string) => PartyFiles> {
  const files = new Map<string, PartyFiles>()
  await Promise.all(
    names.map(async (name) => {
      const directory = join(house.directory, 'parties', name)
      const done = await house.run(['enroll', await inviteNow(house, name), '--out', directory])
      if (done.code !== 0) throw new Error(`enroll ${name}: ${done.stderr}`)
      files.set(name, partyFiles(directory))
    }),
  )
  return (name) => {
    const found = files.get(name)
    if (found === undefined) throw new Error(`${name} is not enrolled`)
    return found
  }
}

/** A client's configuration by the files of a party. */
export function clientLines(vpn: VpnHouse, files: PartyFiles, more: readonly string[] = []): readonly string[] {
  return [
    ...['client', 'dev tun', 'proto udp4', `remote ${vpn.remote} ${vpn.port}`, 'nobind', 'disable-dco'],
    ...['remote-cert-tls server', 'verify-x509-name door/office name', 'connect-retry 1 1'],
    ...[`ca ${files.trust}`, `cert ${files.certificate}`, `key ${files.key}`, 'verb 3', ...more],
  ]
}

/** A stock client that runs. */
export interface VpnClient extends AsyncDisposable {
  readonly process: ChildProcess
  said(): string
  /** Waits for a line. @throws {Error} where it ends, or too much time passes, without it. */
  says(pattern: RegExp, timeoutMs?: number): Promise<RegExpExecArray>
  /** Waits until it has ended, and answers its exit code. */
  ended(): Promise<number | null>
}

export async function startClient(
  at: Namespace,
  lines: readonly string[],
  args: readonly string[] = [],
): Promise<VpnClient> {
  const process = at.spawn('openvpn', ['--config', 'stdin', ...args])
  process.stdin?.end(`${lines.join('\n')}\n`)
  let said = ''
  const looks = new Set<() => void>()
  const closed = once(process, 'close').then(() => {
    for (const look of [...looks]) look()
  })
  for (const stream of [process.stdout, process.stderr])
    stream?.setEncoding('utf8').on('data', (more: string) => {
      said += more
      for (const look of [...looks]) look()
    })
  return {
    process,
    said: () => said,
    says(pattern, timeoutMs = PATIENCE_MS) {
      const { promise, resolve, reject } = Promise.withResolvers<RegExpExecArray>()
      const look = () => {
        const found = pattern.exec(said)
        if (found) resolve(found)
        else if (process.exitCode !== null || process.signalCode !== null)
          reject(new Error(`the client ended without ${pattern}: ${said}`))
      }
      const timer = setTimeout(() => reject(new Error(`no ${pattern} in ${timeoutMs} ms: ${said}`)), timeoutMs)
      looks.add(look)
      look()
      return promise.finally(() => {
        clearTimeout(timer)
        looks.delete(look)
      })
    },
    async ended() {
      await closed
      return process.exitCode
    },
    async [Symbol.asyncDispose]() {
      if (process.exitCode === null && process.signalCode === null) process.kill('SIGKILL')
      await closed
    },
  }
}

/** Whether a packet comes back within the time; five of them go out in a second. */
export async function reaches(from: Namespace, address: string, seconds = 10): Promise<boolean> {
  const ping = from.spawn('ping', ['-n', '-c', '1', '-i', '0.2', '-w', String(seconds), address], { stdio: 'ignore' })
  const [code] = (await once(ping, 'close')) as [number | null]
  return code === 0
}

/** Sends packets there, five in a second, until it is ended. */
export function keepsSending(from: Namespace, address: string): ChildProcess {
  return from.spawn('ping', ['-n', '-i', '0.2', address], { stdio: 'ignore' })
}

/** How many go there and back in a second, as fast as they come back. @throws {Error} where they do not. */
export async function floods(from: Namespace, address: string, packets: number): Promise<number> {
  const began = performance.now()
  const ping = from.spawn('ping', ['-n', '-q', '-f', '-c', String(packets), address], { stdio: 'ignore' })
  const [code] = (await once(ping, 'close')) as [number | null]
  if (code !== 0) throw new Error(`ping ended with ${code}`)
  return (packets / (performance.now() - began)) * 1_000
}

/** That none does. */
export async function reachesNot(from: Namespace, address: string): Promise<boolean> {
  return !(await reaches(from, address, 1))
}

/** The process of the engine: the house's own child. */
export function engineOf({ house }: VpnHouse): number {
  const args = ['--ppid', String(house.ready.pid), '-o', 'pid=,comm=']
  const said = execFileSync(programPath('ps'), args, { encoding: 'utf8' })
  const [, pid] = /(\d+) openvpn/.exec(said) ?? []
  if (pid === undefined) throw new Error(`no engine runs: ${said}`)
  return Number(pid)
}

/** An account at the web door `bank` of the same house, by which its owner connects. */
export interface Account {
  readonly account: string
  readonly password: string
  /** Base32. */
  readonly totpSecret: string
}

/** Invites somebody, who opens an account. */
export async function accountOf({ house, place }: VpnHouse, account: string): Promise<Account> {
  const { authority, trust } = await bankOf(house)
  const invitation = await invitationOf(house, account)
  const file = fileURLToPath(new URL('set-up-account.ts', import.meta.url))
  const args = ['-C', 'source', file, authority, house.ready.trust, account, invitation]
  const child = place.spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const said = child.stdout ? await text(child.stdout) : ''
  if (trust === '' || said === '') throw new Error(`no account of ${account}`)
  return { account, ...(JSON.parse(said) as Omit<Account, 'account'>) }
}

/** What an app shows now: oathtool. */
export function codeNow({ totpSecret }: Account): string {
  return codesOf(totpSecret)[0] ?? ''
}

/** What it shows next, which counts already: for whoever has used the one of now. */
export function nextCode({ totpSecret }: Account): string {
  return codesOf(totpSecret)[1] ?? ''
}

function codesOf(totpSecret: string): readonly string[] {
  const args = ['--totp', '--base32', '--window', '1', totpSecret]
  return execFileSync(programPath('oathtool'), args, { encoding: 'utf8' }).trim().split('\n')
}

/** A client that asks its user over its management socket, as graphical ones do. */
export interface AskingClient extends VpnClient {
  /** Waits until it asks for name, password and code, and answers. */
  answers(credentials: { readonly account: string; readonly password: string; readonly code?: string }): Promise<void>
  /** What it was told on the socket so far. */
  told(): string
}

let sockets = 0

/** Starts one. */
export async function startAsking(vpn: VpnHouse, at: Namespace, lines: readonly string[]): Promise<AskingClient> {
  const path = join(vpn.scratch, `client-${++sockets}`)
  const asked = Promise.withResolvers<Socket>()
  const listener = createServer((socket) => asked.resolve(socket)).listen(path)
  await once(listener, 'listening')
  const client = await startClient(at, [
    ...lines,
    ...[`management ${path} unix`, 'management-client', 'management-query-passwords', 'management-hold'],
  ])
  const socket = await asked.promise
  let said = ''
  let seen = 0
  const looks = new Set<() => void>()
  socket.setEncoding('utf8').on('data', (more: string) => {
    said += more
    for (const look of [...looks]) look()
  })
  socket.on('error', () => socket.destroy())
  socket.write('hold off\nhold release\n')
  return {
    ...client,
    told: () => said,
    async answers({ account, password, code }) {
      const { promise, resolve } = Promise.withResolvers<void>()
      const look = () => {
        const at = said.indexOf(">PASSWORD:Need 'Auth'", seen)
        if (at < 0) return
        seen = at + 1
        looks.delete(look)
        resolve()
      }
      looks.add(look)
      look()
      await promise
      const base64 = (one: string) => Buffer.from(one).toString('base64')
      const given = code === undefined ? password : `SCRV1:${base64(password)}:${base64(code)}`
      socket.write(`username "Auth" "${account}"\npassword "Auth" "${given}"\n`)
    },
    async [Symbol.asyncDispose]() {
      await client[Symbol.asyncDispose]()
      socket.destroy()
      listener.close()
    },
  }
}

/** Packets there and back, fifty a second. */
export interface Pings extends AsyncDisposable {
  /** Waits for the first answer. */
  begins(): Promise<void>
  /** Ends it, and answers when the last answer came, epoch milliseconds. */
  last(): Promise<number>
}

/** Starts them. */
export function startPings(from: Namespace, address: string): Pings {
  const child: ChildProcess = from.spawn('ping', ['-n', '-D', '-i', '0.02', address])
  const closed = once(child, 'close')
  let said = ''
  const first = Promise.withResolvers<void>()
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    said += text
    if (said.includes('bytes from')) first.resolve()
  })
  void closed.then(() => first.reject(new Error(`no answer: ${said}`)))
  first.promise.catch(() => undefined)
  return {
    begins: () => first.promise,
    async last() {
      child.kill('SIGINT')
      await closed
      const [, seconds] = [...said.matchAll(/^\[(\d+\.\d+)\] \d+ bytes from/gm)].at(-1) ?? []
      return Number(seconds) * 1_000
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await closed
    },
  }
}
