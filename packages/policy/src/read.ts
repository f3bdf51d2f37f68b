// Reads policy.yaml: every fault with its line and column, and the nearest name where a key is unknown.
import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, type YAMLMap } from 'yaml'
import { type Expression, ExpressionError, labelsOf, readExpression } from './expression.ts'
import { type Hours, readHours } from './hours.ts'
import { identityNamed } from './labels.ts'
import { type NormalName, PROOF_KINDS } from './model.ts'
import { addressFault, type Duty, readDuty } from './must.ts'
import { nearest } from './nearest.ts'
import {
  type Expectation,
  type Lock,
  type MailExpectation,
  NO_RULES,
  type Requirement,
  type Rule,
  type Rules,
} from './rule.ts'

/** One thing that is wrong with a policy. */
export interface Fault {
  /** From 1. */
  readonly line: number
  readonly column: number
  readonly text: string
}

/** The rules, or everything that is wrong with them. */
export type ReadPolicy =
  | { readonly ok: true; readonly rules: Rules }
  | { readonly ok: false; readonly faults: readonly Fault[] }

const MAX_CHARACTERS = 4_194_304
const MAX_ENTRIES = 10_000
const MAX_FAULTS = 100
// What is told at a refusal, and compared with names, is as long as those can be.
const MAX_TEXT = 2_048
const MAX_REASON = 200
const KEYS = {
  '': ['meet', 'must', 'lock', 'expect'],
  meet: ['rule', 'who', 'what', 'proof', 'sees', 'while'],
  lock: ['who', 'what', 'reason', 'until'],
} as const
const RULE_NAME = /^[^\p{C}]{1,120}$/u
const MAIL_EXPECTATION = /^mail\s+(?:(to)|from)\s+(\S+)\s+(must|need\s+not)\s+be\s+(encrypted|verified)$/
const EXPECTATION = /^(.*?)\s+(can|cannot)\s+meet\s+(.*)$/s
const AGE = /^([a-z]+)(?:\s*<\s*(\d{1,6})\s*([smhd]))?$/
/** For callers without a certificate. */
const NO_PROOF = 'none'

const SECONDS = { s: 1, m: 60, h: 3_600, d: 86_400 } as const

/**
 * Reads a policy; pure, never throws for what a file may hold.
 * @param normalName By this a name that is written otherwise is a fault: it would never be met, and a lock on it lock nobody.
 */
export function readPolicy(text: string, normalName: NormalName = (name) => name): ReadPolicy {
  if (text.length > MAX_CHARACTERS)
    return { ok: false, faults: [{ line: 1, column: 1, text: `more than ${MAX_CHARACTERS} characters` }] }
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true })
  const faults: Fault[] = []
  const faultAt = (offset: number, message: string) => {
    const { line, col } = lines.linePos(offset)
    if (faults.length < MAX_FAULTS) faults.push({ line, column: col, text: message })
  }
  for (const { pos, message } of [...document.errors, ...document.warnings]) faultAt(pos[0], message)
  const reader = new Reader(faultAt, (offset) => lines.linePos(offset).line, normalName)
  const rules = faults.length > 0 ? NO_RULES : reader.policy(document.contents)
  // As a file is that was cut off before its first line.
  if (faults.length === 0 && rules.meet.length + rules.must.length + rules.lock.length === 0) faultAt(0, EMPTY_POLICY)
  return faults.length > 0 ? { ok: false, faults } : { ok: true, rules }
}

const EMPTY_POLICY =
  'the policy is empty: there is no rule and no lock in it; one that is to let nobody in says so by a lock'

/** Walks the nodes of one document. What cannot be read is a fault, and something harmless stands in its place. */
class Reader {
  readonly #fault: (offset: number, message: string) => void
  readonly #lineOf: (offset: number) => number
  readonly #normalName: NormalName
  readonly #names = new Set<string>()

  constructor(
    fault: (offset: number, message: string) => void,
    lineOf: (offset: number) => number,
    normalName: NormalName,
  ) {
    this.#fault = fault
    this.#lineOf = lineOf
    this.#normalName = normalName
  }

  policy(contents: unknown): Rules {
    if (contents === null || (isScalar(contents) && contents.value === null)) return NO_RULES
    const map = this.#map(contents, '', 'the file must be a mapping with the keys meet, must, lock and expect')
    if (map === undefined) return NO_RULES
    return {
      meet: this.#list(map.get('meet', true)).flatMap((node) => this.#rule(node)),
      must: this.#list(map.get('must', true)).flatMap((node) => this.#duty(node)),
      lock: this.#list(map.get('lock', true)).flatMap((node) => this.#lock(node)),
      expect: this.#list(map.get('expect', true)).flatMap((node) => this.#expectation(node)),
    }
  }

