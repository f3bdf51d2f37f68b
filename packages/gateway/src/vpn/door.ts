// The door for VPN: OpenVPN as its engine, with our certificate; who comes in, what it reaches and when it ends is decided here.
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { isIPv6 } from 'node:net'
import { join } from 'node:path'
import { findProgram } from '../kind/find-program.ts'
import type { OpenDoor, Opener } from '../kind/model.ts'
import type { Listen } from '../kind/words.ts'
import { createVpnCallers, type RouteRule } from './callers.ts'
import { deviceOf } from './device.ts'
import { openEngine } from './engine.ts'
import { writeEngineConfig } from './engine-config.ts'
import type { VpnProof } from './find-caller.ts'
import { openFirewall } from './firewall.ts'
import { freeAddress } from './free-address.ts'
import { overlapOf } from './machine.ts'
import { createAddressPool, readNetwork } from './network.ts'
import { openPeers } from './peers.ts'
import type { VpnHouse } from './people.ts'

/** What a door for VPN is called, what it proves, where it listens, and what is behind it. */
export interface VpnDoorConfig {
  readonly name: string
  /** DNS names and IP addresses that the door proves; at least one. */
  readonly host: readonly [string, ...string[]]
  /** UDP. */
  readonly listen: Listen
  /** The addresses of callers, and the first for the door itself: IPv4, as in `10.8.0.0/24`. */
  readonly network: string
  /** The network device. Default: `vpn-` and the name of the door, at most 15 characters. */
  readonly device?: string
  readonly routes: readonly RouteRule[]
  /** What a caller must show. Default `certificate`. */
  readonly proof?: VpnProof
  /** The web door of this house at which people sign in, whose passwords and codes count here. */
  readonly people?: string
}

/** The door for VPN among the kinds. */
export const vpnDoor: Opener<VpnDoorConfig> = {
  open: openVpnDoor,
  calls: () => false,
  fixed: ['host', 'listen', 'network', 'device', 'proof', 'people'],
}

const DRAIN_POLL_MS = 20

/**
 * Opens a door for VPN.
 * @throws {EngineError} (rejects) where OpenVPN or nft is missing or does not do it; the system's error where the address cannot be listened on.
 */
export async function openVpnDoor(config: VpnDoorConfig, house: VpnHouse): Promise<OpenDoor<VpnDoorConfig>> {
  const { name, proof = 'certificate' } = config
  const network = readNetwork(config.network)
  if (network === undefined) throw new TypeError(`${config.network} is no network`)
  const checkPerson = config.people === undefined ? undefined : house.checkPerson?.(config.people)
  if (proof !== 'certificate' && checkPerson === undefined)
    throw new TypeError(`at ${config.people} nobody signs in, so nobody's password counts at ${name}`)
  const [openvpn, nft] = await Promise.all([findProgram('openvpn', 'openvpn'), findProgram('nft', 'nftables')])
  const listen = await freeAddress(config.listen)
  const cause = overlapOf(config)
  if (cause !== undefined) house.log('vpn.overlap', { door: name, cause })
  let current = config

  await using opened = new AsyncDisposableStack()
  const directory = await ownDirectory(house)
  opened.defer(() => rm(directory, { recursive: true, force: true }))
  const onFault = (error: unknown) => house.log('gate.fault', { door: name, error })
  const peers = await openPeers(directory, onFault)
  opened.defer(() => peers.close())
  const device = deviceOf(config)
  const onMended = (cause: string) => house.log('vpn.rules-mended', { door: name, cause })
  const firewall = await openFirewall({ program: nft, device, network, onMended, onFault })
  opened.defer(() => firewall.close())
  const pool = createAddressPool(network)
  const callers = createVpnCallers({
    ...{ name, network, pool, proof, checkPerson, firewall, peers, house },
    routes: () => current.routes,
    say: (command) => engine.say(command),
  })
  const socket = join(directory, 'management')
  const { identity, trust, sessions } = house
  const engine = await openEngine({
    ...{ door: name, program: openvpn, socket, log: house.log },
    config: () =>
      writeEngineConfig({
        ...{ listen, device, network, maxClients: pool.size, trust, socket, peers },
        credential: identity.current(),
      }),
    onSaid: (notification) => callers.said(notification),
    onEnded: () => callers.ended(),
  })
  opened.defer(() => engine.close())
  opened.defer(onOtherProof(house, () => engine.restart()))

  const owned = opened.move()
  let closing: Promise<void> | undefined
  const close = async () => {
    await Promise.all(sessions.list().map((session) => session.cut('ERR_DOOR_DRAINING')))
    await owned.disposeAsync()
  }
  return {
    name,
    kind: 'vpn',
    url: `openvpn://${isIPv6(listen.host) ? `[${listen.host}]` : listen.host}:${listen.port}`,
    sessions,
    close: () => {
      closing ??= close()
      return closing
    },
    // Whoever is connected stays for days, and its program finds the next door by itself: only who is on the way in is waited for.
    async drain(timeoutMs) {
      const deadline = performance.now() + timeoutMs
      while (callers.isBusy && performance.now() < deadline)
        await new Promise((next) => setTimeout(next, DRAIN_POLL_MS))
      closing ??= close()
      await closing
    },
    prepare: async (next) => ({
      apply() {
        current = next
      },
      discard: async () => undefined,
    }),
  }
}

/** Calls where what the engine has to show, or whom it has to believe, is another by now; until what it answers is called. */
function onOtherProof({ identity, trust }: Pick<VpnHouse, 'identity' | 'trust'>, then: () => void): () => void {
  let anchors = trust.anchorsSha256
  const leaves = [
    identity.onChange(then),
    trust.onChange(() => {
      if (anchors === trust.anchorsSha256) return
      anchors = trust.anchorsSha256
      then()
    }),
  ]
  return () => {
    for (const leave of leaves) leave()
  }
}

/** A socket's path may have 103 octets, and the engine's own parser reads these characters as they are. */
const PLAIN_PATH = /^[A-Za-z0-9/._-]{1,90}$/

/** Where the engine meets us, and nobody else: among the door's files, in place of what a process that was killed has left. */
async function ownDirectory({ files }: Pick<VpnHouse, 'files'>): Promise<string> {
  const own = files?.pathOf('engine')
  if (own === undefined || !PLAIN_PATH.test(own)) return mkdtemp('/tmp/countersign-vpn-')
  await rm(own, { recursive: true, force: true })
  await mkdir(own, { recursive: true, mode: 0o700 })
  return own
}
