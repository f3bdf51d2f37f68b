// Opens the OpenPGP layers of a message, in the two forms of RFC 3156 and in no other.
import {
  type Entity,
  type Layer,
  type LayerOpener,
  MailError,
  type OpenContext,
  type OpenedLayer,
  type RefusalCode,
  type Source,
  type Spool,
} from '@countersign/protocol'
import type { PrivateKey } from 'openpgp'
import { bodyOf, expectEncryptedForm, isForm } from './form.ts'
import { judgeKey } from './keys/judge.ts'
import { readSecretKey } from './keys/read.ts'
import type { OpenPgpTrust } from './keys/trust.ts'
import { MAX_SIGNATURES, readContent } from './message/content.ts'
import { decrypt, type EncryptedFacts } from './message/decrypt.ts'
import { judgeSignature, type KnownKeys, readSignatures, type SignatureContext } from './message/signature.ts'
import { readArmor } from './octets/armor.ts'
import { collect, concat } from './octets/reader.ts'

/** What an opener has. */
export interface OpenPgpOpenerOptions {
  /** Our private keys in octets, old ones too; secret. */
  readonly keys: readonly Uint8Array[]
  readonly known: KnownKeys
  readonly trust: OpenPgpTrust
  /** Of one message, decompressed: 256 MiB unless given. */
  readonly maxOctets?: number
}

const MAX_OCTETS = 256 * 1024 * 1024
const MAX_SIGNATURE_PART_OCTETS = 65_536

/** Opens OpenPGP. @throws {MailError} for a key of ours that cannot be read: a missing key must not look like a message for others */
export async function createOpenPgpOpener(options: OpenPgpOpenerOptions): Promise<LayerOpener> {
  const keys = await Promise.all(options.keys.map(readSecretKey))
  return {
    format: 'openpgp',
    async open(entity, source, context) {
      const { contentType } = entity
      if (isForm(contentType, 'multipart/signed', 'application/pgp-signature'))
        return openSigned(entity, source, signedBy(context, options))
      if (isForm(contentType, 'multipart/encrypted', 'application/pgp-encrypted'))
        return openEncrypted(entity, source, context, keys, options)
      return undefined
    },
  }
}

function signedBy(
  { now, sender }: OpenContext,
  { known, trust }: Pick<OpenPgpOpenerOptions, 'known' | 'trust'>,
): SignatureContext {
  return { keys: known, trust, now, ...(sender !== undefined && { sender }) }
}

/** @see RFC 3156 §5 */
async function openSigned(entity: Entity, source: Source, context: SignatureContext): Promise<OpenedLayer> {
  const failed = (code: RefusalCode, note: string): OpenedLayer => ({
    layer: { kind: 'signed', format: 'openpgp', signatures: [{ outcome: { ok: false, code, note } }] },
  })
  const [signed, control] = entity.parts
  if (signed === undefined || control === undefined || entity.parts.length !== 2 || entity.hasOutsiders)
    return failed('ERR_MAIL_FORM', 'what is signed must have two parts, and nothing beside them')
  if (control.contentType.type !== 'application/pgp-signature')
    return failed('ERR_MAIL_FORM', 'the second part is not the signature')
  const inside = { source, start: signed.start, end: signed.end, entity: signed }
  try {
    const armored = await collect(bodyOf(control, source), MAX_SIGNATURE_PART_OCTETS)
    const octets = await collect(readArmor(once(armored), ['SIGNATURE', 'MESSAGE']), MAX_SIGNATURE_PART_OCTETS)
    const signatures = await Promise.all(
      (await readSignatures(octets, MAX_SIGNATURES)).map((packet) =>
        judgeSignature(packet, () => source.read(signed.start, signed.end), context),
      ),
    )
    return { layer: { kind: 'signed', format: 'openpgp', signatures }, inside }
  } catch (error) {
    if (!(error instanceof MailError)) throw error
    return { ...failed(error.code, error.note), inside }
  }
}

/** @see RFC 3156 §4, §6.2 */
async function openEncrypted(
  entity: Entity,
  source: Source,
  context: OpenContext,
  keys: readonly PrivateKey[],
  { known, trust, maxOctets = MAX_OCTETS }: OpenPgpOpenerOptions,
): Promise<OpenedLayer> {
  const facts: EncryptedFacts = { isAuthenticated: false, recipients: 0 }
  try {
    const data = await expectEncryptedForm(entity, source)
    const message = () => readArmor(bodyOf(data, source), ['MESSAGE'])
    const { key, packets } = await decrypt(message, { keys, now: context.now, spool: () => context.spool(), facts })
    const { signatures, content } = await readAndForget(packets, context.spool(), maxOctets)
    const { signer } = await judgeKey(key, { side: 'callee', trust, now: context.now })
    const within = await withinOf(signatures, content, signedBy(context, { known, trust }))
    return {
      layer: { ...layerOf(facts), openedBy: signer, outcome: { ok: true } },
      ...(within && { within }),
      inside: { source: content, start: 0, end: content.length },
    }
  } catch (error) {
    if (!(error instanceof MailError)) throw error
    return { layer: { ...layerOf(facts), outcome: { ok: false, code: error.code, note: error.note } } }
  }
}

/** The packets are not needed any more when their content was read; its spool outlives them, unless it is refused. */
async function readAndForget(
  packets: Spool,
  spool: Spool,
  maxOctets: number,
): Promise<{ readonly signatures: readonly Uint8Array[]; readonly content: Source }> {
  await using ending = new AsyncDisposableStack()
  ending.use(packets)
  await using unless = new AsyncDisposableStack()
  unless.use(spool)
  const inner = await packets.source()
  const { signatures } = await readContent(inner.read(0, inner.length), spool, maxOctets)
  const content = await spool.source()
  unless.move()
  return { signatures, content }
}

function layerOf(facts: EncryptedFacts): Omit<Extract<Layer, { kind: 'encrypted' }>, 'outcome'> {
  return { kind: 'encrypted', format: 'openpgp', ...facts }
}

async function withinOf(
  packets: readonly Uint8Array[],
  content: Source,
  context: SignatureContext,
): Promise<Layer | undefined> {
  if (packets.length === 0) return undefined
  try {
    const signatures = await Promise.all(
      (await readSignatures(concat(packets), MAX_SIGNATURES)).map((packet) =>
        judgeSignature(packet, () => content.read(0, content.length), context),
      ),
    )
    return { kind: 'signed', format: 'openpgp', signatures }
  } catch (error) {
    if (!(error instanceof MailError)) throw error
    const outcome = { ok: false, code: error.code, note: error.note } as const
    return { kind: 'signed', format: 'openpgp', signatures: [{ outcome }] }
  }
}

async function* once(octets: Uint8Array): AsyncGenerator<Uint8Array> {
  yield octets
}
