// Mutates what each reader reads: nothing but declared errors may come out, in bounded time, and what is still read is
// written the same. `npm run -s fuzz` runs this for as long as is asked.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import * as x509 from '@countersign/x509'
import { type Survivor, survive } from '../../../../tools/testing/mutations.ts'
import * as any from '../../src/der/any.ts'
import * as cursor from '../../src/der/cursor.ts'
import * as oid from '../../src/der/oid.ts'
import * as primitive from '../../src/der/primitive.ts'
import * as text from '../../src/der/text.ts'
import * as time from '../../src/der/time.ts'
import { READERS } from './readers.ts'

suite('mutations', () => {
  for (const [name, reader] of Object.entries(READERS)) test(name, () => survive(reader))

  test('every reader is among them', () => {
    // These read at a cursor, whose octets another has opened: all the others stand on them.
    const ofElements = new Set([any, cursor, oid, primitive, text, time].flatMap((module) => Object.keys(module)))
    const readers = Object.keys(x509).filter((name) => /^read|FromBer$/.test(name) && !ofElements.has(name))
    assert.deepEqual(Object.keys(READERS).toSorted(), readers.toSorted())
  })
})

suite('the mutations themselves', () => {
  const sound = READERS['readCertificate'] ?? assert.fail()
  const planted: Readonly<
    Record<string, readonly [again: Survivor['again'], message: RegExp, maxMilliseconds?: number]>
  > = {
    'an error that is not declared': [
      (der) => (der.at(-1) === 0x30 ? assert.fail('planted') : sound.again(der)),
      /^seed \d+, round \d+: [0-9a-f]+$/,
    ],
    'what is written otherwise': [
      (der) => {
        const [read, written] = sound.again(der) ?? assert.fail()
        return [read, written.length % 7 === 3 ? written.subarray(1) : written]
      },
      /round/,
    ],
    'a reader that hangs': [
      (der) => {
        const end = performance.now() + 50
        while (der.at(-1) === 0x30 && performance.now() < end);
        return sound.again(der)
      },
      /^too slow: seed \d+, round \d+/,
      50,
    ],
    'a reader that refuses all': [
      () => {
        throw new x509.DerError('ERR_DER_TAG', 0)
      },
      /too coarse/,
    ],
  }
  for (const [what, [again, message, maxMilliseconds = 2_000]] of Object.entries(planted))
    test(`find ${what}`, () => {
      assert.throws(() => survive({ ...sound, again, maxMilliseconds }, 4_000, 1), { message })
    })
})
