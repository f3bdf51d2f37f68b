// Labels joined by `&`, `|`, `!` and parentheses: who, and what.

/** A condition on labels. */
export type Expression =
  | { readonly kind: 'label'; readonly label: string }
  | { readonly kind: 'not'; readonly of: Expression }
  | { readonly kind: 'and' | 'or'; readonly of: readonly Expression[] }

/** Where an expression cannot be read. */
export class ExpressionError extends Error {
  override readonly name = 'ExpressionError'
  /** Index of the character. */
  readonly at: number
  constructor(text: string, at: number) {
    super(text)
    this.at = at
  }
}

// A person reads it in one sentence; what is longer wants labels of its own.
const MAX_LABELS = 64
const MAX_CHARACTERS = 2_048
const MAX_DEPTH = 16
// Questions look at each alternative.
const MAX_ALTERNATIVES = 1_024
const TOKEN = /\s*(?:([&|!()])|([A-Za-z0-9][A-Za-z0-9._:/@*+-]*))/y

/**
 * Reads `group:ops & (device:managed | !kind:person)`: `!` binds more than `&`, and `&` more than `|`.
 * @throws {ExpressionError} where it is none, or is too long.
 */
export function readExpression(text: string): Expression {
  if (text.length > MAX_CHARACTERS) throw new ExpressionError(`more than ${MAX_CHARACTERS} characters`, MAX_CHARACTERS)
  const tokens = tokensOf(text)
  let next = 0
  let labels = 0
  const end = text.trimEnd().length

  const readOr = (depth: number): Expression => readJoined('or', '|', () => readAnd(depth))
  const readAnd = (depth: number): Expression => readJoined('and', '&', () => readOne(depth))
  const readJoined = (kind: 'and' | 'or', sign: string, part: () => Expression): Expression => {
    const of = [part()]
    while (tokens[next]?.text === sign) {
      next++
      of.push(part())
    }
    const [only] = of
    return of.length === 1 && only !== undefined ? only : { kind, of }
  }
  const readOne = (depth: number): Expression => {
    const token = tokens[next]
    if (token === undefined) throw new ExpressionError('a label is missing', end)
    if (depth > MAX_DEPTH) throw new ExpressionError('too many parentheses and negations', token.at)
    next++
    if (token.text === '!') return { kind: 'not', of: readOne(depth + 1) }
    if (token.text === '(') {
      const inner = readOr(depth + 1)
      if (tokens[next]?.text !== ')')
        throw new ExpressionError('a closing parenthesis is missing', tokens[next]?.at ?? end)
      next++
      return inner
    }
    if (!token.isLabel) throw new ExpressionError(`a label is missing before ${token.text}`, token.at)
    if (++labels > MAX_LABELS) throw new ExpressionError(`more than ${MAX_LABELS} labels`, token.at)
    return { kind: 'label', label: token.text }
  }

  const read = readOr(0)
  const rest = tokens[next]
  if (rest !== undefined) throw new ExpressionError(`& or | is missing before ${rest.text}`, rest.at)
  if (countAlternatives(read) > MAX_ALTERNATIVES)
    throw new ExpressionError(`more than ${MAX_ALTERNATIVES} ways to fulfil it`, 0)
  return read
}

interface Token {
  readonly text: string
  readonly at: number
  readonly isLabel: boolean
}

function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = []
  TOKEN.lastIndex = 0
  const end = text.trimEnd().length
  while (TOKEN.lastIndex < end) {
    const from = TOKEN.lastIndex
    const found = TOKEN.exec(text)
    const token = found?.[1] ?? found?.[2]
    if (token === undefined) {
      const at = from + (text.slice(from).length - text.slice(from).trimStart().length)
      throw new ExpressionError(`no label begins with ${JSON.stringify(text[at])}`, at)
    }
    tokens.push({ text: token, at: TOKEN.lastIndex - token.length, isLabel: found?.[2] !== undefined })
  }
  return tokens
}

