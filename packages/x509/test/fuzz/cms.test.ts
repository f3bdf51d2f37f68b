// The same message as other senders write it: BER becomes the one DER. Mutations of messages are in `mutation.test.ts`.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cmsFromBer } from '@countersign/x509'
import { numbersFrom, SEED } from '../../../../tools/testing/mutations.ts'
import { casesOf } from '../vectors.ts'

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

/** The same values as other senders may write them: lengths without end, and in too many octets. */
function asBer(der: Uint8Array, below: (bound: number) => number): Uint8Array {
  const parts: number[] = []
  for (let at = 0; at < der.length; ) {
    const tag = der[at] ?? 0
    const first = der[at + 1] ?? 0
    const lengthOctets = first < 0x80 ? 0 : first & 0x7f
    const start = at + 2 + lengthOctets
    const length = lengthOctets === 0 ? first : Number(`0x${der.subarray(at + 2, start).toHex()}`)
    const contents = der.subarray(start, start + length)
    at = start + length
    const inner: Uint8Array = tag & 0x20 && below(3) > 0 ? asBer(contents, below) : contents
    if (tag & 0x20 && below(2) === 0) parts.push(tag, 0x80, ...inner, 0, 0)
    else if (tag === 0x04 && below(2) === 0) {
      const cut = below(contents.length + 1)
      const segment = (octets: Uint8Array) => [0x04, 0x82, octets.length >> 8, octets.length & 0xff, ...octets]
      parts.push(0x24, 0x80, ...segment(contents.subarray(0, cut)), ...segment(contents.subarray(cut)), 0, 0)
    } else parts.push(tag, 0x84, 0, 0, inner.length >> 8, inner.length & 0xff, ...inner)
  }
  return Uint8Array.from(parts)
}

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
