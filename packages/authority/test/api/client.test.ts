import assert from 'node:assert/strict'
import { once } from 'node:events'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { connect, enroll, openIdentity, refreshStatus, renew } from '@countersign/mtls'
import { parseToken, readMeeting } from '@countersign/protocol'
import { temporaryDirectory } from '../support/core.ts'
import { askLocally, openHouse } from '../support/house.ts'

suite('our own client', () => {
  test('enrolls, meets, learns of a revocation, and renews; both sides know each meeting by one reference', async (t) => {
    const { authority, directory } = await openHouse(t)
    const invited = await authority.invite({ party: 'alice', san: ['dns:alice.localhost'], profile: 'admin' })
    assert.ok(invited.ok)
    const home = join(temporaryDirectory(t), 'alice')
    assert.equal((await enroll(invited.token, { directory: home })).party, 'alice')

    const identity = await openIdentity(home)
    const [host = '', port = ''] = parseToken(invited.token).address.split(':')
    const met = await connect({
      host,
      port: Number(port),
      name: { kind: 'dNSName', value: 'authority.localhost' },
      identity,
      trust: identity.trust,
      alpn: ['http/1.1'],
    })
    // An answer shows that the authority has decided too: in TLS 1.3 the caller is ready before that.
    met.socket.write('GET /v1/ready HTTP/1.1\r\nhost: authority.localhost\r\n\r\n')
    await once(met.socket, 'data')
    met.socket.destroy()
    const { body } = await askLocally(directory, 'GET', `/v1/meetings/${met.meeting.reference}`)
    const theirs = readMeeting(body.meetings[0])
    assert.equal(theirs.caller.party, 'alice')
    assert.equal(theirs.seenBy, 'callee')
    assert.equal(met.meeting.callee.party, 'authority')

    const before = identity.current().certificates[0].serialNumber
    await renew(home)
    const renewed = await openIdentity(home)
    assert.notEqual(renewed.current().certificates[0].serialNumber, before)

    const revoked = await authority.revoke({ subject: before.toString(16), reason: 'superseded' })
    assert.ok(revoked.ok, 'the old one; the new one stays')
    await refreshStatus(home)
    const { trust } = await openIdentity(home)
    assert.ok(trust.crls.some(({ entries }) => entries.has(before)))
    await authority.revoke({ subject: 'alice', reason: 'keyCompromise' })
    await assert.rejects(renew(home), (error: Error & { code?: string; refusal?: { code: string } }) => {
      assert.match(`${error.code} ${error.refusal?.code}`, /ERR_CALLER_REVOKED/)
      return true
    })
  })
})
