import assert from 'node:assert/strict'
import { join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import type { Identity } from '@countersign/protocol'
import { openKeptIdentity } from '../../src/start/own-identity.ts'
import { type Core, DOMAIN, openCore } from '../support/core.ts'

const NAMES: readonly Identity[] = [{ kind: 'dNSName', value: 'authority.localhost' }]

const open = (core: Core, names = NAMES) =>
  openKeptIdentity(
    {
      ...core,
      path: join(core.directory, 'authority', 'listener.pem'),
      profile: 'server',
      evidence: 'own listener',
      names,
      domain: DOMAIN,
      failpoint: () => undefined,
    },
    core.clock(),
  )

const serialOf = (identity: Awaited<ReturnType<typeof open>>) => identity.current().certificates[0].serialNumber

suite("the listener's own certificate", () => {
  const openedTwice = async (t: TestContext, between: (core: Core) => void | Promise<void>) => {
    const core = await openCore(t)
    const first = serialOf(await open(core))
    await between(core)
    return first === serialOf(await open(core))
  }

  test('is kept from start to start', async (t) => {
    assert.equal(await openedTwice(t, () => undefined), true)
  })

  test('is kept for two thirds of its life, and made anew in the last', async (t) => {
    assert.equal(await openedTwice(t, ({ clock }) => clock.advance({ hours: 24 * 19 })), true)
    assert.equal(await openedTwice(t, ({ clock }) => clock.advance({ hours: 24 * 21 })), false)
  })

  test('is made anew when the clock stands before it', async (t) => {
    assert.equal(await openedTwice(t, ({ clock }) => clock.advance({ hours: -24 })), false)
  })

  test('is made anew after it was revoked', async (t) => {
    const revoked = await openedTwice(t, async ({ store, clock, revoke }) => {
      const [row] = await store.certificates.currentOfParty('authority', clock())
      await revoke(row!.id)
    })
    assert.equal(revoked, false)
  })

  test('is made anew when it has other names', async (t) => {
    const core = await openCore(t)
    const first = serialOf(await open(core))
    const identity = await open(core, [...NAMES, { kind: 'iPAddress', value: '127.0.0.1' }])
    assert.notEqual(serialOf(identity), first)
  })

  test('renews itself while it runs, and tells who listens', async (t) => {
    const core = await openCore(t)
    const identity = await open(core)
    let changes = 0
    identity.onChange(() => changes++)
    await identity.refresh(core.clock())
    assert.equal(changes, 0)
    const first = serialOf(identity)
    core.clock.advance({ hours: 24 * 25 })
    await identity.refresh(core.clock())
    assert.equal(changes, 1)
    assert.notEqual(serialOf(identity), first)
    assert.equal(serialOf(await open(core)), serialOf(identity), 'the file has the new one')
  })
})
