// A greeting for whoever the door proved.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { prefersHtml } from '@countersign/mtls'
import { type Certificate, DerError, readCertificate, X509Error } from '@countersign/x509'

/** Answers a page to browsers, JSON to who asks for it, else a line of text. */
export function greet(request: IncomingMessage, response: ServerResponse): void {
  const accept = request.headers.accept ?? ''
  const name = callerOf(request)
  const greeting =
    name === undefined
      ? 'Hello, whoever you are: no door has proved who calls.'
      : `Hello ${name}. The door and you have proved who you are.`
  if (prefersHtml(accept)) send(response, 'text/html; charset=utf-8', page(greeting))
  else if (accept.includes('application/json'))
    send(response, 'application/json', `${JSON.stringify({ hello: name ?? null })}\n`)
  else send(response, 'text/plain; charset=utf-8', `${greeting}\n`)
}

/** The proved caller's name from RFC 9440 `Client-Cert`. Undefined where there is none that can be read. */
function callerOf({ headers }: IncomingMessage): string | undefined {
  const field = headers['client-cert']
  if (typeof field !== 'string' || !/^:[A-Za-z0-9+/=]+:$/.test(field)) return undefined
  try {
    return nameOf(readCertificate(Uint8Array.fromBase64(field.slice(1, -1))))
  } catch (error) {
    if (error instanceof DerError || error instanceof X509Error || error instanceof SyntaxError) return undefined
    throw error
  }
}

/** The path of a SPIFFE ID, else the first name that is a text. */
function nameOf({ subjectAltName = [] }: Certificate): string | undefined {
  const texts = subjectAltName.flatMap((name) =>
    'value' in name && typeof name.value === 'string' ? [name.value] : [],
  )
  const party = texts.map((text) => /^spiffe:\/\/[^/]+\/(.+)$/.exec(text)?.[1]).find((path) => path !== undefined)
  return party ?? texts[0]
}

function send(response: ServerResponse, contentType: string, body: string): void {
  response.writeHead(200, {
    'Content-Type': contentType,
    'Content-Length': Buffer.byteLength(body),
    // RFC 9440 §2.4: what is chosen by the certificate is for nobody else.
    'Cache-Control': 'no-store',
    Vary: 'Accept',
  })
  response.end(body)
}

function page(greeting: string): string {
  const safe = greeting.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Hello</title>
<p>${safe}
`
}
