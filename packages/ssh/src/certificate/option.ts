// Critical options and extensions, draft-ietf-sshm-cert §2.2 to §2.4.
import { SshError } from '../error.ts'
import { closeWire, openString, openWire, readName, readString, readText, type WireCursor } from '../wire/read.ts'
import { join, writeString, writeText } from '../wire/write.ts'
import type { SshOption } from './model.ts'
import { isSourceAddress } from './source-address.ts'

/** What a user's certificate may permit. The server permits what it allows itself, too. @see draft-ietf-sshm-cert §2.3 */
export const SSH_EXTENSIONS = [
  'no-touch-required',
  'permit-X11-forwarding',
  'permit-agent-forwarding',
  'permit-port-forwarding',
  'permit-pty',
  'permit-user-rc',
] as const

/** One name of {@link SSH_EXTENSIONS}. */
export type SshExtensionName = (typeof SSH_EXTENSIONS)[number]

/** Options that only a security key can fulfil. */
export const SECURITY_KEY_OPTIONS: readonly string[] = ['no-touch-required', 'verify-required']

/** Ours, and far above what anybody writes. */
const MAX_OPTIONS = 256

/** A user's certificate permits this. */
export function extensionOption(name: SshExtensionName): SshOption {
  return { name, data: new Uint8Array() }
}

/** Whatever is asked for, `command` is executed. */
export function forceCommandOption(command: string): SshOption {
  return { name: 'force-command', data: writeText(command) }
}

/** The certificate may be used from these alone: addresses, and networks in CIDR form. */
export function sourceAddressOption(sources: readonly string[]): SshOption {
  return { name: 'source-address', data: writeText(sources.join(',')) }
}

/** Each signature must say that its user was verified, by a PIN or by biometry. Only for security keys. */
export function verifyRequiredOption(): SshOption {
  return { name: 'verify-required', data: new Uint8Array() }
}

/** Puts options in the order in which they are signed. */
export function inOrder(options: readonly SshOption[]): readonly SshOption[] {
  return options.toSorted((left, right) => (left.name < right.name ? -1 : 1))
}

/** @throws {SshError} when a name is no name. */
export function writeOptions(options: readonly SshOption[]): Uint8Array {
  return writeString(join(...options.flatMap(({ name, data }) => [writeText(name), writeString(data)])))
}

/** Reads options, whatever they mean. @throws {SshError} when they are not in order, or one stands twice. */
export function readOptions(c: WireCursor): readonly SshOption[] {
  const inner = openString(c)
  const options: SshOption[] = []
  while (inner.at < inner.end) {
    const at = inner.at
    const name = readName(inner)
    if (options.length === MAX_OPTIONS) throw new SshError('ERR_SSH_ELEMENTS_LIMIT', at)
    // Names are US-ASCII, so that the order of strings is that of octets.
    if (name <= (options.at(-1)?.name ?? '')) throw new SshError('ERR_SSH_CERT_OPTION_ORDER', at)
    options.push({ name, data: readString(inner) })
  }
  return options
}

/** What known critical options of a user mean; those that are not known, by their names. @throws {SshError} when a value is not of its type. */
export function meaningOf(options: readonly SshOption[], at: number): CriticalOptions {
  const known = new Map(options.map(({ name, data }) => [name, data]))
  const command = known.get('force-command')
  const sources = known.get('source-address')
  const verify = known.get('verify-required')
  if (verify !== undefined && verify.length > 0) throw new SshError('ERR_SSH_CERT_OPTION_DATA', at)
  const sourceAddress = sources && nestedText(sources, at).split(',')
  if (sourceAddress?.every(isSourceAddress) === false) throw new SshError('ERR_SSH_CERT_SOURCE_ADDRESS', at)
  return {
    ...(command && { forceCommand: nestedText(command, at) }),
    ...(sourceAddress && { sourceAddress }),
    verifyRequired: verify !== undefined,
    unknownCriticalOptions: [...known.keys()].filter((name) => !CRITICAL.includes(name)),
  }
}

/** Extensions that are known have no value. @throws {SshError} */
export function checkExtensions(extensions: readonly SshOption[], at: number): void {
  const flags: readonly string[] = SSH_EXTENSIONS
  if (extensions.some(({ name, data }) => flags.includes(name) && data.length > 0))
    throw new SshError('ERR_SSH_CERT_OPTION_DATA', at)
}

const CRITICAL: readonly string[] = ['force-command', 'source-address', 'verify-required']

interface CriticalOptions {
  readonly forceCommand?: string
  readonly sourceAddress?: readonly string[]
  readonly verifyRequired: boolean
  readonly unknownCriticalOptions: readonly string[]
}

/** "Its value contains a nested string." */
function nestedText(data: Uint8Array, at: number): string {
  try {
    const c = openWire(data, data.length)
    const text = readText(c)
    closeWire(c)
    return text
  } catch (error) {
    if (!(error instanceof SshError)) throw error
    throw new SshError('ERR_SSH_CERT_OPTION_DATA', at)
  }
}
