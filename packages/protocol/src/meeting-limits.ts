// How long the parts of a record may be. Much of it is what a peer claims, who may be a stranger: what is longer is cut off
// when it is written, so that whatever is written can be read.
import type { Json } from './json.ts'
import { MOST_TROUBLES } from './meeting.ts'

/** Characters of texts, by their key; of all others 4,096. */
const MOST_CHARACTERS: Readonly<Record<string, number>> = {
  door: 256,
  address: 256,
  name: 256,
  party: 256,
  authority: 256,
  value: 2048,
  serialNumber: 64,
  issuerCommonName: 1024,
  serverName: 256,
  by: 256,
  protocol: 32,
  cipher: 64,
  found: 256,
  wanted: 256,
}
const MOST_CHARACTERS_OF_OTHERS = 4096

/** Items of lists, by their key; of all others 256. */
const MOST_ITEMS: Readonly<Record<string, number>> = { found: 64, proofs: 8, troubles: MOST_TROUBLES }
const MOST_ITEMS_OF_OTHERS = 256

/** The most characters that a text under `key` has, or each of a list's. */
export function mostCharacters(key: string): number {
  return MOST_CHARACTERS[key] ?? MOST_CHARACTERS_OF_OTHERS
}

/** The most items that a list under `key` has. */
export function mostItems(key: string): number {
  return MOST_ITEMS[key] ?? MOST_ITEMS_OF_OTHERS
}

/** How short what is written must be. */
export interface Limits {
  readonly characters: (key: string) => number
  readonly items: (key: string) => number
}

const READABLE: Limits = { characters: mostCharacters, items: mostItems }

/** Of a record that is kept beside many others. */
export const BRIEF: Limits = {
  characters: (key) => Math.min(mostCharacters(key), 128),
  items: (key) => (key === 'steps' ? 6 : Math.min(mostItems(key), 4)),
}

/** Cuts off what is longer, with an ellipsis: no name that anybody proves has one, so none is taken for another. */
export function withinLimits(value: Json, limits: Limits = READABLE, key = ''): Json {
  if (typeof value === 'string') return shortText(value, limits.characters(key))
  if (isList(value)) return value.slice(0, limits.items(key)).map((item) => withinLimits(item, limits, key))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([each, field]) => [each, withinLimits(field, limits, each)]))
}

/** At most `most` characters of a text. */
export function shortText(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value)
}
