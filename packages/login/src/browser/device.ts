// The device: two key pairs on P-256 that were made here and stay here.
import type { DeviceKeys } from '../api.ts'
import { sha256, toBase64url, utf8 } from './octets.ts'
import { readDevices, readState, type StoredDevice, writeDevice, writeState } from './store.ts'

/** The device that this browser uses; makes its keys where there are none. */
export async function currentDevice(): Promise<StoredDevice> {
  const [devices, current] = [await readDevices(), await readState('current')]
  return devices.find(({ id }) => id === current) ?? newDevice()
}

/** The device that the open session is bound to; without a session, the one that is used. */
export async function sessionDevice(): Promise<StoredDevice> {
  const [devices, session] = [await readDevices(), await readState('session')]
  return devices.find(({ id }) => id === session?.device) ?? currentDevice()
}

/** Makes the keys of another device, which is used from now on: of one account that nobody here has signed in to. */
export async function newDevice(): Promise<StoredDevice> {
  const signing = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify'])
  const agreement = await crypto.subtle.generateKey({ name: 'ECDH', namedCurve: 'P-256' }, false, ['deriveBits'])
  const device = { id: await thumbprint(await publicJwk(signing)), signing, agreement }
  await writeDevice(device)
  await useDevice(device.id)
  return device
}

/** A device that is of no account yet, as far as this browser knows; it is used from now on. */
export async function freeDevice(): Promise<StoredDevice> {
  const free = (await readDevices()).find(({ account }) => account === undefined)
  if (free === undefined) return newDevice()
  await useDevice(free.id)
  return free
}

/** Which of the devices is used from now on. */
export async function useDevice(id: string): Promise<void> {
  await writeState('current', id)
}

/** What the server keeps of a device. */
export async function publicDevice({ signing, agreement }: StoredDevice): Promise<DeviceKeys> {
  return {
    name: nameOf(navigator.userAgent),
    signing: await publicJwk(signing),
    agreement: await publicJwk(agreement),
  }
}

/** The public half, with the members that make its thumbprint and no others. @see RFC 7638 §3.2 */
export async function publicJwk({ publicKey }: CryptoKeyPair): Promise<DeviceKeys['signing']> {
  const { x = '', y = '' } = await crypto.subtle.exportKey('jwk', publicKey)
  return { kty: 'EC', crv: 'P-256', x, y }
}

/** @see RFC 7638 §3 */
export async function thumbprint({ crv, kty, x, y }: DeviceKeys['signing']): Promise<string> {
  return toBase64url(await sha256(utf8(JSON.stringify({ crv, kty, x, y }))))
}

const BROWSERS = [
  [/Edg\//, 'Edge'],
  [/OPR\//, 'Opera'],
  [/Firefox\//, 'Firefox'],
  [/Chrome\//, 'Chrome'],
  [/Safari\//, 'Safari'],
] as const
const SYSTEMS = [
  [/Android/, 'Android'],
  [/iPhone/, 'iPhone'],
  [/iPad/, 'iPad'],
  [/Windows/, 'Windows'],
  [/Mac OS/, 'macOS'],
  [/CrOS/, 'ChromeOS'],
  [/Linux/, 'Linux'],
] as const

/** What people call it, as in `Chrome on Linux`; it proves nothing. */
export function nameOf(userAgent: string): string {
  const find = (table: readonly (readonly [RegExp, string])[], otherwise: string) =>
    table.find(([pattern]) => pattern.test(userAgent))?.[1] ?? otherwise
  return `${find(BROWSERS, 'A browser')} on ${find(SYSTEMS, 'a device')}`
}
