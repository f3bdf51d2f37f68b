// The elements of a message of CMS as they come, octet by octet, down to its content: X.690 §8.1 over pieces.
import { derFromBer } from '../der/ber.ts'
import { closeDer, openDer } from '../der/cursor.ts'
import { DerError } from '../der/error.ts'
import { readOid } from '../der/oid.ts'
import { TAG } from '../der/tag.ts'
import { CMS_LIMITS } from '../limits.ts'
import type { Oid } from '../model.ts'
import { CmsError } from './error.ts'

/** What the walk has come to. `hasContent`: whether a content stands there, or it is detached. */
export type WalkedPart =
  | { readonly part: 'prefix'; readonly hasContent: boolean }
  | { readonly part: 'content'; readonly octets: Uint8Array }
  | { readonly part: 'rest' }

/** `holder` is what holds the content, `wrap` the EXPLICIT tag around it, `string` a content in parts, `kept` what is handed on. */
type Role = 'info' | 'explicit' | 'message' | 'holder' | 'wrap' | 'string' | 'kept'

/** An element that was entered. */
interface Frame {
  readonly role: Role
  readonly isIndefinite: boolean
  /** Index, from the start of the message, that nothing within may reach over; where it ends, unless it is indefinite. */
  readonly limit: number
  children: number
}

