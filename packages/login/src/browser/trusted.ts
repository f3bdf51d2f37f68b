// Trusted Types: the only addresses of scripts that code of these pages can load. @see W3C Trusted Types §4
const WORKERS = ['/login/opaque-worker.js', '/login/worker.js'] as const

interface Policies {
  createPolicy(name: string, rules: { createScriptURL(url: string): string }): { createScriptURL(url: string): string }
}

const policies = (globalThis as { readonly trustedTypes?: Policies }).trustedTypes
const policy = policies?.createPolicy('countersign', {
  createScriptURL(url) {
    if (!WORKERS.some((known) => known === url)) throw new TypeError(`no worker of these pages: ${url}`)
    return url
  },
})

/** The address of a worker, in the form that the browser asks for. */
export function workerUrl(url: (typeof WORKERS)[number]): string {
  return policy?.createScriptURL(url) ?? url
}
