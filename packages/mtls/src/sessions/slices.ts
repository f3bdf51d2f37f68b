// Work over many things that lets everything else of the process go on.
import { setImmediate as nextTurn } from 'node:timers/promises'

// No slice holds the event loop for more than 5 ms. What is measured is our own part: a connection that is reset calls
// its listeners in the same turn, after us, so that half is left to them.
const SLICE_MS = 2.5

/** Does `act` for each of `items`, also for those that are added meanwhile, in slices of time that yield. */
export async function inSlices<Item>(items: Iterable<Item>, act: (item: Item) => void): Promise<void> {
  let end = performance.now() + SLICE_MS
  for (const item of items) {
    if (performance.now() >= end) {
      await nextTurn()
      end = performance.now() + SLICE_MS
    }
    act(item)
  }
}
