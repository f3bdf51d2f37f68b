// What flows at the device of a door, as rules of the kernel's: nothing, but between an address and the networks that its
// caller may reach. A caller is let in and cut by the elements of one set, so that neither depends on the engine.
//
// Others write rules on the same machine, and some begin with `flush ruleset`, as /etc/nftables.conf of Debian does: so it is
// looked for again and again.
import { EngineError } from '../kind/engine-error.ts'
import { addressAt, formatNetwork, type Network } from './network.ts'
import { createNft } from './nft.ts'

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
  /** The addresses of callers, and the first for the door itself: routers say by it what is too large or not there. */
  readonly network: Network
  /** The rules were not as they should be, mostly as somebody else had taken them away; they are again. */
  readonly onMended: (cause: string) => void
  /** They are not there, and cannot be made; it is tried again. */
  readonly onFault: (error: unknown) => void
}

interface Change {
  readonly commands: readonly string[]
  readonly done: PromiseWithResolvers<void>
}

/** What somebody flushes is there again after so long, at most. */
const LOOK_MS = 2_000

/** Makes the table, in place of what a process before this one left. @throws {EngineError} (rejects) where the kernel does not take it. */
export async function openFirewall(options: FirewallOptions): Promise<Firewall> {
  const { program, device, network, onMended, onFault } = options
  const table = `inet countersign_${device.replaceAll('-', '_')}`
  const empty = tableOf(table, device, network)
  const nft = createNft(program)
  const must = async (script: string): Promise<void> => {
    const why = await nft.run(script)
    if (why !== undefined)
      throw new EngineError(
        'ERR_ENGINE_FAILED',
        `nft did not change the rules: ${why}`,
        'run as root, or with CAP_NET_ADMIN, on a kernel with nf_tables',
      )
  }
  try {
    await must(empty)
  } catch (error) {
    await nft.close()
    throw error
  }
  const reach = new Map<string, readonly string[]>()
  let waiting: Change[] = []
  let working: Promise<void> | undefined
  let isSuspect = false
  /** Why the rules in the kernel are not what they should be; undefined where they are, as far as is known. */
  let fault: string | undefined
  let isClosed = false

  /** What was asked for while the program ran is one call of it. */
  const work = async () => {
    while (waiting.length > 0 || isSuspect) {
      if (isSuspect) await look()
      const changes = waiting
      waiting = []
      try {
        await write(changes.flatMap(({ commands }) => commands))
        for (const { done } of changes) done.resolve()
      } catch (error) {
        if (changes.length === 0) onFault(error)
        for (const { done } of changes) done.reject(error)
      }
    }
    working = undefined
  }
  const look = async () => {
    isSuspect = false
    fault ??= await nft.run(`list table ${table}`)
  }
  /** A change that the kernel does not take was of rules that are others by now: then all of them are made anew. */
  const write = async (commands: readonly string[]) => {
    if (commands.length > 0) fault ??= await nft.run(commands.join('\n'))
    if (fault === undefined) return
    await must(`${empty}${[...reach].flatMap(([address, to]) => opened(table, address, to)).join('\n')}`)
    const cause = fault
    fault = undefined
    onMended(cause)
  }
  const suspect = () => {
    if (isClosed) return
    isSuspect = true
    working ??= work()
  }
  const ask = (commands: readonly string[]): Promise<void> => {
    if (commands.length === 0) return Promise.resolve()
    const done = Promise.withResolvers<void>()
    waiting.push({ commands, done })
    working ??= work()
    return done.promise
  }
  const timer = setInterval(suspect, LOOK_MS).unref()

  return {
    set(address, networks) {
      const before = reach.get(address) ?? []
      if (networks.length > 0) reach.set(address, networks)
      else reach.delete(address)
      const lost = before.filter((one) => !networks.includes(one))
      const gained = networks.filter((one) => !before.includes(one))
      return ask([
        ...elements('delete', table, 'may', pairs(address, lost)),
        ...elements('add', table, 'may', pairs(address, gained)),
        ...(before.length > 0 && networks.length === 0 ? elements('delete', table, 'here', [address]) : []),
        ...(before.length === 0 && networks.length > 0 ? elements('add', table, 'here', [address]) : []),
      ])
    },
    async close() {
      isClosed = true
      clearInterval(timer)
      await working
      try {
        await must(`table ${table} {}\ndelete table ${table}`)
      } finally {
        await nft.close()
      }
    },
  }
}

function opened(table: string, address: string, networks: readonly string[]): readonly string[] {
  return [...elements('add', table, 'may', pairs(address, networks)), ...elements('add', table, 'here', [address])]
}

function pairs(address: string, networks: readonly string[]): readonly string[] {
  return networks.map((network) => `${address} . ${network}`)
}

function elements(act: 'add' | 'delete', table: string, set: string, list: readonly string[]): readonly string[] {
  return list.length === 0 ? [] : [`${act} element ${table} ${set} { ${list.join(', ')} }`]
}

/**
 * Before the kernel routes what comes in, and after it has routed what goes out: local services and other networks alike. Other
 * callers, and the door itself, are behind no network that a caller may reach, whatever contains them.
 */
function tableOf(table: string, device: string, network: Network): string {
  return `table ${table} {}
delete table ${table}
table ${table} {
  set may { type ipv4_addr . ipv4_addr; flags interval; }
  set here { type ipv4_addr; }
  chain from_callers {
    type filter hook prerouting priority -300; policy accept;
    iifname != "${device}" accept
    ip daddr ${formatNetwork(network)} drop
    ip saddr . ip daddr @may accept
    drop
  }
  chain to_callers {
    type filter hook postrouting priority 300; policy accept;
    oifname != "${device}" accept
    ip daddr . ip saddr @may accept
    ip saddr ${addressAt(network, 1)} ip daddr @here icmp type { destination-unreachable, time-exceeded, parameter-problem } accept
    drop
  }
}
`
}
