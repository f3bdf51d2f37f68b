// Files that other processes change are read again.
import { type FSWatcher, watch } from 'node:fs'
import { systemCode } from './error.ts'

// A renewal and its lists are several files: they are read once they have come to rest.
const SETTLE_MS = 50

/** Calls `changed` some time after a change in any of `directories`, never while it is still under way. */
export function follow(directories: readonly string[], changed: () => Promise<void>): { close: () => void } {
  let timer: NodeJS.Timeout | undefined
  let closed = false
  let running = Promise.resolve()
  const later = () => {
    clearTimeout(timer)
    if (closed) return
    timer = setTimeout(() => {
      running = running.then(changed)
    }, SETTLE_MS).unref()
  }
  const watchers: FSWatcher[] = []
  for (const directory of directories) {
    try {
      // A directory that is taken away ends its watcher; what is in memory stays.
      watchers.push(watch(directory, { persistent: false }, later).on('error', later))
    } catch (error) {
      // ENOENT: no status yet. ENOSPC, EMFILE: no watcher is left; renewal then still tells us by `reload`.
      if (systemCode(error) === undefined) throw error
    }
  }
  return {
    close() {
      closed = true
      clearTimeout(timer)
      for (const watcher of watchers) watcher.close()
    },
  }
}
