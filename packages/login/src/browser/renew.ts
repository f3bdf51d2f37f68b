// Proves that this is still the same device, and goes back to where the page was.
import { RefusedError } from './call.ts'
import { busy, element, whereTo } from './dom.ts'
import { renew, startWorker } from './session.ts'

await busy(element('starting', HTMLElement), async () => {
  const to = whereTo()
  try {
    await renew()
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error
    // The session has ended: from the beginning.
    return location.replace(`/login/?to=${encodeURIComponent(to)}`)
  }
  await startWorker()
  location.replace(to)
})
