// A message of CMS that comes in pieces: what stands before its content, the content, and what follows, each once it is there.
// The walk knows of tags and lengths alone. What stands around the content is handed to the readers of whole messages, as the
// same message without a content, so that no rule stands here a second time.
import { TAG } from '../der/tag.ts'
import { joinOctets, writeOid } from '../der/write.ts'
import type { Oid } from '../model.ts'
import { OID } from '../oid.ts'
import { cmsFromBer } from './content-info.ts'
import { readAuthEnvelopedData, readEnvelopedData } from './enveloped-data.ts'
import { CmsError } from './error.ts'
import type { AuthEnvelopedData, EnvelopedData, SignedData } from './model.ts'
import { readSignedData } from './signed-data.ts'
import { BerWalk, type WalkedPart } from './walk.ts'

/** What of a message is there before its content. */
export type MessagePrefix =
  | { readonly kind: 'signedData'; readonly data: Pick<SignedData, 'version' | 'digestAlgorithms' | 'eContentType'> }
  | { readonly kind: 'envelopedData' | 'authEnvelopedData'; readonly data: EnvelopedData }

/** A message whole, but that its content, where it has one, is empty. */
export type MessageRest =
  | { readonly kind: 'signedData'; readonly data: SignedData }
  | { readonly kind: 'envelopedData'; readonly data: EnvelopedData }
  | { readonly kind: 'authEnvelopedData'; readonly data: AuthEnvelopedData }

/** What comes out of pieces, in this order: one prefix, any number of contents, one rest. */
export type MessageEvent =
  | { readonly event: 'prefix'; readonly message: MessagePrefix }
  /** A view of the piece that was pushed. */
  | { readonly event: 'content'; readonly octets: Uint8Array }
  | { readonly event: 'rest'; readonly message: MessageRest }

/** Reads one message in pieces. */
export interface MessageReader {
  /** Takes the next piece. @throws {DerError | X509Error | CmsError} when it does not go on as a message, or is over the budget. */
  push(piece: Uint8Array): Iterable<MessageEvent>
  /** Ends the reading. @throws {DerError} when the message is not whole. */
  end(): void
}

/** What may stand before a content, and what behind it, each in octets: twenty thousand recipients, or chains with their CRLs. */
export const MAX_AROUND_CONTENT = 8_388_608

const KINDS: Readonly<Record<Oid, MessageRest['kind']>> = {
  [OID['id-signedData']]: 'signedData',
  [OID['id-envelopedData']]: 'envelopedData',
  [OID['id-ct-authEnvelopedData']]: 'authEnvelopedData',
}

/**
 * Makes a reader of SignedData, EnvelopedData or AuthEnvelopedData, in BER or DER, which keeps no content. A content in one
 * part or many is given as it comes: of a message that turns out to be wrong, some may have been given.
 * @see RFC 5652 §5.1, §6.1, RFC 5083 §2.1
 */
export function createMessageReader(): MessageReader {
  let kind: MessageRest['kind'] = 'signedData'
  let hasContent = false
  let isDone = false
  const walk = new BerWalk(MAX_AROUND_CONTENT, (contentType) => {
    const found = KINDS[contentType]
    if (found === undefined) throw new CmsError('ERR_CMS_CONTENT_TYPE', 0)
    kind = found
    return kind === 'signedData' ? 'explicit' : 'implicit'
  })

  function eventOf(part: WalkedPart): MessageEvent {
    switch (part.part) {
      case 'content':
        return { event: 'content', octets: part.octets }
      case 'prefix':
        hasContent = part.hasContent
        return { event: 'prefix', message: prefixOf(kind, walk, hasContent) }
      case 'rest':
        isDone = true
        return { event: 'rest', message: restOf(kind, walk, hasContent) }
    }
  }
  return {
    *push(piece) {
      for (const part of walk.push(piece)) yield eventOf(part)
    },
    end() {
      if (!isDone) walk.truncated()
    },
  }
}

/** EnvelopedData and AuthEnvelopedData begin alike, but for versions, of which the reader of the whole says which may stand. */
function prefixOf(kind: MessageRest['kind'], walk: BerWalk, hasContent: boolean): MessagePrefix {
  if (kind !== 'signedData')
    return { kind, data: readEnvelopedData(messageOf('id-envelopedData', walk, hasContent ? IMPLICIT : NOTHING)) }
  const data = readSignedData(messageOf('id-signedData', walk, NOTHING, NO_SIGNERS))
  const { version, digestAlgorithms, eContentType } = data
  return { kind, data: { version, digestAlgorithms, eContentType } }
}

function restOf(kind: MessageRest['kind'], walk: BerWalk, hasContent: boolean): MessageRest {
  const rest = walk.rest()
  const content = hasContent ? IMPLICIT : NOTHING
  switch (kind) {
    case 'signedData':
      return { kind, data: readSignedData(messageOf('id-signedData', walk, hasContent ? EXPLICIT : NOTHING, rest)) }
    case 'envelopedData':
      return { kind, data: readEnvelopedData(messageOf('id-envelopedData', walk, content, rest)) }
    case 'authEnvelopedData':
      return { kind, data: readAuthEnvelopedData(messageOf('id-ct-authEnvelopedData', walk, content, rest)) }
  }
}

const NOTHING = new Uint8Array()
const NO_SIGNERS = Uint8Array.of(TAG.set, 0)
/** Contents of no octets, in both ways in which a message has one. */
const EXPLICIT = Uint8Array.of(0xa0, 2, TAG.octetString, 0)
const IMPLICIT = Uint8Array.of(0x80, 0)
const END = Uint8Array.of(0, 0)

/** The message with another content, BER as it came, as the DER that readers take. */
function messageOf(
  contentType: 'id-signedData' | 'id-envelopedData' | 'id-ct-authEnvelopedData',
  walk: BerWalk,
  content: Uint8Array,
  rest: Uint8Array = NOTHING,
): Uint8Array {
  const open = (tag: number) => Uint8Array.of(tag, 0x80)
  const [sequence, explicit] = [open(TAG.sequence), open(0xa0)]
  const head = [sequence, writeOid(OID[contentType]), explicit, sequence, walk.before(), sequence, walk.within()]
  return cmsFromBer(joinOctets(...head, content, END, rest, END, END, END))
}
