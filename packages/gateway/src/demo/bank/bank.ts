// A small bank to stand behind a door with people: it believes the door's signed statement, and does what was confirmed.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { DemoUpstream } from '../upstream.ts'
import { openBooks } from './book.ts'
import { createFormTokens, type FormRefusal } from './form.ts'
import { drawPage } from './page.ts'
import { plainPage } from './pages.ts'
import { type Answer, type Asked, routeOf } from './routes.ts'
import { type Believed, readStatement, STATEMENT_RULES, type Statement } from './statement.ts'
import { PAGE_POLICY } from './style.ts'

/** Where the bank listens, and whose word it takes. */
export interface DemoBankOptions extends Believed {
  readonly host: string
  readonly port: number
  /** Default: the clock of the machine. */
  readonly clock?: () => Temporal.Instant
}

/**
 * Opens the bank in plain HTTP. Whoever reaches it without the door's statement reads that, and nothing else. Accounts are
 * made up for each customer, the same each time, and forgotten when it ends.
 */
export async function openDemoBank(options: DemoBankOptions): Promise<DemoUpstream> {
  const { host, port, clock = () => Temporal.Now.instant() } = options
  const booksOf = openBooks()
  const tokens = createFormTokens()

  const answer = async (request: IncomingMessage): Promise<{ answer: Answer; statement?: Statement }> => {
    const now = clock()
    const read = readStatement(request.rawHeaders, options, now)
    if (!read.ok) return { answer: strange(STATEMENT_RULES[read.rule]) }
    const { statement } = read
    const [path = '', query = ''] = (request.url ?? '').split('?', 2)
    const route = routeOf(path)
    if (route === undefined)
      return { statement, answer: plainPage(404, 'Nothing is here', 'This bank has no such page.') }
    const asked: Asked = {
      statement,
      customer: booksOf(statement.customer, now),
      now,
      isFromHere: request.headers['sec-fetch-site'] === 'same-origin',
      query: new URLSearchParams(query),
      token: tokens.of(statement),
      id: route.id,
    }
    if (request.method === 'GET' && route.get) return { statement, answer: route.get(asked) }
    // Looks, and brings no confirmation: nothing is carried out for it.
    if (request.method === 'HEAD' && route.get)
      return { statement, answer: route.get({ ...asked, statement: { ...statement, confirmed: new Map() } }) }
    if (request.method !== 'POST' || !route.post) {
      const allow = [route.get && 'GET, HEAD', route.post && 'POST'].filter(Boolean).join(', ')
      return { statement, answer: { ...plainPage(405, 'Not in this way', `This page knows ${allow}.`), allow } }
    }
    const form = await tokens.read(request, statement)
    return { statement, answer: form.ok ? route.post(asked, form.typed) : FORM_REFUSALS[form.why] }
  }

  const server = createServer({ requestTimeout: 10_000 }, (request, response) => {
    answer(request).then(
      ({ answer: given, statement }) => send(request, response, given, statement),
      (error: unknown) => {
        // Of a body that broke off: nobody reads an answer.
        if (!request.destroyed) throw error
        response.destroy()
      },
    )
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => resolve())
  })
  const at = server.address() as AddressInfo
  return {
    url: `http://${at.family === 'IPv6' ? `[${at.address}]` : at.address}:${at.port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

const BEGIN_ANEW = 'Nothing was done. Open the form again, and send it from there.'
const FORM_REFUSALS: Readonly<Record<FormRefusal, Answer>> = {
  type: plainPage(415, 'Not a form of this bank', BEGIN_ANEW),
  length: plainPage(413, 'Too long', BEGIN_ANEW),
  twice: plainPage(400, 'A field came twice', BEGIN_ANEW),
  origin: plainPage(403, 'From another page', 'Another page than one of this bank has sent this form.', BEGIN_ANEW),
  token: plainPage(403, 'Not a form of this session', BEGIN_ANEW),
}

function strange(why: string): Answer {
  return plainPage(
    401,
    'The bank does not know who asks',
    `It believes nothing but the signed statement of its door, and ${why}.`,
    'Come in by the door, and sign in there.',
  )
}

function send(request: IncomingMessage, response: ServerResponse, answer: Answer, statement?: Statement): void {
  const location = 'location' in answer ? answer.location : undefined
  const body = 'location' in answer ? '' : String(drawPage(answer, statement))
  response.writeHead(answer.status, {
    'Content-Type': 'text/html; charset=utf-8',
    'Content-Length': Buffer.byteLength(body),
    'Content-Security-Policy': PAGE_POLICY,
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'X-Content-Type-Options': 'nosniff',
    // With `no-referrer`, a form would come from nowhere (`Origin: null`).
    'Referrer-Policy': 'same-origin',
    'Cache-Control': 'no-store',
    ...(location !== undefined && { Location: location }),
    ...('allow' in answer && answer.allow !== undefined && { Allow: answer.allow }),
    // What was not read of a body is not read as a request.
    ...(!request.complete && { Connection: 'close' }),
  })
  response.end(request.method === 'HEAD' ? undefined : body)
}
