// How much of one address may be under way at once: who sends a body slowly must not take the places of everybody.
import { networkOf } from './address-allowance.ts'

/** A page asks for some thirty files at once; and an office for a few pages. A door carries 1,024 requests to login at once. */
export const MOST_UNDER_WAY = 128

/** What is under way, by address. */
export interface UnderWay {
  /** Takes a place; answers how to leave it, once. Undefined where none is left. */
  take(address: string): (() => void) | undefined
}

/** Makes it. In memory, and of as many addresses as have something under way. */
export function createUnderWay(): UnderWay {
  const taken = new Map<string, number>()
  return {
    take(address) {
      const network = networkOf(address)
      const before = taken.get(network) ?? 0
      if (before >= MOST_UNDER_WAY) return undefined
      taken.set(network, before + 1)
      let hasLeft = false
      return () => {
        if (hasLeft) return
        hasLeft = true
        const left = (taken.get(network) ?? 1) - 1
        if (left > 0) taken.set(network, left)
        else taken.delete(network)
      }
    },
  }
}
