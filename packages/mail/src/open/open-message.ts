// A message opened from outside inwards, and judged. What it says is shown to nobody before its verdict is there.
import { createHash } from 'node:crypto'
import { type ProtectedHeader, readProtectedHeader } from '../header/protected.ts'
import { readAddresses } from '../mime/addresses.ts'
import { withCrlf } from '../mime/crlf.ts'
import { fieldOf } from '../mime/entity.ts'
import { MailFormError } from '../mime/error.ts'
import { type PayloadContents, walkPayload } from '../mime/payload.ts'
import { scanEntity } from '../mime/scan.ts'
import { createSpool } from '../mime/source.ts'
import type { Entity, Layer, LayerOpener, Mailbox, Signer, Source, TimeEvidence } from '../model.ts'
import type { MailFacts } from '../verdict/facts.ts'
import { type MailVerdict, verdictOf } from '../verdict/verdict.ts'

/** What opening a message takes. */
export interface OpenMessageOptions {
  /** One for each format that is known here; they have the keys and the trust. */
  readonly openers: readonly LayerOpener[]
  readonly now: Temporal.Instant
  /** Where large content lies while it is opened: without a name, so that nothing of it outlives the process. */
  readonly spoolDirectory: string
  /** Whose mailbox it is. */
  readonly self?: Signer
  readonly evidenceOfTime?: TimeEvidence
}

/** A message that was read, opened as far as it goes, and judged. Its spools go with it. */
export interface OpenedMessage extends AsyncDisposable {
  readonly facts: MailFacts
  readonly verdict: MailVerdict
  /** SHA-256 of the body as it was carried. 32 octets. */
  readonly bodySha256: Uint8Array
  /** Absent where the message is not one, or not opened: nothing that is inside may be shown then. */
  readonly payload?: Payload
}

/** What stands inside of all layers. */
export interface Payload {
  readonly entity: Entity
  readonly source: Source
  readonly contents: PayloadContents
  /** The fields that count: the protected ones where there are such, else those that everybody sees. */
  readonly fields: Entity['fields']
  /** Where those stand. */
  readonly fieldsSource: Source
  readonly header?: ProtectedHeader
  /** As in {@link ProtectedHeader}, of the header that was put outermost: a server may have put another one around the sender's. */
  readonly altered: readonly string[]
  /** What stood at the top of what was decrypted, where it was: the payload, or what is signed around it. */
  readonly decrypted?: { readonly entity: Entity; readonly source: Source }
}

/** RFC 2634 §1.1 has three: signed, encrypted, signed. One more is taken, and no more. */
const MOST_LAYERS = 4

/**
 * Opens a message. Whatever its sender wrote is a verdict.
 * @throws what reading the source, or writing a spool, throws.
 */
export async function openMessage(message: Source, options: OpenMessageOptions): Promise<OpenedMessage> {
  await using stack = new AsyncDisposableStack()
  const { self, evidenceOfTime } = options
  const layers: Layer[] = []
  const around: Pick<MailFacts, 'self' | 'evidenceOfTime'> = {
    ...(self && { self }),
    ...(evidenceOfTime && { evidenceOfTime }),
  }
  const nothing = { form: { ok: true }, errants: [], attachedMessages: 0 } as const
  let outer: Entity | undefined
  let source = message
  let facts: MailFacts
  let payload: Payload | undefined
  try {
    source = await withCrlf(message)
    outer = await scanEntity(source, 0, source.length)
    const inside = await openLayers(outer, source, layers, options, stack)
    const seen = { ...around, ...outerFromOf(outer), layers }
    if (inside === undefined) facts = { ...nothing, ...seen }
    else {
      payload = await readPayload(inside, [outer, source], layers)
      facts = { ...nothing, ...seen, ...factsOf(payload) }
    }
  } catch (error) {
    if (!(error instanceof MailFormError)) throw error
    const form = { ok: false, code: error.code, note: error.message } as const
    facts = { ...nothing, ...around, ...(outer && outerFromOf(outer)), form, layers }
  }
  const verdict = verdictOf(facts)
  const bodySha256 = await sha256Of(source, outer?.bodyStart ?? 0)
  const held = stack.move()
  return {
    facts,
    verdict,
    bodySha256,
    ...(payload && verdict.state !== 'not opened' && { payload }),
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  }
}

