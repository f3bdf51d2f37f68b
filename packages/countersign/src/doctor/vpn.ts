// Doors for VPN: what this machine lacks for those of the house here, and whether one that is named answers. What it proves, and
// whom it lets in, is within OpenVPN's own handshake.
import { randomBytes } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { examineMachine } from '@countersign/gateway/sections'
import { EXIT, Failure } from '../command.ts'
import type { Check } from './model.ts'
import type { HouseHere } from './people.ts'

/** A door for VPN as people name it. */
export interface VpnAddress {
  readonly host: string
  readonly port: number
}

const SCHEME = 'openvpn:'
const USUAL_PORT = 1194
const TRIES = 3
const PATIENCE_MS = 1_000

/** Reads `openvpn://HOST:PORT`, as the house prints it; undefined where an address is of another kind. @throws {Failure} with exit code 2. */
export function parseVpnAddress(address: string): VpnAddress | undefined {
  if (!address.startsWith(SCHEME)) return undefined
  const url = URL.parse(address)
  const isPlain = url !== null && url.username === '' && url.password === '' && /^\/?$/.test(url.pathname)
  if (!isPlain || url.hostname === '')
    throw new Failure(EXIT.usage, `${address} is no address of a door for VPN`, {
      code: 'ERR_CLI_USAGE',
      next: 'write it as in openvpn://vpn.acme.example:1194',
    })
  const host = url.hostname.replace(/^\[|\]$/g, '')
  return { host, port: url.port === '' ? USUAL_PORT : Number(url.port) }
}

/** A line for each door for VPN of the house here, or one for each thing that the machine lacks for it. */
export async function examineVpn({ config }: HouseHere): Promise<readonly Check[]> {
  const checks: Check[] = []
  for (const door of config.doors) {
    if (door.kind !== 'vpn') continue
    const faults = await examineMachine(door)
    if (faults.length === 0)
      checks.push({ area: 'vpn', outcome: 'good', text: `${door.name} has what it needs of this machine` })
    for (const { code, text, next, command, isMild } of faults)
      checks.push({
        area: 'vpn',
        outcome: isMild ? 'note' : 'bad',
        text: `${door.name}: ${text}`,
        ...(code !== undefined && { code }),
        mend: { text: next, ...(command !== undefined && { command }), by: 'operator' },
      })
  }
  return checks
}

/** The checks of name and reach. */
export async function examineVpnWay({ host, port }: VpnAddress): Promise<readonly Check[]> {
  const found = await lookup(host).catch((error: unknown) => codeOf(error))
  if (typeof found === 'string')
    return [
      {
        area: 'name',
        outcome: 'bad',
        text: `${host} is not a name that this machine knows`,
        code: found,
        mend: { text: 'check the spelling; else it is missing in DNS, or in /etc/hosts', by: 'caller' },
      },
    ]
  const text = isIP(host) ? 'an address, no name' : `${host} is ${found.address}`
  return [{ area: 'name', outcome: 'good', text }, await reachOf(await askOpenVpn(found.address, port), port)]
}

function reachOf(answer: Answer, port: number): Check {
  const area = 'reach'
  if ('tookMs' in answer) {
    const text = `an OpenVPN server answers at UDP port ${port} in ${Math.max(1, Math.round(answer.tookMs))} ms`
    return { area, outcome: 'good', text }
  }
  const { code } = answer
  return {
    area,
    outcome: 'bad',
    text: code === 'ETIMEDOUT' ? `UDP port ${port}: nothing comes back` : `UDP port ${port}: nobody listens there`,
    code,
    mend: {
      text: 'start the house, or let UDP pass the firewall between; on its own machine this says what it lacks',
      command: 'sudo countersign doctor --config countersign.yaml',
      by: 'operator',
    },
  }
}

/** How long an answer took, or why none came. */
export type Answer = { readonly tookMs: number } | { readonly code: string }

/**
 * Asks for the beginning of a handshake, of which a server keeps nothing yet.
 * @see OpenVPN's wire protocol, P_CONTROL_HARD_RESET_CLIENT_V2 (7) and its answer, P_CONTROL_HARD_RESET_SERVER_V2 (8)
 */
export async function askOpenVpn(address: string, port: number): Promise<Answer> {
  const session = randomBytes(8)
  // The kind, in the upper five bits; our session; that nothing is acknowledged; the number of this packet.
  const question = Buffer.concat([Buffer.of(7 << 3), session, Buffer.alloc(5)])
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4')
  const { promise, resolve } = Promise.withResolvers<Answer>()
  const began = performance.now()
  socket.on('message', (said) => {
    if ((said[0] ?? 0) >> 3 === 8 && said.includes(session)) resolve({ tookMs: performance.now() - began })
  })
  socket.on('error', (error) => resolve({ code: codeOf(error) }))
  socket.connect(port, address, () => socket.send(question))
  let tries = 1
  const timer = setInterval(() => {
    if (tries++ < TRIES) socket.send(question)
    else resolve({ code: 'ETIMEDOUT' })
  }, PATIENCE_MS)
  const answer = await promise
  clearInterval(timer)
  socket.close()
  return answer
}

function codeOf(error: unknown): string {
  if (error instanceof Error && 'code' in error) return String(error.code)
  throw error
}
