// The name that someone may have meant.
import { nearest } from '@countersign/policy/nearest'

/** A suffix for an error line: empty where nothing is near. */
export function didYouMean(word: string, names: readonly string[]): string {
  const name = nearest(word, names)
  return name === undefined ? '' : `; did you mean ${name}?`
}
