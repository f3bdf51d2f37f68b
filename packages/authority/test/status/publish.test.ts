import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { createCheckSignature } from '@countersign/mtls'
import { readCertificateList } from '@countersign/x509'
import { type Core, openCore } from '../support/core.ts'

const revoke = (core: Core, id: number) => core.revoke(id)

const numbers = ({ published }: Core) => published.map(({ cRLNumber }) => cRLNumber)
const serials = ({ published }: Core) => published.at(-1)!.revokedCertificates.map((entry) => entry.userCertificate)

suite('the revocation list', () => {
  test('is signed by the issuing key, holds 24 hours, and names what is revoked with its reason', async (t) => {
    const core = await openCore(t)
    const { recordId, credential } = await core.certify('alice')
    await revoke(core, recordId)
    await core.crls.publish()
    const [crl] = core.published
    assert.ok(crl)
    const { hierarchy, crls } = core
    const { signatureAlgorithm, tbsDer, signatureValue } = crl
    const { subjectPublicKeyInfo } = hierarchy.issuing
    assert.equal(createCheckSignature()(signatureAlgorithm, subjectPublicKeyInfo, tbsDer, signatureValue), true)
    assert.equal(crl.thisUpdate.toString(), '2026-11-24T08:55:00Z', 'clocks that are five minutes behind take it')
    assert.equal(crl.nextUpdate?.toString(), '2026-11-25T09:00:00Z')
    assert.equal(crl.revokedCertificates[0]?.userCertificate, credential[0].serialNumber)
    assert.equal(crl.revokedCertificates[0]?.reasonCode, 'keyCompromise')
    assert.deepEqual(crls.current().of('issuing'), crl.der)
  })

  test('calls that come together share one list; one that comes after it gets the next', async (t) => {
    const core = await openCore(t)
    await Promise.all([core.crls.publish(), core.crls.publish(), core.crls.publish()])
    assert.deepEqual(numbers(core), [1n])
    await core.crls.publish()
    assert.deepEqual(numbers(core), [1n, 2n])
  })

  test('a revocation that commits before a list is called for is in that list, whatever else goes on', async (t) => {
    const core = await openCore(t)
    const ids = await Promise.all(Array.from({ length: 20 }, async (_, i) => (await core.certify(`p${i}`)).recordId))
    await Promise.all(
      ids.map(async (id) => {
        await revoke(core, id)
        await core.crls.publish()
        const listed = new Set(serials(core))
        assert.ok(listed.has(BigInt(`0x${(await core.store.certificates.byId(id))!.serial}`)))
      }),
    )
    assert.ok(core.published.length < 20, `${core.published.length} lists for 20 revocations`)
  })

  test('numbers go on rising after a crash between signature and commit, and nothing of it is left', async (t) => {
    let crash = false
    const core = await openCore(t, {
      failpoint(name) {
        if (crash && name === 'crl.after-sign') throw new Error('crash')
      },
    })
    await core.crls.publish()
    crash = true
    await assert.rejects(core.crls.publish(), /crash/)
    crash = false
    await core.store.close()
    const again = await openCore(t, { directory: core.directory })
    await again.crls.publish()
    assert.deepEqual(numbers(again), [2n])
  })

  test('refresh signs when there is none, when an event is missing, after an hour, and when the clock went back', async (t) => {
    const core = await openCore(t)
    await core.crls.refresh()
    await core.crls.refresh()
    assert.deepEqual(numbers(core), [1n])
    await revoke(core, (await core.certify('alice')).recordId)
    await core.crls.refresh()
    assert.deepEqual(numbers(core), [1n, 2n])
    core.clock.advance({ minutes: 59 })
    await core.crls.refresh()
    assert.deepEqual(numbers(core), [1n, 2n])
    core.clock.advance({ minutes: 2 })
    await core.crls.refresh()
    assert.deepEqual(numbers(core), [1n, 2n, 3n])
    core.clock.advance({ hours: -24 })
    await core.crls.refresh()
    assert.deepEqual(numbers(core), [1n, 2n, 3n, 4n])
    assert.deepEqual(serials(core).length, 1)
  })

  test('an entry goes after it was on one list beyond the end of its certificate, not before', async (t) => {
    const core = await openCore(t)
    const { recordId } = await core.certify('alice')
    await revoke(core, recordId)
    const lengths: number[] = []
    const publish = async () => {
      await core.crls.publish()
      lengths.push(serials(core).length)
    }
    await publish()
    core.clock.advance({ hours: 24 * 30 - 1 })
    await publish()
    core.clock.advance({ hours: 2 })
    await publish()
    core.clock.advance({ hours: 1 })
    await publish()
    assert.deepEqual(lengths, [1, 1, 1, 0])
  })

  test('a certificate that is revoked after its end is on one list all the same', async (t) => {
    const core = await openCore(t)
    const { recordId } = await core.certify('alice')
    core.clock.advance({ hours: 24 * 40 })
    await core.crls.publish()
    await revoke(core, recordId)
    await core.crls.publish()
    assert.equal(serials(core).length, 1)
    core.clock.advance({ hours: 1 })
    await core.crls.publish()
    assert.equal(serials(core).length, 0)
  })

  test('a clock that was a month ahead for an hour takes no entry away', async (t) => {
    const core = await openCore(t)
    await revoke(core, (await core.certify('alice')).recordId)
    core.clock.advance({ hours: 24 * 31 })
    await core.crls.publish()
    core.clock.advance({ hours: -24 * 31 })
    await core.crls.publish()
    await core.crls.publish()
    assert.equal(serials(core).length, 1)
  })

  test("the root's list stands beside it", async (t) => {
    const core = await openCore(t)
    await core.crls.refresh()
    const root = readCertificateList(core.crls.current().of('root') ?? assert.fail())
    assert.deepEqual(root.issuer.der, core.hierarchy.root.subject.der)
    assert.equal(root.cRLNumber, 1n)
  })
})
