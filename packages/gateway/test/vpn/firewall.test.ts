// The rules of a door's device in a kernel: what passes, what does not, and what happens where others take them away.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { needs, programPath } from '../../../../interop/peer.ts'
import { cable, type Namespace, openNamespace, withNamespaces } from '../../../../tools/testing/namespaces.ts'
import { type Firewall, openFirewall } from '../../src/vpn/firewall.ts'
import { readNetwork } from '../../src/vpn/network.ts'

const CALLER = '10.8.0.2'
const OTHER_CALLER = '10.8.0.3'
const GATEWAY = '10.8.0.1'
const [OFFICE, VAULT] = ['10.1.0.2', '10.2.0.2']
const FLUSH = 'flush ruleset'

suite('the rules of a device', {
  ...withNamespaces,
  ...needs('nft', 'nftables'),
  ...needs('ping', 'iputils-ping'),
}, () => {
  let [place, caller]: Namespace[] = []
  let scratch: string
  let firewall: Firewall
  let mended = Promise.withResolvers<void>()

  before(async () => {
    place = await openNamespace()
    caller = await openNamespace()
    // What is behind the door, and another caller, are here addresses of its own machine.
    cable(place, ['vpn-x', `${GATEWAY}/24`], caller, ['eth0', `${CALLER}/24`])
    for (const address of [OFFICE, VAULT, OTHER_CALLER]) place.sh(`ip addr add ${address}/32 dev lo`)
    caller.sh(`ip route add default via ${GATEWAY}`)
    scratch = await mkdtemp(join(tmpdir(), 'countersign-firewall-'))
    const program = join(scratch, 'nft')
    await writeFile(program, `#!/bin/sh\nexec ${place.within.join(' ')} ${programPath('nft')} "$@"\n`)
    await chmod(program, 0o700)
    const network = readNetwork('10.8.0.0/24')
    assert.ok(network)
    firewall = await openFirewall({
      ...{ program, device: 'vpn-x', network },
      onMended: () => {
        mended.resolve()
        mended = Promise.withResolvers()
      },
      onFault: (error) => assert.fail(String(error)),
    })
  })
  after(async () => {
    await firewall?.close()
    assert.equal(place?.sh('nft list tables').trim(), '')
    await caller?.[Symbol.asyncDispose]()
    await place?.[Symbol.asyncDispose]()
    await rm(scratch, { recursive: true, force: true })
  })

  /** Which of all addresses answer. */
  const reached = async (): Promise<readonly string[]> => {
    const answers = await Promise.all(
      [OFFICE, VAULT, OTHER_CALLER, GATEWAY].map(async (address) => {
        const ping = caller?.spawn('ping', ['-n', '-c', '1', '-W', '1', address], { stdio: 'ignore' })
        const [code] = ping ? ((await once(ping, 'close')) as [number]) : [1]
        return code === 0 ? [address] : []
      }),
    )
    return answers.flat()
  }

  test('nobody reaches anything but by what was set', async () => {
    assert.deepEqual(await reached(), [])
    await firewall.set(CALLER, ['10.1.0.0/16'])
    assert.deepEqual(await reached(), [OFFICE])
    await firewall.set(CALLER, [])
    assert.deepEqual(await reached(), [])
  })

  test('a network that contains that of the callers reaches none of them, nor the door', async () => {
    for (const network of ['10.0.0.0/8', '0.0.0.0/0']) {
      await firewall.set(OTHER_CALLER, [network])
      await firewall.set(CALLER, [network])
      assert.deepEqual(await reached(), [OFFICE, VAULT])
    }
    await firewall.set(OTHER_CALLER, [])
    await firewall.set(CALLER, [])
  })

  test('rules that somebody flushes are there again, as they were', async () => {
    await firewall.set(CALLER, ['10.1.0.0/16'])
    const again = mended.promise
    place?.sh(`nft '${FLUSH}'`)
    await again
    assert.deepEqual(await reached(), [OFFICE])
  })

  test('whoever is cut while they are gone is cut, and who is let in then reaches what it may', async () => {
    await firewall.set(CALLER, ['10.1.0.0/16'])
    place?.sh(`nft '${FLUSH}'`)
    await firewall.set(CALLER, [])
    assert.deepEqual(await reached(), [])
    place?.sh(`nft '${FLUSH}'`)
    await firewall.set(CALLER, ['10.2.0.0/16'])
    assert.deepEqual(await reached(), [VAULT])
  })
})
