// What a browser is told to keep to: no foreign origin, nothing in a frame, no script but ours.

/** The policy of a page. @param nonce made for this answer alone @see CSP3 §6 */
export function pagePolicy(nonce: string): string {
  return [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src 'nonce-${nonce}'`,
    "img-src 'self'",
    "connect-src 'self'",
    "worker-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    'trusted-types countersign',
  ].join('; ')
}

/** What is no page loads nothing, and is shown in nobody's frame. */
const NOTHING = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'"

/** Of the two workers: WebAssembly is compiled in that of OPAQUE and nowhere else. */
export const WORKER_POLICIES: Readonly<Record<string, string>> = {
  '/login/opaque-worker.js': `${NOTHING}; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'`,
  '/login/worker.js': `${NOTHING}; script-src 'self'; connect-src 'self'`,
}

const EVERYWHERE = {
  'x-content-type-options': 'nosniff',
  'cross-origin-resource-policy': 'same-origin',
  vary: 'Accept-Encoding, Accept-Language',
} as const

/** Of every page. */
export const PAGE_FIELDS: Readonly<Record<string, string>> = {
  ...EVERYWHERE,
  'cache-control': 'no-store',
  'cross-origin-opener-policy': 'same-origin',
  // Not `no-referrer`: with it a form that is sent would say `Origin: null`.
  'referrer-policy': 'same-origin',
  'permissions-policy':
    'camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=(), publickey-credentials-get=(self), publickey-credentials-create=(self)',
}

/** Of everything that pages load. */
export const ASSET_FIELDS: Readonly<Record<string, string>> = {
  ...EVERYWHERE,
  vary: 'Accept-Encoding',
  'content-security-policy': NOTHING,
}
