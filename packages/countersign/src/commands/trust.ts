import { hash } from 'node:crypto'
import { join, resolve } from 'node:path'
import { type Credential, openIdentity, readTrustFiles } from '@countersign/mtls'
import { formatValidity } from '@countersign/protocol'
import { type Certificate, formatName } from '@countersign/x509'
import { byHand } from '../browser/by-hand.ts'
import { chromiumStore, findNssStores, findSystemStore, findTools, type Tools } from '../browser/find-stores.ts'
import type { Belongings, Store } from '../browser/model.ts'
import { nssStore } from '../browser/nss.ts'
import { friendlyNameOf } from '../browser/pkcs12.ts'
import { type Arguments, type Around, EXIT, Failure, type Run } from '../command.ts'
import { failureOf } from '../failure-of.ts'
import { plainText } from '../output/plain-text.ts'
import { shellWord } from '../output/shell-word.ts'
import { styleOf } from '../output/style.ts'

type Act = 'install' | 'remove'

/** `countersign trust install`: the authority into the stores of the system and of browsers, after a question. */
export const trustInstall: Run = (given, around) => change('install', given, around)

/** `countersign trust remove`: takes out what `trust install` put there. */
export const trustRemove: Run = (given, around) => change('remove', given, around)

async function change(act: Act, given: Arguments, around: Around): Promise<0 | 3> {
  const { file, belongings } = await readBelongings(act, given, around)
  const stores = await storesOf(given, around, file)
  for (const line of planLines(act, belongings, stores, around)) around.err(line)
  await agreed(act, given, around)

  const style = styleOf(around.color.out)
  const results: { store: string; path: string; did: readonly string[]; failed?: string }[] = []
  for (const store of stores) {
    const { label, path } = store
    const place = plainText(`${label}, ${path}`)
    try {
      const did = await store[act](store.holdsClients ? belongings : { roots: belongings.roots })
      results.push({ store: label, path, did })
      if (given.flag('json')) continue
      const nothing = act === 'install' ? 'it was there already' : 'nothing of it was there'
      around.out(`${style.proved('✔')} ${place}: ${did.map(plainText).join('; ') || nothing}`)
    } catch (error) {
      // One store that does not take it keeps nobody from the others.
      const failure = failureOf(error)
      if (failure === undefined) throw error
      results.push({ store: label, path, did: [], failed: failure.message })
      around.err(`${style.refused('✘')} ${place}: ${plainText(failure.message)}`)
      if (failure.next !== undefined) around.err(`  ${plainText(failure.next)}`)
    }
  }
  if (given.flag('json')) around.out(JSON.stringify({ roots: belongings.roots.map(fingerprintOf), stores: results }))
  else {
    const where = [
      ...(['system', 'chromium'] as const).flatMap((name) => (given.flag(name) ? [`--${name}`] : [])),
      ...given.texts('nss').map((path) => `--nss ${shellWord(path)}`),
    ]
    const undo = [`trust ${act === 'install' ? 'remove' : 'install'} --trust ${shellWord(file)}`, ...where].join(' ')
    around.out(`restart what reads them; to undo: countersign ${undo}`)
  }
  return results.some(({ failed }) => failed !== undefined) ? EXIT.input : EXIT.ok
}

async function readBelongings(
  act: Act,
  given: Arguments,
  around: Around,
): Promise<{ readonly file: string; readonly belongings: Belongings }> {
  const [directory, trustFile] = [given.text('identity'), given.text('trust')]
  if ((directory === undefined) === (trustFile === undefined))
    throw new Failure(EXIT.usage, 'say whose authority: --identity DIR, or --trust FILE', {
      code: 'ERR_CLI_USAGE',
      next: 'a party has it in its directory, a house in countersign-data/root.pem',
    })
  const file = resolve(around.cwd, trustFile ?? join(directory ?? '', 'trust.pem'))
  const { anchors } = await readTrustFiles({ trustFile: file, revocation: 'prefer' })
  const [first, ...others] = anchors.flatMap(({ certificate }) => certificate ?? [])
  if (first === undefined) throw new RangeError('a trust file has a certificate')
  const client = act === 'install' && given.flag('client') ? await openClient(directory, around) : undefined
  return { file, belongings: { roots: [first, ...others], ...(client && { client }) } }
}

