// The structures of CMS, read and written: RFC 5652 §5, §6, §8 and RFC 5083 §2.1.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { cmsFromBer } from '@countersign/x509'
import { casesOf } from '../vectors.ts'
import { CMS_AGAIN, type CmsType } from './again.ts'

interface Vector {
  readonly id: string
  readonly type: CmsType
  readonly hex: string
  readonly code?: string
  readonly ber?: true
}

suite('by hand', () => {
  for (const { id, type, hex, code } of casesOf<Vector>('cms/structure.json'))
    test(`${type}: ${id}`, () => {
      const der = Uint8Array.fromHex(hex)
      if (code !== undefined) return assert.throws(() => CMS_AGAIN[type](der), { code })
      assert.equal(CMS_AGAIN[type](der).toHex(), hex)
      // DER comes back from the edge as it is: the same octets, not a copy.
      assert.equal(cmsFromBer(der).buffer, der.buffer)
      assert.equal(CMS_AGAIN.contentInfo(der).toHex(), hex)
    })
})

suite('by OpenSSL', () => {
  for (const { id, type, hex, ber } of casesOf<Vector>('cms/openssl.json')) {
    test(id, () => {
      const octets = Uint8Array.fromHex(hex)
      const der = cmsFromBer(octets)
      assert.equal(der.buffer !== octets.buffer, ber === true)
      if (ber) assert.throws(() => CMS_AGAIN[type](octets), { name: 'DerError' })
      assert.equal(CMS_AGAIN[type](der).toHex(), der.toHex())
    })

    test(`${id}, each octet missing at the end`, () => {
      const octets = Uint8Array.fromHex(hex)
      for (let length = 0; length < octets.length; length++)
        assert.throws(() => CMS_AGAIN[type](cmsFromBer(octets.subarray(0, length))), { name: 'DerError' })
    })
  }
})
