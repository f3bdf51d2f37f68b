// Who is sent somewhere else first, to sign in or to prove something, and how they come back.
import { prefersHtml } from './accept.ts'

/** What of a request says whether a page is loaded. */
export interface LoadHead {
  readonly method: string
  readonly headers: { readonly accept?: string | undefined; readonly 'sec-fetch-mode'?: string | string[] | undefined }
  /** Whether it asks for another protocol on this connection. */
  readonly isUpgrade: boolean
}

/** Fetch Metadata says it where a browser does; older ones say no more than what they would like to read. */
export function isPageLoad({ method, headers, isUpgrade }: LoadHead): boolean {
  const mode = headers['sec-fetch-mode']
  const isLoad = (method === 'GET' || method === 'HEAD') && (mode === undefined || mode === 'navigate')
  return isLoad && !isUpgrade && prefersHtml(headers.accept)
}

// What browsers and servers take in one address, with the rest.
const MAX_BACK = 2_000

/** The address of `page`, which leads back to `target` afterwards; to the beginning where that is too long. */
export function byWayOf(page: string, target: string): string {
  return `${page}?to=${encodeURIComponent(target.length > MAX_BACK ? '/' : target)}`
}
