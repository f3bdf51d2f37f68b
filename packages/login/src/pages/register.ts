// Serves the pages, and what they load. Nothing of a request is written into a page but its language.
import { randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import { brotliCompress, gzip, constants as zlib } from 'node:zlib'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type Asset, type Coding, type Entry, openAssets, STANDING } from '../assets.ts'
import { wordsIn } from '../browser/words.ts'
import { type Page, type Writing, writeDocument } from './document.ts'
import { ASSET_FIELDS, PAGE_FIELDS, pagePolicy, WORKER_POLICIES } from './fields.ts'
import { languageOf } from './language.ts'
import { setUpPage } from './set-up.ts'
import { signInPage } from './sign-in.ts'
import { accountPage, confirmPage, renewPage, signOutPage, stepUpPage } from './within.ts'

/** What the pages are told of the house. */
export interface PagesOptions {
  /** The bank's name, as its customers read it. */
  readonly bank: string
  /** How long a recovery waits. */
  readonly recoveryHours: number
  /** Whether codes can come by SMS. */
  readonly hasSms: boolean
  /** Whether notices go out by mail. */
  readonly hasMail: boolean
  /** A fresh nonce for the first proof of a page. @see RFC 9449 §8 */
  readonly nonce: () => string | Promise<string>
}

/** Each page, and the modules that it runs. */
const PAGES: Readonly<Record<string, readonly [write: (writing: Writing) => Page, ...modules: Entry[]]>> = {
  '/login/': [signInPage, 'new-here', 'sign-in'],
  '/login/set-up': [setUpPage, 'set-up'],
  '/login/renew': [renewPage, 'renew'],
  '/login/step-up': [stepUpPage, 'step-up'],
  '/login/confirm': [confirmPage, 'confirm'],
  '/login/account': [accountPage, 'account'],
  '/login/sign-out': [signOutPage, 'sign-out'],
}

/** Adds the pages below `/login`. What they load is read and compressed from now on, while the rest starts. */
export async function registerPages(app: FastifyInstance, options: PagesOptions): Promise<void> {
  const opening = openAssets()
  // Heard here already, so that a start that fails for another reason is not drowned by this one.
  opening.catch((error: unknown) => app.log.error(error))
  // For whatever is answered here; a page says more.
  app.addHook('onRequest', async (_, reply) => {
    reply.headers(ASSET_FIELDS)
  })
  for (const [path, [write, ...modules]] of Object.entries(PAGES)) {
    app.get(path, (request, reply) => sendPage(request, reply, write, modules))
  }
  app.get('/login', (_, reply) => reply.redirect('/login/', 308))
  app.get('/login/assets/*', sendAsset)
  for (const path of Object.values(STANDING)) app.get(path, sendAsset)

  async function sendPage(
    request: FastifyRequest,
    reply: FastifyReply,
    write: (writing: Writing) => Page,
    modules: readonly Entry[],
  ): Promise<FastifyReply> {
    const { url, importedBy } = await opening
    const language = languageOf(request.headers['accept-language'])
    const { bank, recoveryHours, hasSms, hasMail } = options
    const writing = { say: wordsIn(language), language, bank, recoveryHours, hasSms, hasMail, url }
    const cspNonce = randomBytes(16).toString('base64url')
    const dpopNonce = await options.nonce()
    const scripts = modules.map((name) => url(`${name}.js`))
    const once = { cspNonce, dpopNonce, scripts, imported: importedBy(modules) }
    const text = writeDocument(write(writing), writing, once)
    const coding = codingOf(request.headers['accept-encoding'])
    if (coding !== 'identity') reply.header('content-encoding', coding)
    return reply
      .headers(PAGE_FIELDS)
      .headers({ 'content-security-policy': pagePolicy(cspNonce), 'content-language': language })
      .type('text/html; charset=utf-8')
      .send(await encode(Buffer.from(text), coding))
  }

  async function sendAsset(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const { find } = await opening
    const [path = ''] = request.url.split('?', 1)
    const asset = find(path)
    if (asset === undefined) return reply.callNotFound() as unknown as FastifyReply
    const coding = codingOf(request.headers['accept-encoding'])
    reply.headers({ ...ASSET_FIELDS, ...fieldsOf(asset, coding) })
    if (request.headers['if-none-match'] === tagOf(asset, coding)) return reply.code(304).send()
    if (coding !== 'identity') reply.header('content-encoding', coding)
    return reply.type(asset.type).send(await asset.octets(coding))
  }
}

function fieldsOf(asset: Asset, coding: Coding): Readonly<Record<string, string>> {
  const policy = WORKER_POLICIES[asset.path]
  return {
    etag: tagOf(asset, coding),
    'cache-control': asset.immutable ? 'public, max-age=31536000, immutable' : 'no-cache',
    ...(policy && { 'content-security-policy': policy }),
    ...(asset.path === '/login/worker.js' && { 'service-worker-allowed': '/' }),
  }
}

/** One for each coding, as strong tags are of what is sent. @see RFC 9110 §8.8.3 */
function tagOf({ hash }: Asset, coding: Coding): string {
  return `"${hash.slice(0, 22)}-${coding}"`
}

/** The smallest that is taken. @see RFC 9110 §12.5.3 */
function codingOf(acceptEncoding: string | string[] | undefined): Coding {
  const taken = `${acceptEncoding ?? ''}`
    .toLowerCase()
    .split(',')
    .map((part) => part.trim())
    .filter((part) => !/;\s*q=0(\.0*)?$/.test(part))
    .map((part) => part.split(';', 1)[0])
  return (['br', 'gzip'] as const).find((coding) => taken.includes(coding)) ?? 'identity'
}

/** A page is written each time: quickly, and beside the event loop. */
async function encode(text: Buffer, coding: Coding): Promise<Buffer> {
  if (coding === 'br') return promisify(brotliCompress)(text, { params: { [zlib.BROTLI_PARAM_QUALITY]: 5 } })
  return coding === 'gzip' ? promisify(gzip)(text) : text
}
