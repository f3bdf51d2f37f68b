import assert from 'node:assert/strict'
import { rm, writeFile } from 'node:fs/promises'
import { suite, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { openIdentity } from '../../src/identity/open.ts'
import { writeIdentity } from '../../src/identity/write.ts'
import { issueCrl } from '../support/crls.ts'
import { createRoot, pemOf } from '../support/pki.ts'
import { alice, issuing, leafOf, partsOf, renewed, written } from './written.ts'

suite('an open identity follows its directory', () => {
  test('another process’s renewal and lists come in force, once', async () => {
    await using house = await written()
    const identity = await openIdentity(house.path, { renew: false })
    try {
      let changes = 0
      const changed = new Promise<void>((resolve) => {
        identity.onChange(() => {
          changes++
          resolve()
        })
      })
      await writeIdentity(house.path, { ...partsOf(renewed), crls: [issueCrl(issuing, { number: 2n })] })
      await changed
      assert.deepEqual(leafOf(identity), renewed.certificates[0].der)
      await identity.reload()
      assert.equal(changes, 1)
      assert.ok(identity.trust.crls.some(({ crl }) => crl.cRLNumber === 2n))
    } finally {
      identity.close()
    }
  })

  test('other authorities than at the start are told, once, and change nothing', async () => {
    await using house = await written()
    const told: unknown[] = []
    const identity = await openIdentity(house.path, {
      renew: false,
      log: (event, fields) => told.push([event, fields?.['file']]),
    })
    try {
      const before = identity.trust.anchorsSha256
      await writeFile(house.paths.trust, pemOf([createRoot('Elsewhere').certificate]))
      for (let i = 0; i < 100 && told.length === 0; i++) await pause(20)
      await identity.reload()
      assert.deepEqual(told, [['trust.changed', house.paths.trust]])
      assert.equal(identity.trust.anchorsSha256, before)
      // Who has taken the file away is told before the next start fails.
      await rm(house.paths.trust)
      for (let i = 0; i < 100 && told.length === 1; i++) await pause(20)
      assert.deepEqual(told[1], ['identity.reload-failed', house.paths.trust])
    } finally {
      identity.close()
    }
  })

  test('what can no longer be used raises an alarm with the file’s name, and the old stays', async () => {
    await using house = await written()
    const alarms: unknown[] = []
    const identity = await openIdentity(house.path, {
      renew: false,
      log: (event, fields) => {
        alarms.push([event, fields?.['code'], fields?.['file']])
      },
    })
    try {
      await writeFile(house.paths.chain, 'nonsense')
      for (let i = 0; i < 100 && alarms.length === 0; i++) await pause(20)
      assert.deepEqual(alarms[0], ['identity.reload-failed', 'ERR_IDENTITY_MALFORMED', house.paths.chain])
      assert.deepEqual(leafOf(identity), alice.certificates[0].der)
      await assert.rejects(identity.reload(), { code: 'ERR_IDENTITY_MALFORMED' })
    } finally {
      identity.close()
    }
  })
})