async function openClient(directory: string | undefined, around: Around): Promise<Credential> {
  if (directory === undefined)
    throw new Failure(EXIT.usage, '--client needs --identity DIR, whose certificate it is', { code: 'ERR_CLI_USAGE' })
  const identity = await openIdentity(resolve(around.cwd, directory), { clock: around.clock, renew: false })
  identity.close()
  return identity.current()
}

/** Those that were named, else all that are found. @throws {Failure} where there is none that we can change. */
async function storesOf(given: Arguments, around: Around, root: string): Promise<readonly Store[]> {
  const tools = findTools(around)
  const named = given.flag('system') || given.flag('chromium') || given.texts('nss').length > 0
  const stores: Store[] = []
  if (!named && tools.nss !== undefined) stores.push(...(await findNssStores(tools.nss, around)))
  if (given.flag('chromium')) stores.push(await chromiumStore(nssToolsOf(tools, root, around), around))
  for (const path of given.texts('nss'))
    stores.push(nssStore('NSS', resolve(around.cwd, path), nssToolsOf(tools, root, around)))
  const system = findSystemStore(tools)
  if (system !== undefined && (given.flag('system') || !named)) stores.push(system)
  if (given.flag('system') && system === undefined)
    throw byHandFailure('update-ca-certificates is not on this machine', root, around)
  if (stores.length === 0) throw byHandFailure('no store was found that this program can change', root, around)
  return stores
}

function nssToolsOf({ nss }: Tools, root: string, around: Around): NonNullable<Tools['nss']> {
  if (nss === undefined) throw byHandFailure('certutil and pk12util of NSS are not on this machine', root, around)
  return nss
}

function byHandFailure(text: string, root: string, { err }: Pick<Around, 'err'>): Failure {
  const lines = byHand(root, process.platform)
  for (const line of lines) err(plainText(line))
  return new Failure(EXIT.input, text, {
    code: 'ERR_CLI_NO_STORE',
    next: 'do it by hand, as said above',
    fields: { byHand: lines },
  })
}

function planLines(act: Act, { roots, client }: Belongings, stores: readonly Store[], around: Around): string[] {
  const { refused, strong } = styleOf(around.color.err)
  const lines = [act === 'install' ? 'to be believed:' : 'no longer to be believed:']
  for (const root of roots) {
    const { notBefore, notAfter } = root.validity
    lines.push(
      `  ${strong(plainText(formatName(root.subject)))}, ${formatValidity(notBefore, notAfter, around.clock())}`,
    )
    lines.push(`  ${fingerprintOf(root)}`)
  }
  lines.push(`  (compare: countersign up prints the fingerprint of its root)`, 'by:')
  for (const { label, path } of stores) lines.push(`  ${plainText(`${label}  ${path}`)}`)
  if (act === 'remove') return [...lines, 'what countersign trust install put there is taken out, clients’ keys too']
  if (client !== undefined)
    lines.push(
      stores.some(({ holdsClients }) => holdsClients)
        ? `with the private key of ${plainText(friendlyNameOf(client))}, for browsers to present it`
        : 'no browser has a store here: its certificate goes there by countersign export --pkcs12',
    )
  return [...lines, refused('whoever has the key of this authority can then pass for any website there')]
}

function fingerprintOf({ der }: Certificate): string {
  return `sha256:${hash('sha256', der, 'hex')}`
}

async function agreed(act: Act, given: Arguments, around: Around): Promise<void> {
  if (given.flag('yes')) return
  const answer = await around.ask(`${act === 'install' ? 'install' : 'remove'} it? [y/N] `)
  if (answer !== undefined && /^y(?:es)?$/i.test(answer.trim())) return
  throw new Failure(answer === undefined ? EXIT.usage : EXIT.refused, 'nothing was changed', {
    code: 'ERR_CLI_NOT_AGREED',
    next: 'answer y, or give --yes where there is no terminal to ask on',
  })
}
