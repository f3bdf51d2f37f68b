// Where the fields and parts of a message stand. RFC 5322 §2.1, RFC 2045, RFC 2046 §5.1.
import type { Entity, Source } from '../model.ts'
import { asDelimiterOf, type Delimiter, MAX_DELIMITER_OCTETS } from './delimiter.ts'
import { describeEntity, isMultipart } from './entity.ts'
import { MailFormError } from './error.ts'
import { type HeaderBudget, HeaderLines } from './header.ts'
import { MAIL_LIMITS, type MailLimits } from './limits.ts'
import { LineCutter, type LineTaker } from './lines.ts'

/**
 * Finds the fields and parts of the entity that stands from `start` to before `end`, in one pass; places are those of the source.
 * It keeps fields and places, and no body.
 * @throws {MailFormError} when two programs could read the entity in two ways, or it is over a budget; else what the source throws.
 */
export async function scanEntity(
  source: Source,
  start: number,
  end: number,
  limits: MailLimits = MAIL_LIMITS,
): Promise<Entity> {
  if (end - start > limits.maxOctets) throw new MailFormError('message-octets', start)
  const scanner = new Scanner(start, limits)
  const cutter = new LineCutter(scanner, start)
  for await (const { buffer, byteOffset, byteLength } of source.read(start, end))
    cutter.push(Buffer.from(buffer, byteOffset, byteLength))
  cutter.end()
  return scanner.end(end)
}

type Draft = { -readonly [Key in keyof Entity]: Entity[Key] } & { readonly parts: Entity[] }

/** An entity whose end is not reached: the outermost is a frame, and the last part of each multipart that is one. */
interface Frame {
  readonly entity: Draft
  readonly header: HeaderLines
  /** Two hyphens and the boundary, of a multipart. */
  dashBoundary: Buffer | undefined
  stage: 'header' | 'leaf' | 'preamble' | 'parts' | 'epilogue'
}

class Scanner implements LineTaker {
  readonly #limits: MailLimits
  readonly #budget: HeaderBudget
  /** From outside inwards. */
  readonly #frames: Frame[] = []
  #parts = 0
  maxLineOctets = 0
  wantsDelimitersAlone = false

  constructor(start: number, limits: MailLimits) {
    this.#limits = limits
    this.#budget = { octetsLeft: limits.maxHeaderOctetsInAll }
    this.#open(start)
  }

  line(line: Buffer, start: number, end: number): void {
    const frame = this.#innermost
    const delimiter = asDelimiterOf(this.#frames, line, start)
    if (frame.stage === 'header') this.#headerLine(frame, line, start, end, delimiter)
    else if (delimiter !== undefined) this.#delimiterLine(delimiter, line, start, end)
    // RFC 2046 §5.1.1: what stands there is to be ignored; it is not to be signed either, so that is told.
    else if (frame.stage !== 'leaf' && !/^[ \t]*$/.test(line.toString('latin1'))) this.#outsiders(frame)
  }

  /** All octets were seen. */
  end(end: number): Entity {
    const frame = this.#innermost
    if (frame.stage === 'header') this.#endHeader(frame, end)
    const unclosed = this.#frames.find(({ dashBoundary, stage }) => dashBoundary !== undefined && stage !== 'epilogue')
    if (unclosed !== undefined) throw new MailFormError('boundary-unclosed', unclosed.entity.start)
    this.#closeInside(0, end)
    const [outermost] = this.#frames
    if (outermost === undefined) throw new Error('no entity was begun')
    outermost.entity.end = end
    return outermost.entity
  }

  #headerLine(frame: Frame, line: Buffer, start: number, end: number, delimiter: Delimiter | undefined): void {
    // RFC 2046 §5.1: after the fields stands an empty line, be it that of the delimiter.
    if (delimiter !== undefined) throw new MailFormError('part-header', start)
    if (line.length > this.#limits.maxHeaderLineOctets) throw new MailFormError('header-line', start)
    // A header without the end of its last line was cut, or goes on in what a part of it is read from.
    if (end - start < line.length + 2) throw new MailFormError('line-end', start)
    if (line.length > 0) frame.header.push(line, start, end)
    else this.#endHeader(frame, end)
  }

  #endHeader(frame: Frame, bodyStart: number): void {
    const parent = this.#frames.at(-2)?.entity
    Object.assign(frame.entity, describeEntity(frame.header.end(), frame.entity.start, parent), { bodyStart })
    if (!isMultipart(frame.entity)) this.#become(frame, 'leaf')
    else {
      if (this.#frames.length > this.#limits.maxDepth) throw new MailFormError('depth', frame.entity.start)
      const boundary = frame.entity.contentType.parameters.get('boundary') ?? ''
      frame.dashBoundary = Buffer.from(`--${boundary}`, 'latin1')
      this.#become(frame, 'preamble')
    }
  }

  #delimiterLine({ index, isClosing }: Delimiter, line: Buffer, start: number, end: number): void {
    const frame = this.#frames[index]
    if (frame === undefined) return
    if (frame.stage === 'epilogue') throw new MailFormError('boundary-ambiguous', start)
    const unclosed = this.#frames
      .slice(index + 1)
      .find(({ dashBoundary, stage }) => dashBoundary && stage !== 'epilogue')
    if (unclosed !== undefined) throw new MailFormError('boundary-unclosed', start)
    // The CRLF before a delimiter is its own. The first delimiter may have none: then nothing was inside.
    this.#closeInside(index, start - 2)
    if (isClosing) {
      if (frame.entity.parts.length === 0) throw new MailFormError('boundary-empty', start)
      this.#become(frame, 'epilogue')
      return
    }
    if (end - start < line.length + 2) throw new MailFormError('boundary-unclosed', start)
    frame.stage = 'parts'
    if (++this.#parts > this.#limits.maxParts) throw new MailFormError('parts', start)
    this.#open(end)
  }

  #outsiders(frame: Frame): void {
    frame.entity.hasOutsiders = true
    this.#become(frame, frame.stage)
  }

  /** Ends what stands inside the frame of this index. */
  #closeInside(index: number, end: number): void {
    for (const { entity } of this.#frames.splice(index + 1)) {
      entity.end = end
      // The empty line after a header may be the CRLF of the delimiter.
      entity.bodyStart = Math.min(entity.bodyStart, end)
    }
  }

  #open(start: number): void {
    const entity = {
      ...describeEntity([], start, undefined),
      start,
      bodyStart: start,
      end: start,
      parts: [],
      hasOutsiders: false,
    }
    this.#frames.at(-1)?.entity.parts.push(entity)
    const frame: Frame = {
      entity,
      header: new HeaderLines(this.#limits, this.#budget),
      dashBoundary: undefined,
      stage: 'header',
    }
    this.#frames.push(frame)
    this.#become(frame, 'header')
  }

  /** Which lines are needed follows from the stage of what is innermost. */
  #become(frame: Frame, stage: Frame['stage']): void {
    frame.stage = stage
    this.maxLineOctets = stage === 'header' ? this.#limits.maxHeaderLineOctets : MAX_DELIMITER_OCTETS
    this.wantsDelimitersAlone = stage === 'leaf' || (stage !== 'header' && frame.entity.hasOutsiders)
  }

  get #innermost(): Frame {
    const frame = this.#frames.at(-1)
    if (frame === undefined) throw new Error('no entity was begun')
    return frame
  }
}
