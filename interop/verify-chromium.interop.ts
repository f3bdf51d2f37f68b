// The verifier in a browser: the packages' own modules in Debian's Chromium, over its WebCrypto, against what Node decides.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { stripTypeScriptTypes } from 'node:module'
import type { AddressInfo } from 'node:net'
import { after, before, suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { PathContext } from '@countersign/verify'
import { writeOCSPResponse } from '@countersign/x509'
import { type Browser, chromium, type Page } from 'playwright-core'
import { type Case, chainOf, contextFor } from './chains/chain.ts'
import { checkSignature as usual } from './chains/check-signature.ts'
import { EVERY_CASE } from './chains/every-case.ts'
import { anchorOf, contextOf, intermediate, leaf, root } from './chains/house.ts'
import { answer, digest } from './chains/responder.ts'
import { findProgram, needs } from './peer.ts'

/** A question as JSON, octets in base64. */
function toJson(
  peer: readonly Uint8Array[],
  { anchors, issuers, status, now, checkSignature: _, ...rest }: PathContext,
) {
  return {
    peer: peer.map((der) => der.toBase64()),
    anchors: anchors.map(({ name, subjectPublicKeyInfo, certificate }) =>
      certificate === undefined
        ? { name: name.der.toBase64(), key: subjectPublicKeyInfo.der.toBase64() }
        : { certificate: certificate.der.toBase64() },
    ),
    issuers: issuers.map(({ der }) => der.toBase64()),
    mode: status.mode,
    crls: status.crls.map(({ crl }) => crl.der.toBase64()),
    answers: status.ocsp?.answers.map(({ response }) =>
      response.responseStatus === 'successful'
        ? writeOCSPResponse(response.basic.tbsDer, response.basic).toBase64()
        : '',
    ),
    now: String(now),
    rest,
  }
}
type Asked = ReturnType<typeof toJson>

/** Runs in the page. */
async function ask(asked: Asked): Promise<readonly string[]> {
  const { verifyPathAsync, checkSignatureOver, indexCrl, anchorOf } = await import('@countersign/verify')
  const { readCertificate, readCertificateList, readName, readOCSPResponse, readSubjectPublicKeyInfo } = await import(
    '@countersign/x509'
  )
  const octets = (text: string) => Uint8Array.fromBase64(text)
  const { subtle } = globalThis.crypto
  const verdict = await verifyPathAsync(asked.peer.map(octets), {
    ...asked.rest,
    anchors: asked.anchors.map(({ certificate, name = '', key = '' }) =>
      certificate === undefined
        ? { name: readName(octets(name)), subjectPublicKeyInfo: readSubjectPublicKeyInfo(octets(key)) }
        : anchorOf(readCertificate(octets(certificate))),
    ),
    issuers: asked.issuers.map((der) => readCertificate(octets(der))),
    status: {
      mode: asked.mode,
      crls: asked.crls.map((der) => indexCrl(readCertificateList(octets(der)))),
      ...(asked.answers && {
        ocsp: {
          answers: asked.answers.map((der) => ({ response: readOCSPResponse(octets(der)) })),
          digest: async (hash, input) => new Uint8Array(await subtle.digest(hash, new Uint8Array(input))),
        },
      }),
    },
    now: Temporal.Instant.from(asked.now),
    checkSignature: checkSignatureOver(subtle),
  })
  return verdict.ok ? [] : verdict.findings.map(({ code }) => code).toSorted()
}

const PACKAGES = ['x509', 'verify']
const IMPORTS = Object.fromEntries(PACKAGES.map((name) => [`@countersign/${name}`, `/${name}/index.ts`]))
const PAGE = `<!doctype html><link rel="icon" href="data:,"><script type="importmap">${JSON.stringify({ imports: IMPORTS })}</script>`

/** Serves the sources of the packages, without their types and otherwise as they are. */
function serveSources(): Promise<Server> {
  const server = createServer((request, response) => {
    const [, name = '', path = ''] = /^\/(\w+)\/([\w/-]+\.ts)$/.exec(request.url ?? '') ?? []
    if (request.url === '/') response.setHeader('content-type', 'text/html').end(PAGE)
    else if (!PACKAGES.includes(name)) response.writeHead(404).end()
    else {
      const file = fileURLToPath(new URL(`../packages/${name}/src/${path}`, import.meta.url))
      response.setHeader('content-type', 'text/javascript').end(stripTypeScriptTypes(readFileSync(file, 'utf8')))
    }
  })
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)))
}

suite('the verifier in Chromium', needs('chromium', 'chromium'), () => {
  let server: Server
  let browser: Browser
  let page: Page
  const complaints: string[] = []

  before(async () => {
    server = await serveSources()
    browser = await chromium.launch({ executablePath: findProgram('chromium') ?? '', args: ['--no-sandbox'] })
    page = await browser.newPage()
    page.on('console', (message) => complaints.push(message.text()))
    page.on('pageerror', ({ message }) => complaints.push(message))
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
  })
  after(async () => {
    await browser?.close()
    server?.close()
  })

  test('every chain is decided as in Node', async () => {
    const cases = EVERY_CASE.filter(isUsual)
    assert.ok(cases.length > 250, `${cases.length} chains`)
    const others: unknown[] = []
    for (const one of cases) {
      const chain = chainOf(one)
      const peer = [chain.party.certificate.der, chain.issuing.certificate.der]
      const codes = await page.evaluate(ask, toJson(peer, contextFor(one, chain)))
      if (JSON.stringify(codes) !== JSON.stringify(one.codes)) others.push([one.what, codes, one.codes])
    }
    assert.deepEqual(others, [])
    assert.deepEqual(complaints, [])
  })

  for (const [what, kind, codes] of [
    ['an answer of a responder that it is good', 'good', []],
    ['an answer of a responder that it does not know', 'unknown', ['ERR_VERIFY_STATUS_UNKNOWN']],
  ] as const)
    test(what, async () => {
      const anchor = root()
      const issuing = intermediate(anchor)
      const party = leaf(issuing)
      const answers = [answer(issuing, anchor), answer(party, issuing, { status: { kind } })]
      const context = contextOf([anchorOf(anchor)], {
        status: { mode: 'require', crls: [], ocsp: { answers, digest } },
      })
      assert.deepEqual(
        await page.evaluate(ask, toJson([party.certificate.der, issuing.certificate.der], context)),
        codes,
      )
    })
})

/** What JSON can carry. */
function isUsual(one: Case): boolean {
  if (one.ask !== undefined) return false
  const { checkSignature, status, profile } = contextFor(one, chainOf(one))
  return checkSignature === usual && status.announced === undefined && profile?.isPublicSuffix === undefined
}
