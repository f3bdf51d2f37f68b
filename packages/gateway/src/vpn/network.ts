// IPv4 networks as a configuration writes them, and the addresses of one.
import { isIPv4 } from 'node:net'

/** A network: `address` is its first. */
export interface Network {
  readonly address: number
  readonly prefix: number
}

/** Reads `10.8.0.0/24`; undefined where it is not one, also where bits behind the prefix are set. */
export function readNetwork(text: string): Network | undefined {
  const [address = '', prefix = '', ...more] = text.split('/')
  if (more.length > 0 || !isIPv4(address) || !/^(?:[12]?\d|3[0-2])$/.test(prefix)) return undefined
  const network = { address: numberOf(address), prefix: Number(prefix) }
  return network.address % sizeOf(network) === 0 ? network : undefined
}

/** The network of an address as an interface has it: `10.8.0.5/24`. */
export function networkAround(text: string): Network | undefined {
  const [address = '', prefix = ''] = text.split('/')
  const whole = readNetwork(`${address}/32`)
  const size = readNetwork(`0.0.0.0/${prefix}`)
  if (whole === undefined || size === undefined) return undefined
  return { address: whole.address - (whole.address % sizeOf(size)), prefix: size.prefix }
}

/** As in `255.255.255.0`. */
export function maskOf(network: Network): string {
  return textOf(2 ** 32 - sizeOf(network))
}

/** How many addresses it has. */
export function sizeOf({ prefix }: Network): number {
  return 2 ** (32 - prefix)
}

/** Whether two have an address in common. */
export function overlap(one: Network, other: Network): boolean {
  return one.address < other.address + sizeOf(other) && other.address < one.address + sizeOf(one)
}

/** As in `10.8.0.0/24`. */
export function formatNetwork(network: Network): string {
  return `${textOf(network.address)}/${network.prefix}`
}

/** The address at an index of a network. */
export function addressAt({ address }: Network, index: number): string {
  return textOf(address + index)
}

function numberOf(address: string): number {
  return address.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0)
}

function textOf(address: number): string {
  return [24, 16, 8, 0].map((bits) => Math.floor(address / 2 ** bits) % 256).join('.')
}

/** The addresses of callers: all of a network but its first, the door's own, and its last. */
export interface AddressPool {
  readonly size: number
  /** Undefined where all are taken. */
  take(): string | undefined
  /** Makes it free again, once: when nobody can send as it any more. */
  free(address: string): void
}

/** The one that was freed last is taken last, so that what is still on its way to it reaches nobody else. */
export function createAddressPool(network: Network): AddressPool {
  const size = sizeOf(network) - 3
  const taken = new Set<string>()
  const freed: string[] = []
  let fresh = 0
  return {
    size,
    take() {
      const address = fresh < size ? addressAt(network, 2 + fresh++) : freed.shift()
      if (address !== undefined) taken.add(address)
      return address
    },
    free(address) {
      if (taken.delete(address)) freed.push(address)
    },
  }
}
