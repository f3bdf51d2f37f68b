// What is said to OpenVPN on its management connection. @see OpenVPN doc/management-notes.txt, "Command Parsing"

import { maskOf, type Network, readNetwork } from './network.ts'

/** The engine reads lines of 1,023 octets, and sends a client a reason of about as many. */
const MAX_WORDS = 700

/**
 * A text in the quotes of the engine's own parser: printable ASCII without quotes and backslashes, so that nothing within
 * ends it. What is left out becomes an underscore.
 */
export function quoted(text: string): string {
  const plain = text.replace(/[^ -~]|["'\\]/g, '_')
  return `"${plain.length > MAX_WORDS ? `${plain.slice(0, MAX_WORDS - 3)}...` : plain}"`
}

/** What the engine gives a handshake, in seconds. */
const HANDSHAKE_SECONDS = 60

/**
 * Lets a caller in. The engine looks at a caller again when a packet of it comes, which may be a second later, or where it has
 * something to tell it: so it is told that it is waited for, in the same breath.
 * @param options As in a file of the engine for one client; each is ours. None: its keys are renewed.
 */
export function clientAuth(cid: number, kid: number, options: readonly string[]): string {
  if (options.length === 0) return `client-auth-nt ${cid} ${kid}\n`
  const wake = `client-pending-auth ${cid} ${kid} admitted ${HANDSHAKE_SECONDS}`
  return [wake, `client-auth ${cid} ${kid}`, ...options, 'END', ''].join('\n')
}

/** What the engine is told of one caller: its address, the networks that it may reach, and what renews its keys. */
export function clientOptions(caller: {
  readonly address: string
  /** That of all callers. */
  readonly within: Network
  readonly networks: readonly string[]
  /** Secret. */
  readonly token?: string
}): readonly string[] {
  const { address, within, networks, token } = caller
  return [
    `ifconfig-push ${address} ${maskOf(within)}`,
    ...networks.flatMap((text) => {
      const network = readNetwork(text)
      return network ? [`push "route ${text.split('/')[0]} ${maskOf(network)}"`] : []
    }),
    ...(token === undefined ? [] : [`push "auth-token ${token}"`]),
  ]
}

/** Says no, with the words that the client shows. */
export function clientDeny(cid: number, kid: number, reason: string, words: string): string {
  return `client-deny ${cid} ${kid} ${quoted(reason)} ${quoted(words)}\n`
}

/** Ends a caller that is in; it is told why, where that reaches it, and must not come back by itself. */
export function clientHalt(cid: number, words: string): string {
  return `client-kill ${cid} ${quoted(`HALT,${words}`)}\n`
}

/** Ends a caller that is in; its program connects again by itself. */
export function clientRestart(cid: number, words: string): string {
  return `client-kill ${cid} ${quoted(`RESTART,${words}`)}\n`
}
