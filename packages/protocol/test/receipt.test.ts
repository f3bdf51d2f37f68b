import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type Receipt, readReceipt, writeReceipt } from '@countersign/protocol'

const at = Temporal.Instant.from('2026-11-24T09:00:00.25Z')
const receipt: Receipt = {
  sequence: 18n,
  at,
  revoked: [{ issuerSpkiSha256: 'ab'.repeat(32), serialNumber: 0x0fedn, party: 'alice', at, reason: 'keyCompromise' }],
  cuts: [{ door: 'web', session: 's1', reference: 'M-7F3K-92QD', party: 'alice', lastOctetAt: at }],
  confirmed: ['web'],
  unconfirmed: ['tcp'],
}

suite('receipts as JSON', () => {
  test('serial numbers are hexadecimal, counters decimal, times RFC 3339', () => {
    assert.deepEqual(JSON.parse(JSON.stringify(writeReceipt(receipt))), {
      sequence: '18',
      at: '2026-11-24T09:00:00.25Z',
      revoked: [
        {
          issuerSpkiSha256: 'ab'.repeat(32),
          serialNumber: '0fed',
          party: 'alice',
          at: '2026-11-24T09:00:00.25Z',
          reason: 'keyCompromise',
        },
      ],
      cuts: [
        {
          door: 'web',
          session: 's1',
          reference: 'M-7F3K-92QD',
          party: 'alice',
          lastOctetAt: '2026-11-24T09:00:00.25Z',
        },
      ],
      confirmed: ['web'],
      unconfirmed: ['tcp'],
    })
  })

  test('what was written is read', () => {
    assert.deepEqual(readReceipt(JSON.parse(JSON.stringify(writeReceipt(receipt)))), receipt)
  })

  for (const serialNumber of ['', 'f', '0x0f', 'FE', '-1', 'zz', '00'.repeat(21), 15])
    test(`a serial number ${JSON.stringify(serialNumber)} is refused by name`, () => {
      const json = { ...JSON.parse(JSON.stringify(writeReceipt(receipt))) }
      json.revoked[0].serialNumber = serialNumber
      assert.throws(() => readReceipt(json), { name: 'ShapeError', path: 'revoked[0].serialNumber' })
    })
})
