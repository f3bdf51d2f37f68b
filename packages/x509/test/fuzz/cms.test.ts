// The same message as other senders write it: BER becomes the one DER. Mutations of messages are in `mutation.test.ts`.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cmsFromBer } from '@countersign/x509'
import { numbersFrom, SEED } from '../../../../tools/testing/mutations.ts'
import { casesOf } from '../vectors.ts'
import { asBer } from './as-ber.ts'

/** Certificates and CRLs are signed by others and kept as they stand, so these are not turned into BER here. */
const WITH_CERTIFICATES = /^(?:bags with|originator and|signed-(?:attached|detached|keyid|noattr|ber)|certs-only)/

interface Vector {
  readonly id: string
  readonly hex: string
  readonly code?: string
}

const vectors = [...casesOf<Vector>('cms/structure.json'), ...casesOf<Vector>('cms/openssl.json')].filter(
  ({ code }) => code === undefined,
)

test('the same message as BER', () => {
  const below = numbersFrom(SEED)
  for (const { id, hex } of vectors) {
    if (WITH_CERTIFICATES.test(id)) continue
    const der = cmsFromBer(Uint8Array.fromHex(hex))
    for (let times = 0; times < 20; times++) {
      const ber = asBer(der, below)
      assert.equal(cmsFromBer(ber).toHex(), der.toHex(), `seed ${SEED}: ${ber.toHex()}`)
    }
  }
})
