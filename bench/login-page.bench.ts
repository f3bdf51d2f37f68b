// The page of a bank on a slow telephone: what is loaded before somebody can type, and how long that takes.

import { startHouse } from '../scenario/support/house.ts'
import { launchChromium } from '../tools/testing/chromium.ts'
import { print } from './measurement.ts'

const ROUNDS = 5
/** The network and the processor by which Lighthouse judges pages for telephones: 1.6 Mbit/s, 150 ms, four times slower. */
const SLOW = { offline: false, latency: 150, downloadThroughput: 1_638_400 / 8, uploadThroughput: 675_000 / 8 }
const SLOWER = 4

await using house = await startHouse({
  config: {
    authority: { listen: '127.0.0.1:0' },
    doors: [
      {
        ...{ name: 'bank', kind: 'web', host: 'bank.localhost', listen: '127.0.0.1:0', upstream: 'demo' },
        ...{ assertion: 'bank', people: {}, allow: ['*'] },
      },
    ],
  },
})
const url = `https://bank.localhost:${new URL(house.ready.doors[0]?.url ?? '').port}/login/`
const octets: number[] = []
const times: number[] = []
const answered: number[] = []
for (let round = 0; round < ROUNDS; round++) {
  const browser = await launchChromium()
  try {
    const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport: { width: 360, height: 640 } })
    const page = await context.newPage()
    const tools = await context.newCDPSession(page)
    await tools.send('Network.enable')
    await tools.send('Network.emulateNetworkConditions', SLOW)
    await tools.send('Emulation.setCPUThrottlingRate', { rate: SLOWER })
    let loaded = 0
    tools.on('Network.loadingFinished', ({ encodedDataLength }) => {
      loaded += encodedDataLength
    })
    const began = performance.now()
    await page.goto(url, { waitUntil: 'commit' })
    // The name is what is typed first, where nobody has signed in before; the password can be once the bank has answered.
    await page.locator('input:not([type=hidden]):enabled:visible').first().waitFor()
    times.push(performance.now() - began)
    await page.locator('#password:enabled').waitFor()
    answered.push(performance.now() - began)
    await page.waitForLoadState('networkidle')
    octets.push(loaded)
  } finally {
    await browser.close()
  }
}
print({ name: 'loaded before sign-in', unit: 'octets', values: octets, goal: '< 150,000 octets' })
print({ name: 'until somebody can type, on a slow telephone', unit: 'ms', values: times, goal: '< 1,000 ms' })
print({ name: 'until the bank has answered, and a password can be typed', unit: 'ms', values: answered })
