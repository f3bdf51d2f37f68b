// What flows at the device of a door, as rules of the kernel's: nothing, but between an address and the networks that its
// caller may reach. A caller is let in and cut by the elements of one set, so that neither depends on the engine.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { EngineError } from '../kind/engine-error.ts'

/** The rules of one device. */
export interface Firewall {
  /**
   * What an address may reach from now on, in place of what it might before; nothing: no packet of it or to it passes when
   * the answer comes. Changes are made in the order in which they were asked for.
   */
  set(address: string, networks: readonly string[]): Promise<void>
  close(): Promise<void>
}

/** Which device, and by which program. */
export interface FirewallOptions {
  /** The path of `nft`. */
  readonly program: string
  readonly device: string
  /** The door's own address: routers say by it what is too large or not there. */
  readonly gateway: string
}

interface Change {
  readonly commands: readonly string[]
  readonly done: PromiseWithResolvers<void>
}

/** Makes the table, in place of what a process before this one left. @throws {EngineError} (rejects) where the kernel does not take it. */
export async function openFirewall({ program, device, gateway }: FirewallOptions): Promise<Firewall> {
  const table = `inet countersign_${device.replaceAll('-', '_')}`
  await run(program, tableOf(table, device, gateway))
  const reach = new Map<string, readonly string[]>()
  let waiting: Change[] = []
  let working: Promise<void> | undefined

  /** What was asked for while the program ran is one call of it. */
  const work = async () => {
    while (waiting.length > 0) {
      const changes = waiting
      waiting = []
      try {
        await run(program, changes.flatMap(({ commands }) => commands).join('\n'))
        for (const { done } of changes) done.resolve()
      } catch (error) {
        for (const { done } of changes) done.reject(error)
      }
    }
    working = undefined
  }
  const ask = (commands: readonly string[]): Promise<void> => {
    if (commands.length === 0) return Promise.resolve()
    const done = Promise.withResolvers<void>()
    waiting.push({ commands, done })
    working ??= work()
    return done.promise
  }

  return {
    set(address, networks) {
      const before = reach.get(address) ?? []
      if (networks.length > 0) reach.set(address, networks)
      else reach.delete(address)
      const lost = before.filter((network) => !networks.includes(network))
      const gained = networks.filter((network) => !before.includes(network))
      return ask([
        ...elements(
          'delete',
          table,
          'may',
          lost.map((network) => `${address} . ${network}`),
        ),
        ...elements(
          'add',
          table,
          'may',
          gained.map((network) => `${address} . ${network}`),
        ),
        ...(before.length > 0 && networks.length === 0 ? elements('delete', table, 'here', [address]) : []),
        ...(before.length === 0 && networks.length > 0 ? elements('add', table, 'here', [address]) : []),
      ])
    },
    async close() {
      await working
      await run(program, `delete table ${table}`)
    },
  }
}

function elements(act: 'add' | 'delete', table: string, set: string, list: readonly string[]): readonly string[] {
  return list.length === 0 ? [] : [`${act} element ${table} ${set} { ${list.join(', ')} }`]
}

/** Before the kernel routes what comes in, and after it has routed what goes out: local services and other networks alike. */
function tableOf(table: string, device: string, gateway: string): string {
  return `table ${table} {}
delete table ${table}
table ${table} {
  set may { type ipv4_addr . ipv4_addr; flags interval; }
  set here { type ipv4_addr; }
  chain from_callers {
    type filter hook prerouting priority -300; policy accept;
    iifname != "${device}" accept
    ip saddr . ip daddr @may accept
    drop
  }
  chain to_callers {
    type filter hook postrouting priority 300; policy accept;
    oifname != "${device}" accept
    ip daddr . ip saddr @may accept
    ip saddr ${gateway} ip daddr @here icmp type { destination-unreachable, time-exceeded, parameter-problem } accept
    drop
  }
}
`
}

/** Runs `nft` with a script: all of it, or nothing. */
async function run(program: string, script: string): Promise<void> {
  const child = spawn(program, ['-f', '-'], { stdio: ['pipe', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = `${said}${text}`.slice(0, 1_000)
  })
  child.stdin.on('error', () => child.stdin.destroy())
  child.stdin.end(script)
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0)
    throw new EngineError(
      'ERR_ENGINE_FAILED',
      `nft did not change the rules: ${said.split('\n')[0] || `it ended with ${code}`}`,
      'run as root, or with CAP_NET_ADMIN, on a kernel with nf_tables',
    )
}