  #rule(node: Node): Rule[] {
    const map = this.#map(node, 'meet', 'a rule must be a mapping with the keys rule, who and what')
    if (map === undefined) return []
    const name = this.#text(map, 'rule', 'a rule must have a name: rule')
    const who = this.#expression(map, 'who')
    const what = this.#expression(map, 'what')
    const proof = this.#proofs(map)
    const sees = this.#texts(map, 'sees')
    for (const name of sees)
      this.#checkName(name, (message) => this.#fault(offsetOf(map.get('sees', true) as Node), `sees: ${message}`))
    const hours = this.#hours(map)
    if (name === undefined || who === undefined || what === undefined) return []
    const at = offsetOf(map)
    if (!RULE_NAME.test(name)) this.#fault(at, 'the name of a rule has 1 to 120 printable characters')
    if (this.#names.has(name)) this.#fault(at, `there is another rule with the name ${name}`)
    this.#names.add(name)
    return [{ name, who, what, proof, sees, ...(hours && { while: hours }), line: this.#lineOf(at) }]
  }

  #duty(node: Node): Duty[] {
    const at = offsetOf(node)
    const text = isScalar(node) && typeof node.value === 'string' ? node.value.slice(0, MAX_TEXT) : ''
    const read = readDuty(text, this.#normalName)
    if (typeof read !== 'string') return [{ ...read, line: this.#lineOf(at) }]
    this.#fault(at, read)
    return []
  }

  #lock(node: Node): Lock[] {
    const map = this.#map(node, 'lock', 'a lock must be a mapping with the keys who and reason')
    if (map === undefined) return []
    const who = this.#expression(map, 'who')
    const what = map.has('what') ? this.#expression(map, 'what') : undefined
    const reason = this.#text(map, 'reason', 'a lock must say why: reason')
    const until = this.#until(map)
    if (who === undefined || reason === undefined) return []
    if (reason.length > MAX_REASON)
      this.#fault(offsetOf(map.get('reason', true) as Node), `a reason has at most ${MAX_REASON} characters`)
    return [{ who, ...(what && { what }), reason, ...(until && { until }), line: this.#lineOf(offsetOf(map)) }]
  }

  #expectation(node: Node): (Expectation | MailExpectation)[] {
    const at = offsetOf(node)
    const text = isScalar(node) && typeof node.value === 'string' ? node.value : undefined
    const ofMail = text === undefined ? undefined : this.#mailExpectation(text, at)
    if (ofMail) return [ofMail]
    const [, who, can, what] = EXPECTATION.exec(text ?? '') ?? []
    if (text === undefined || who === undefined || what === undefined) {
      this.#fault(at, 'an expectation must be as in group:ops can meet service:db, or cannot')
      return []
    }
    const read = (part: string) => this.#readExpression(part, (_at, message) => this.#fault(at, `${part}: ${message}`))
    const [left, right] = [read(who), read(what)]
    if (left === undefined || right === undefined) return []
    return [{ who: left, what: right, can: can === 'can', text, line: this.#lineOf(at) }]
  }

  #mailExpectation(text: string, at: number): MailExpectation | undefined {
    const [, to, address, must, act] = MAIL_EXPECTATION.exec(text.trim().slice(0, MAX_TEXT)) ?? []
    if (address === undefined || (to === undefined) !== (act === 'verified')) return undefined
    const fault = addressFault(address, this.#normalName)
    if (fault !== undefined) this.#fault(at, fault)
    return {
      act: to === undefined ? 'verify' : 'encrypt',
      ...{ address, must: must === 'must', text, line: this.#lineOf(at) },
    }
  }

  #proofs(map: YAMLMap): readonly Requirement[] {
    if (!map.has('proof')) return [{ kind: 'certificate' }]
    const texts = this.#texts(map, 'proof')
    // Said in a word, and never by a list that came out empty.
    if (texts.length === 1 && texts[0]?.trim() === NO_PROOF) return []
    if (texts.length === 0) this.#fault(offsetOf(map), `proof must ask for something, or be ${NO_PROOF}`)
    return texts.flatMap((text) => {
      const [, word = '', amount, unit] = AGE.exec(text.trim()) ?? []
      const kind = PROOF_KINDS.find((each) => each === word)
      if (kind === undefined) {
        const like = nearest(word || text, PROOF_KINDS)
        const hint = like === undefined ? `; there are ${PROOF_KINDS.join(', ')}` : `; did you mean ${like}?`
        this.#fault(offsetOf(map.get('proof', true) as Node), `there is no proof ${text}${hint}`)
        return []
      }
      if (kind === 'certificate' && amount !== undefined)
        this.#fault(
          offsetOf(map.get('proof', true) as Node),
          'a certificate is proved by the channel for as long as that is open, and has no age; passkey, totp and password have one',
        )
      const size = SECONDS[unit as keyof typeof SECONDS]
      return [{ kind, ...(amount !== undefined && { maxAgeSeconds: Number(amount) * size }) }]
    })
  }

  #hours(map: YAMLMap): Hours | undefined {
    const text = map.has('while') ? this.#text(map, 'while', 'while must be a text') : undefined
    if (text === undefined) return undefined
    try {
      return readHours(text)
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      this.#fault(offsetOf(map.get('while', true) as Node), `while ${error.message}`)
      return undefined
    }
  }

  #until(map: YAMLMap): Temporal.Instant | undefined {
    const text = map.has('until') ? this.#text(map, 'until', 'until must be a date or a time') : undefined
    if (text === undefined) return undefined
    try {
      return /^\d{4}-\d\d-\d\d$/.test(text)
        ? Temporal.PlainDate.from(text).toZonedDateTime('UTC').toInstant()
        : Temporal.Instant.from(text)
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      this.#fault(offsetOf(map.get('until', true) as Node), 'until must be as in 2027-01-01 or 2027-01-01T12:00:00Z')
      return undefined
    }
  }

  #expression(map: YAMLMap, key: 'who' | 'what'): Expression | undefined {
    const text = this.#text(map, key, `${key} must be labels, as in group:ops & device:managed`)
    if (text === undefined) return undefined
    const node = map.get(key, true)
    const quoted = isScalar(node) && (node.type === 'QUOTE_DOUBLE' || node.type === 'QUOTE_SINGLE') ? 1 : 0
    const start = offsetOf(node as Node) + quoted
    return this.#readExpression(text, (at, message) => this.#fault(start + at, `${key}: ${message}`))
  }

  #readExpression(text: string, faultAt: (at: number, message: string) => void): Expression | undefined {
    try {
      const read = readExpression(text)
      for (const label of new Set(labelsOf(read)))
        if (identityNamed(label) !== undefined)
          this.#checkName(label, (message) => faultAt(text.indexOf(label), message))
      return read
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error
      faultAt(error.at, error.message)
      return undefined
    }
  }

  /** What certificates prove is compared as they are read: another spelling is met by nobody. */
  #checkName(name: string, fault: (message: string) => void): void {
    const normal = this.#normalName(name)
    if (normal === undefined) fault(`no certificate can prove ${name}`)
    else if (normal !== name) fault(`write ${name} as certificates are read: ${normal}`)
  }

