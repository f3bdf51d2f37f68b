// What a door for VPN needs of the machine, for whoever asks why it does not stand, or why nothing is reached through it.
import { existsSync, readFileSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { EngineError } from '../kind/engine-error.ts'
import { findProgram } from '../kind/find-program.ts'
import type { Listen } from '../kind/words.ts'
import { deviceOf } from './device.ts'
import { freeAddress } from './free-address.ts'
import { networkAround, overlap, readNetwork } from './network.ts'

/** What of a door's configuration rests on the machine. */
export interface VpnNeeds {
  readonly name: string
  readonly listen: Listen
  readonly network: string
  readonly device?: string
}

/** What the machine lacks. */
export interface MachineFault {
  /** `ERR_ENGINE_…`, or the system's own. */
  readonly code?: string
  readonly text: string
  /** What to do, as an imperative. */
  readonly next: string
  readonly command?: string
  /** The door stands all the same. */
  readonly isMild?: true
}

const TUN = '/dev/net/tun'
const FORWARDING = '/proc/sys/net/ipv4/ip_forward'
/** CAP_NET_ADMIN. @see linux/capability.h */
const NET_ADMIN = 12n

/** What is wrong, the first first: what follows may rest on it. */
export async function examineMachine(needs: VpnNeeds): Promise<readonly MachineFault[]> {
  const faults: MachineFault[] = []
  for (const [program, debianPackage] of [
    ['openvpn', 'openvpn'],
    ['nft', 'nftables'],
  ] as const) {
    const missing = await missingOf(program, debianPackage)
    if (missing) faults.push(missing)
  }
  if (!existsSync(TUN))
    faults.push({
      ...{ code: 'ERR_ENGINE_FAILED', text: `${TUN} is not there` },
      ...{ next: 'load the module of the kernel; a container must be given the device', command: 'modprobe tun' },
    })
  // Where the door stands, its device and its port are its own, and whoever asks may be somebody else.
  if (networkInterfaces()[deviceOf(needs)] === undefined) faults.push(...rightsFaults(), ...(await portFaults(needs)))
  const cause = overlapOf(needs)
  if (cause !== undefined)
    faults.push({
      ...{ code: 'ERR_ENGINE_FAILED', text: `${cause}, so that packets go astray` },
      next: 'choose another network for callers, which nothing else has (network), and make the profiles anew',
    })
  if (readFileSync(FORWARDING, 'utf8').trim() === '0')
    faults.push({
      isMild: true,
      text: 'this machine forwards no packets, so that nothing behind it is reached',
      ...{ next: 'let it be a router, unless callers reach its own addresses alone' },
      command: 'sysctl -w net.ipv4.ip_forward=1',
    })
  return faults
}

/** Where the addresses of callers are of a network that the machine has already: which, for a person; else undefined. */
export function overlapOf(needs: Pick<VpnNeeds, 'name' | 'network' | 'device'>): string | undefined {
  const own = readNetwork(needs.network)
  for (const [device, addresses = []] of Object.entries(networkInterfaces())) {
    if (device === deviceOf(needs)) continue
    for (const { cidr } of addresses) {
      const other = cidr === null ? undefined : networkAround(cidr)
      if (own && other && overlap(own, other)) return `${needs.network} overlaps with ${cidr} of ${device}`
    }
  }
  return undefined
}

async function missingOf(program: string, debianPackage: string): Promise<MachineFault | undefined> {
  try {
    await findProgram(program, debianPackage)
    return undefined
  } catch (error) {
    if (!(error instanceof EngineError)) throw error
    const { code, message, next } = error
    return { code, text: message, next, command: `apt install ${debianPackage}` }
  }
}

function rightsFaults(): readonly MachineFault[] {
  const [, mask = '0'] = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'latin1')) ?? []
  if ((BigInt(`0x${mask}`) >> NET_ADMIN) & 1n) return []
  return [
    {
      ...{ code: 'EPERM', text: 'this user may not make network devices and rules' },
      next: 'start the house as root, or with CAP_NET_ADMIN',
    },
  ]
}

async function portFaults({ listen }: VpnNeeds): Promise<readonly MachineFault[]> {
  try {
    await freeAddress(listen)
    return []
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error
    const text = `UDP ${listen.host}:${listen.port} cannot be listened on (${String(error.code)})`
    return [{ code: String(error.code), text, next: 'stop what listens there, or choose another address (listen)' }]
  }
}