/** Octets that are kept, within a budget; a message may be of millions of elements, so that none has an array of its own. */
class Kept {
  readonly #maxOctets: number
  #octets = new Uint8Array()
  #length = 0
  constructor(maxOctets: number) {
    this.#maxOctets = maxOctets
  }
  add(octets: Uint8Array, at: number): void {
    const length = this.#length + octets.length
    if (length > this.#maxOctets) throw new DerError('ERR_DER_LENGTH_LIMIT', at)
    if (length > this.#octets.length) {
      const larger = new Uint8Array(Math.max(length, 2 * this.#octets.length, 256))
      larger.set(this.#octets)
      this.#octets = larger
    }
    this.#octets.set(octets, this.#length)
    this.#length = length
  }
  whole(): Uint8Array {
    return this.#octets.subarray(0, this.#length)
  }
}

const EXPLICIT = 0xa0
const PRIMITIVE_CONTENT = 0x80
const PARTS = TAG.octetString | 0x20
const CONSTRUCTED = 0x20
/** Twice what the contents of an object identifier may have (`readOid`): its length may be in too many octets. */
const MAX_TYPE_OCTETS = 256

/** Walks one ContentInfo. What is kept is octet for octet what came; what its elements mean is for the readers of a whole. */
export class BerWalk {
  readonly #contentIs: (contentType: Oid) => 'explicit' | 'implicit'
  readonly #type = new Kept(MAX_TYPE_OCTETS)
  readonly #before: Kept
  readonly #within: Kept
  readonly #rest: Kept
  readonly #frames: Frame[] = []
  #form: 'explicit' | 'implicit' = 'explicit'
  /** Header octets of an element of which they are not all there. */
  #header: number[] = []
  /** Octets still to come of an element that is not entered, and where they go. */
  #left = 0
  #sink: Kept | 'content' = this.#type
  #at = 0
  #stage: 'type' | 'before' | 'within' | 'content' | 'rest' | 'done' = 'type'

  /** @param contentIs Told the content type; answers how a message of it has its content. */
  constructor(maxOctets: number, contentIs: (contentType: Oid) => 'explicit' | 'implicit') {
    this.#contentIs = contentIs
    this.#before = new Kept(maxOctets)
    this.#within = new Kept(maxOctets)
    this.#rest = new Kept(maxOctets)
  }

  /** What stands in the message before what holds the content. */
  before(): Uint8Array {
    return this.#before.whole()
  }

  /** What stands beside the content. */
  within(): Uint8Array {
    return this.#within.whole()
  }

  /** What follows the content. */
  rest(): Uint8Array {
    return this.#rest.whole()
  }

  /** @throws {DerError} always: the input ends here. */
  truncated(): never {
    throw new DerError('ERR_DER_TRUNCATED', this.#at)
  }

  /** Takes the next piece. @throws {DerError | X509Error | CmsError} when it does not go on as a message. */
  *push(piece: Uint8Array): Generator<WalkedPart> {
    let index = 0
    while (index < piece.length) {
      if (this.#stage === 'done') throw new DerError('ERR_DER_TRAILING', this.#at)
      if (this.#left === 0) {
        this.#header.push(piece[index++] as number)
        this.#at++
        const length = this.#lengthOf()
        if (length === undefined) continue
        const header = Uint8Array.from(this.#header)
        this.#header = []
        yield* this.#element(header, length)
        continue
      }
      const octets = piece.subarray(index, index + this.#left)
      if (this.#sink === 'content') yield { part: 'content', octets }
      else this.#sink.add(octets, this.#at)
      index += octets.length
      this.#at += octets.length
      this.#left -= octets.length
      if (this.#left === 0) yield* this.#stepped()
    }
  }

  /** The length by the header octets so far, undefined while some are missing, infinite where it is indefinite. @see X.690 §8.1.3 */
  #lengthOf(): number | undefined {
    const [tag = 0, first] = this.#header
    if ((tag & 0x1f) === 0x1f) throw new DerError('ERR_DER_HIGH_TAG', this.#at - 1)
    if (first === undefined || first < 0x80) return first
    if (first === 0x80) return Number.POSITIVE_INFINITY
    if (first === 0xff) throw new DerError('ERR_DER_LENGTH_FORM', this.#at - 1)
    if (this.#header.length < 2 + (first & 0x7f)) return undefined
    let length = 0
    for (let i = 2; i < this.#header.length; i++) length = length * 256 + (this.#header[i] as number)
    if (!Number.isSafeInteger(this.#at + length)) throw new DerError('ERR_DER_LENGTH_LIMIT', this.#at - 1)
    return length
  }

  *#element(header: Uint8Array, length: number): Generator<WalkedPart> {
    const start = this.#at - header.length
    const tag = header[0] as number
    const top = this.#frames.at(-1)
    const limit = top?.limit ?? Number.POSITIVE_INFINITY
    const isIndefinite = length === Number.POSITIVE_INFINITY
    if (this.#at > limit || (!isIndefinite && this.#at + length > limit)) throw new DerError('ERR_DER_TRUNCATED', start)
    if (tag === 0) {
      if (length !== 0) throw new DerError('ERR_DER_TAG', start)
      if (!top?.isIndefinite) throw new DerError('ERR_DER_END_OF_CONTENTS', start)
      if (top.role === 'kept' && this.#sink !== 'content') this.#sink.add(header, start)
      yield* this.#leave()
      return yield* this.#stepped()
    }
    if (isIndefinite && (tag & CONSTRUCTED) === 0) throw new DerError('ERR_DER_INDEFINITE', start + 1)
    const role = this.#roleOf(tag, top, start)
    if (top) top.children++
    if (this.#stage === 'within' && (role === 'wrap' || role === 'string' || role === 'content')) {
      this.#stage = 'content'
      yield { part: 'prefix', hasContent: true }
    }
    if (role === 'content') this.#sink = role
    else if (role === 'kept' && this.#sink !== 'content') this.#sink.add(header, start)
    // What is kept and says its length is not looked into.
    if (role === 'content' || (role === 'kept' && !isIndefinite)) this.#left = length
    else {
      if (this.#frames.length >= CMS_LIMITS.maxDepth) throw new DerError('ERR_DER_DEPTH_LIMIT', start)
      this.#frames.push({ role, isIndefinite, limit: isIndefinite ? limit : this.#at + length, children: 0 })
    }
    if (this.#left === 0) yield* this.#stepped()
  }

  /** What an element is by where it stands; where it is kept, the sink is set. */
  #roleOf(tag: number, parent: Frame | undefined, start: number): Role | 'content' {
    const only = (wanted: number, role: Role, place: number): Role => {
      if (parent && parent.children > place) throw new DerError('ERR_DER_TRAILING', start)
      if (tag !== wanted) throw new DerError('ERR_DER_TAG', start)
      return role
    }
    const keep = (sink: Kept): Role => {
      this.#sink = sink
      return 'kept'
    }
    switch (parent?.role) {
      case undefined:
        return only(TAG.sequence, 'info', 0)
      case 'info':
        return parent.children === 0 ? keep(this.#type) : only(EXPLICIT, 'explicit', 1)
      case 'explicit':
        return only(TAG.sequence, 'message', 0)
      case 'message':
        if (this.#stage !== 'before') return keep(this.#rest)
        if (tag !== TAG.sequence) return keep(this.#before)
        this.#stage = 'within'
        return 'holder'
      case 'holder':
        if (this.#stage === 'content') throw new DerError('ERR_DER_TRAILING', start)
        if (this.#form === 'explicit') return tag === EXPLICIT ? 'wrap' : keep(this.#within)
        if (tag === PRIMITIVE_CONTENT) return 'content'
        return tag === EXPLICIT ? 'string' : keep(this.#within)
      case 'wrap':
        if (parent.children > 0) throw new DerError('ERR_DER_TRAILING', start)
        // RFC 5652 §5.2.1: in PKCS #7 it could be anything.
        if (tag !== TAG.octetString && tag !== PARTS) throw new CmsError('ERR_CMS_CONTENT_PKCS7', start)
        return tag === PARTS ? 'string' : 'content'
      case 'string':
        if (tag !== TAG.octetString && tag !== PARTS) throw new DerError('ERR_DER_SEGMENT', start)
        return tag === PARTS ? 'string' : 'content'
      case 'kept':
        return 'kept'
    }
  }

  /** After each element: those that end with it end too. */
  *#stepped(): Generator<WalkedPart> {
    if (this.#stage === 'type' && this.#frames.at(-1)?.children === 1 && this.#frames.length === 1) {
      const c = openDer(derFromBer(this.#type.whole(), CMS_LIMITS), CMS_LIMITS)
      const contentType = readOid(c)
      closeDer(c)
      this.#form = this.#contentIs(contentType)
      this.#stage = 'before'
    }
    for (let top = this.#frames.at(-1); top && !top.isIndefinite && top.limit === this.#at; top = this.#frames.at(-1))
      yield* this.#leave()
    if (this.#frames.length > 0) return
    if (this.#stage !== 'rest') throw new DerError('ERR_DER_MISSING', this.#at)
    this.#stage = 'done'
    yield { part: 'rest' }
  }

  *#leave(): Generator<WalkedPart> {
    const left = this.#frames.pop()
    if (left?.role === 'wrap' && left.children === 0) throw new DerError('ERR_DER_MISSING', this.#at)
    if (left?.role !== 'holder') return
    if (this.#stage === 'within') yield { part: 'prefix', hasContent: false }
    this.#stage = 'rest'
  }
}