interface Inside {
  readonly entity: Entity
  readonly source: Source
  /** What stood at the top of what was decrypted. */
  readonly decrypted?: { readonly entity: Entity; readonly source: Source } | undefined
}

/** Opens layer by layer; answers the first entity that is none, or undefined where one could not be opened. */
async function openLayers(
  outer: Entity,
  message: Source,
  layers: Layer[],
  { openers, now, spoolDirectory }: OpenMessageOptions,
  stack: AsyncDisposableStack,
): Promise<Inside | undefined> {
  const [sender, ...others] = outerFromOf(outer).outerFrom ?? []
  const context = {
    now,
    spool: () => stack.use(createSpool(spoolDirectory)),
    ...(sender && others.length === 0 && { sender: sender.address }),
  }
  let [entity, source] = [outer, message]
  let decrypted: Inside['decrypted']
  while (layers.length < MOST_LAYERS) {
    const opened = await openOne(openers, entity, source, context)
    if (opened === undefined) break
    const { layer, within, inside } = opened
    layers.push(layer, ...(within ? [within] : []))
    if (inside === undefined) return undefined
    if (inside.source === source) entity = inside.entity ?? (await scanEntity(source, inside.start, inside.end))
    else {
      // What was decrypted may have the lines of a system where they end with LF alone.
      source = await withCrlf(inside.source)
      entity = await scanEntity(source, 0, source.length)
      if (layer.kind === 'encrypted') decrypted ??= { entity, source }
    }
  }
  return { entity, source, decrypted }
}

async function openOne(
  openers: readonly LayerOpener[],
  entity: Entity,
  source: Source,
  context: Parameters<LayerOpener['open']>[2],
) {
  for (const opener of openers) {
    const opened = await opener.open(entity, source, context)
    if (opened) return opened
  }
  return undefined
}

async function readPayload(
  { entity, source, decrypted }: Inside,
  [outer, outerSource]: readonly [Entity, Source],
  layers: readonly Layer[],
): Promise<Payload> {
  const isEncrypted = layers.some(({ kind }) => kind === 'encrypted')
  const header = layers.length > 0 ? readProtectedHeader(entity, outer, isEncrypted) : undefined
  const contents = await walkPayload(entity, source)
  // What its writer did not sign is shown as it was carried: from inside, where a server hid it. It is signed by nobody still.
  const hidden =
    decrypted && decrypted.entity !== entity ? readProtectedHeader(decrypted.entity, outer, true) : undefined
  const around = hidden?.fromDiffers === false ? hidden : undefined
  const [fields, fieldsSource] = header
    ? [header.fields, source]
    : decrypted && around
      ? [around.fields, decrypted.source]
      : [outer.fields, outerSource]
  const altered = (around ?? header)?.altered ?? []
  return {
    ...{ entity, source, contents, fields, fieldsSource, altered },
    ...(header && { header }),
    ...(decrypted && { decrypted }),
  }
}

function factsOf({ header, contents, altered }: Payload): Partial<MailFacts> {
  const { errants, attachedMessages } = contents
  const known = { errants, attachedMessages, ...(altered.length > 0 && { alteredFields: altered }) }
  if (header === undefined) return known
  const { fields } = header
  return {
    ...known,
    protectedFrom: addressesOf(fields, 'From') ?? [],
    protectedTo: [...(addressesOf(fields, 'To') ?? []), ...(addressesOf(fields, 'Cc') ?? [])],
  }
}

function outerFromOf({ fields }: Entity): Pick<MailFacts, 'outerFrom'> {
  const outerFrom = addressesOf(fields, 'From')
  return outerFrom ? { outerFrom } : {}
}

/** Undefined where the field is not there, or its value is no list of addresses. */
function addressesOf(fields: Entity['fields'], name: string): readonly Mailbox[] | undefined {
  const field = fieldOf({ fields }, name)
  if (field === undefined) return undefined
  try {
    return readAddresses(field)
  } catch (error) {
    if (error instanceof MailFormError) return undefined
    throw error
  }
}

async function sha256Of(source: Source, start: number): Promise<Uint8Array> {
  const hash = createHash('sha256')
  for await (const piece of source.read(start, source.length)) hash.update(piece)
  return Uint8Array.from(hash.digest())
}
