// Asks a stranger's Web Key Directory. Who answers for a domain there is who answers for it in the web: the roots of the system
// say so, and no anchor of ours could. What is found is a key that somebody vouches for, or nobody yet: `judgeKey` says which.
import { MailError } from '@countersign/protocol'
import { MAX_KEY_OCTETS } from '../keys/read.ts'
import { collect } from '../octets/reader.ts'
import { wkdAddresses } from './address.ts'
import { wkdAnswer } from './answer.ts'

/** `fetch` of Node, or one that resolves and connects in another way. */
export type Fetch = (url: string, init: { redirect: 'manual'; signal: AbortSignal }) => Promise<Response>

/** From asking to the last octet: a local limit. */
const TIMEOUT_MILLISECONDS = 10_000
/** A directory that moved; it stays on its host. */
const MAX_REDIRECTS = 3

/** What was found, or that the domain has nothing for this address. */
export type WkdFound =
  | { readonly ok: true; readonly key: Uint8Array; readonly url: string }
  | { readonly ok: false; readonly note: string }

/**
 * Finds the key of an address, with the user id asked for alone. The direct address is asked only where the host of the advanced
 * one cannot be reached. @throws {MailError} for a key that cannot be read @see draft-koch-openpgp-webkey-service-22 §3.1
 */
export async function findWkdKey(address: string, fetch: Fetch): Promise<WkdFound> {
  const { advanced, direct } = wkdAddresses(address)
  const signal = AbortSignal.timeout(TIMEOUT_MILLISECONDS)
  const response = (await ask(advanced, fetch, signal)) ?? (await ask(direct, fetch, signal))
  if (response === undefined) return { ok: false, note: 'no directory of the domain can be reached' }
  const { status, body, url } = response
  if (status !== 200 || body === null) {
    await body?.cancel()
    return { ok: false, note: `the directory answers ${status}` }
  }
  const octets = await collect(body, MAX_KEY_OCTETS).catch((error: unknown) => {
    if (error instanceof MailError) throw error
    return undefined // Reset, or slower than we wait: it did not say all.
  })
  if (octets === undefined) return { ok: false, note: 'the directory did not answer to its end' }
  return { ok: true, key: await wkdAnswer(octets, address), url }
}

interface Answer {
  readonly status: number
  readonly body: ReadableStream<Uint8Array> | null
  readonly url: string
}

/** Undefined where nobody is there, or nobody whom the system's roots know. */
async function ask(first: string, fetch: Fetch, signal: AbortSignal): Promise<Answer | undefined> {
  let url = first
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    let response: Response
    try {
      response = await fetch(url, { redirect: 'manual', signal })
    } catch {
      return undefined // Which of name, connection and certificate it was is the same to whoever looks for a key.
    }
    const { status, body, headers } = response
    if (status < 300 || status >= 400) return { status, body, url }
    await body?.cancel()
    const to = URL.parse(headers.get('location') ?? '', url)
    // The draft has redirects followed to wherever `https` leads. To another host, one domain would speak for another's addresses.
    if (to === null || to.origin !== new URL(first).origin)
      throw new MailError('ERR_MAIL_RECIPIENT_KEY', 'the directory sends to another host')
    url = to.href
  }
  throw new MailError('ERR_MAIL_BUDGET', `the directory redirects more than ${MAX_REDIRECTS} times`)
}
