// A page in Debian's Chromium that has the verifier: the packages' own modules, each by itself, over the browser's WebCrypto.
import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { stripTypeScriptTypes } from 'node:module'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import type { PathContext } from '@countersign/verify'
import { writeOCSPResponse } from '@countersign/x509'
import type { Page } from 'playwright-core'
import { launchChromium } from '../../tools/testing/chromium.ts'

const PACKAGES = ['x509', 'verify']
const IMPORTS = Object.fromEntries(PACKAGES.map((name) => [`@countersign/${name}`, `/${name}/index.ts`]))

/** What a page has seen and said. */
export interface VerifierPage {
  /** A question, answered in the page: each finding as `code depth detail`, none where it is accepted. */
  ask(question: Question): Promise<readonly string[]>
  readonly page: Page
  /** Everything that reached the console, and errors that nobody caught. */
  readonly complaints: readonly string[]
  close(): Promise<void>
}

/** Opens a page that has the modules at hand, in a browser of its own. */
export async function openVerifierPage(): Promise<VerifierPage> {
  const html = pageOf(IMPORTS)
  return openPage((path) => {
    const [, name = '', file = ''] = /^\/(\w+)\/([\w/-]+\.ts)$/.exec(path) ?? []
    if (path === '/') return ['text/html', html]
    if (!PACKAGES.includes(name)) return undefined
    const source = readFileSync(fileURLToPath(new URL(`../../packages/${name}/src/${file}`, import.meta.url)), 'utf8')
    // Without its types, and otherwise as it is.
    return ['text/javascript', stripTypeScriptTypes(source)]
  })
}

/** An empty page with an import map, and a program if there is one. */
export function pageOf(imports: Readonly<Record<string, string>>, program = ''): string {
  const script = program === '' ? '' : `<script type="module" src="${program}"></script>`
  return `<!doctype html><link rel="icon" href="data:,"><script type="importmap">${JSON.stringify({ imports })}</script>${script}`
}

/** Opens the page at `/` of a server on loopback. @param contentOf the type and the text of a path; undefined where there is none. */
export async function openPage(
  contentOf: (path: string) => readonly [string, string] | undefined,
): Promise<VerifierPage> {
  const server = await serve(contentOf)
  const browser = await launchChromium()
  const page = await browser.newPage()
  const complaints: string[] = []
  page.on('console', (message) => complaints.push(message.text()))
  page.on('pageerror', ({ message }) => complaints.push(message))
  await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
  return {
    ask: (question) => page.evaluate(answer, question),
    page,
    complaints,
    async close() {
      await browser.close()
      server.close()
    },
  }
}

function serve(contentOf: (path: string) => readonly [string, string] | undefined): Promise<Server> {
  const server = createServer((request, response) => {
    const content = contentOf(request.url ?? '')
    if (content === undefined) response.writeHead(404).end()
    else response.setHeader('content-type', content[0]).end(content[1])
  })
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)))
}

/** What a page is asked: octets in base64, and no function. */
export type Question = ReturnType<typeof questionOf>

/** Makes a question to a page of one to the verifier. @param suffixes what `isPublicSuffix` says of each domain that is asked for. */
export function questionOf(
  peer: readonly Uint8Array[],
  { anchors, issuers, status, now, checkSignature: _, profile, ...rest }: PathContext,
  suffixes: Readonly<Record<string, boolean>> = {},
) {
  const { isPublicSuffix, ...limits } = profile ?? {}
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
    profile: profile && { limits: limits as typeof profile, suffixes: isPublicSuffix && suffixes },
    rest,
  }
}

/** Runs in the page. */
async function answer(asked: Question): Promise<readonly string[]> {
  const { verifyPathAsync, checkSignatureOver, indexCrl, anchorOf } = await import('@countersign/verify')
  const { readCertificate, readCertificateList, readName, readOCSPResponse, readSubjectPublicKeyInfo } = await import(
    '@countersign/x509'
  )
  const octets = (text: string) => Uint8Array.fromBase64(text)
  const { subtle } = globalThis.crypto
  const { limits, suffixes } = asked.profile ?? {}
  const verdict = await verifyPathAsync(asked.peer.map(octets), {
    ...asked.rest,
    ...(limits && {
      profile: {
        ...limits,
        ...(suffixes && {
          isPublicSuffix: (domain: string) => {
            const known = suffixes[domain]
            if (known === undefined) throw new RangeError(`nobody asked for ${domain} before`)
            return known
          },
        }),
      },
    }),
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
  return verdict.ok ? [] : verdict.findings.map(({ code, depth, detail }) => `${code} ${depth ?? '-'} ${detail}`)
}