  #texts(map: YAMLMap, key: string): readonly string[] {
    const node = map.get(key, true) as Node | undefined
    if (node === undefined) return []
    const items = isSeq(node) ? (node.items as Node[]) : [node]
    return items.flatMap((item) => {
      if (isScalar(item) && typeof item.value === 'string' && item.value.trim() !== '' && item.value.length <= MAX_TEXT)
        return [item.value]
      this.#fault(offsetOf(item), `${key} must be a text of at most ${MAX_TEXT} characters, or a list of such texts`)
      return []
    })
  }

  #text(map: YAMLMap, key: string, otherwise: string): string | undefined {
    const node = map.get(key, true) as unknown
    // A date is a text to us.
    if (isScalar(node) && typeof node.value === 'string' && node.value.trim() !== '') return node.value
    if (node === undefined || isScalar(node)) {
      this.#fault(node === undefined ? offsetOf(map) : offsetOf(node as Node), otherwise)
      return undefined
    }
    this.#fault(offsetOf(node as Node), otherwise)
    return undefined
  }

  #list(node: unknown): readonly Node[] {
    if (node === undefined || node === null || (isScalar(node) && node.value === null)) return []
    if (!isSeq(node)) {
      this.#fault(offsetOf(node as Node), 'must be a list')
      return []
    }
    if (node.items.length > MAX_ENTRIES) this.#fault(offsetOf(node), `more than ${MAX_ENTRIES} entries`)
    return node.items as Node[]
  }

  #map(node: unknown, place: keyof typeof KEYS, otherwise: string): YAMLMap | undefined {
    if (!isMap(node)) {
      this.#fault(offsetOf(node as Node), otherwise)
      return undefined
    }
    const known: readonly string[] = KEYS[place]
    for (const { key } of node.items) {
      const name = isScalar(key) ? String(key.value) : ''
      if (known.includes(name)) continue
      const like = nearest(name, known)
      this.#fault(
        offsetOf(key as Node),
        `there is no key ${name}${like === undefined ? '' : `; did you mean ${like}?`}`,
      )
    }
    return node
  }
}

function offsetOf(node: Node | undefined | null): number {
  return node?.range?.[0] ?? 0
}