/** Whether labels fulfil it. */
export function fulfils(labels: ReadonlySet<string>, expression: Expression): boolean {
  switch (expression.kind) {
    case 'label':
      return labels.has(expression.label)
    case 'not':
      return !fulfils(labels, expression.of)
    case 'and':
      return expression.of.every((each) => fulfils(labels, each))
    case 'or':
      return expression.of.some((each) => fulfils(labels, each))
  }
}

/** How labels fulfil it: `named` where one of them is asked for, and not only others that are absent. */
export type Fulfilment = 'no' | 'unnamed' | 'named'

/** Tells how labels fulfil it: of alternatives, each for itself (`!a | b` is fulfilled by name where `b` is there). */
export function fulfilmentOf(labels: ReadonlySet<string>, expression: Expression, wanted = true): Fulfilment {
  if (expression.kind === 'not') return fulfilmentOf(labels, expression.of, !wanted)
  if (expression.kind === 'label') {
    if (labels.has(expression.label) !== wanted) return 'no'
    return wanted ? 'named' : 'unnamed'
  }
  const parts = expression.of.map((each) => fulfilmentOf(labels, each, wanted))
  // Neither … nor is not this and not that: `!` turns the one into the other.
  const all = (expression.kind === 'and') === wanted
  if (all ? parts.includes('no') : parts.every((part) => part === 'no')) return 'no'
  return parts.includes('named') ? 'named' : 'unnamed'
}

/** Of each alternative in which it can be fulfilled, the labels that it asks for, as far as `isMeant`. */
export function alternativesOf(
  expression: Expression,
  isMeant: (label: string) => boolean = () => true,
  wanted = true,
): readonly (readonly string[])[] {
  if (expression.kind === 'not') return alternativesOf(expression.of, isMeant, !wanted)
  if (expression.kind === 'label') return [wanted && isMeant(expression.label) ? [expression.label] : []]
  const parts = expression.of.map((each) => alternativesOf(each, isMeant, wanted))
  const all = (expression.kind === 'and') === wanted
  const sets = all
    ? parts.reduce((some, part) => some.flatMap((one) => part.map((other) => [...one, ...other])))
    : parts.flat()
  return [...new Map(sets.map((set) => [...new Set(set)].sort()).map((set) => [set.join(' '), set])).values()]
}

/** In how many alternatives it can be fulfilled, at most. */
function countAlternatives(expression: Expression, wanted = true): number {
  if (expression.kind === 'label') return 1
  if (expression.kind === 'not') return countAlternatives(expression.of, !wanted)
  const counts = expression.of.map((each) => countAlternatives(each, wanted))
  return (expression.kind === 'and') === wanted
    ? counts.reduce((one, other) => one * other)
    : counts.reduce((one, other) => one + other)
}

/** Every label that is asked to be absent. */
export function denialsOf(expression: Expression, wanted = true): readonly string[] {
  if (expression.kind === 'label') return wanted ? [] : [expression.label]
  if (expression.kind === 'not') return denialsOf(expression.of, !wanted)
  return expression.of.flatMap((each) => denialsOf(each, wanted))
}

/** Every label that it speaks of. */
export function labelsOf(expression: Expression): readonly string[] {
  if (expression.kind === 'label') return [expression.label]
  return expression.kind === 'not' ? labelsOf(expression.of) : expression.of.flatMap(labelsOf)
}

/**
 * Labels of which at least one must be there for it to hold: what an index can be made of.
 * Undefined where it can hold without any.
 */
export function witnessesOf(expression: Expression): readonly string[] | undefined {
  switch (expression.kind) {
    case 'label':
      return [expression.label]
    case 'not':
      return undefined
    case 'and':
      // Any part's will do; the fewest are the best.
      return expression.of
        .flatMap((each) => {
          const labels = witnessesOf(each)
          return labels === undefined ? [] : [labels]
        })
        .sort((one, other) => one.length - other.length)[0]
    case 'or': {
      const all = expression.of.map(witnessesOf)
      return all.every((labels) => labels !== undefined) ? [...new Set(all.flat())] : undefined
    }
  }
}
