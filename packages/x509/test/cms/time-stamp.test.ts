// Requests, answers and contents of RFC 3161 in octets written by hand. What OpenSSL makes and reads of them is in `interop`.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import {
  CmsError,
  DerError,
  hashOfImprint,
  imprintOf,
  latestOf,
  readTimeStampReq,
  readTimeStampResp,
  readTSTInfo,
  TIME_STAMP_FAILURES,
  type TimeStampFailure,
  writeTimeStampReq,
  writeTimeStampResp,
  writeTSTInfo,
} from '@countersign/x509'

const tlv = (tag: number, ...parts: readonly Uint8Array[]) => {
  const contents = Buffer.concat(parts)
  const length = contents.length < 128 ? [contents.length] : [0x82, contents.length >> 8, contents.length & 0xff]
  return new Uint8Array([tag, ...length, ...contents])
}
const text = (value: string) => new TextEncoder().encode(value)
const integer = (...octets: number[]) => tlv(0x02, Uint8Array.from(octets))
const sequence = (...parts: readonly Uint8Array[]) => tlv(0x30, ...parts)
const SHA256 = Uint8Array.fromHex('0609608648016503040201')
const SHA1 = Uint8Array.fromHex('06052b0e03021a')
const POLICY = Uint8Array.fromHex('06042a030401')
const digest = new Uint8Array(32).fill(7)
const imprint = sequence(sequence(SHA256), tlv(0x04, digest))
const genTime = (value: string) => tlv(0x18, text(value))
const info = (...more: readonly Uint8Array[]) => sequence(integer(1), POLICY, imprint, integer(5), ...more)

const at = (value: string) => readTSTInfo(info(genTime(value))).genTime.toString()
const isRefused = (read: () => unknown) =>
  assert.throws(read, (error) => error instanceof CmsError || error instanceof DerError)

suite('TSTInfo', () => {
  test('has the times of the clause', () => {
    // The examples of RFC 3161 §2.4.2.
    assert.equal(at('19920521000000Z'), '1992-05-21T00:00:00Z')
    assert.equal(at('19920622123421Z'), '1992-06-22T12:34:21Z')
    assert.equal(at('19920722132100.3Z'), '1992-07-22T13:21:00.3Z')
    assert.equal(at('19990609001326.34352Z'), '1999-06-09T00:13:26.34352Z')
  })

  for (const value of [
    '19920722132100.30Z',
    '19920722132100.0Z',
    '19920722132100.Z',
    '19920722132100',
    '19920722132100+0100',
    '199207221321Z',
    '19921322132100Z',
    '19920230132100Z',
    '19920722242100Z',
    '19920722132160Z',
    '19920722132100,3Z',
    '19920722132100.1234567891Z',
    '1992-07-22T13Z',
    '',
  ])
    test(`has no time ${JSON.stringify(value)}`, () => isRefused(() => at(value)))

  test('says the latest time: with its accuracy, or its second', () => {
    const latest = (...more: readonly Uint8Array[]) =>
      latestOf(readTSTInfo(info(genTime('20260501000000Z'), ...more))).toString()
    assert.equal(latest(), '2026-05-01T00:00:01Z')
    assert.equal(latest(sequence(integer(2))), '2026-05-01T00:00:02Z')
    assert.equal(latest(sequence(tlv(0x80, Uint8Array.of(1, 0xf4)))), '2026-05-01T00:00:00.5Z')
    assert.equal(
      latest(sequence(integer(1), tlv(0x80, Uint8Array.of(1)), tlv(0x81, Uint8Array.of(2)))),
      '2026-05-01T00:00:01.001002Z',
    )
  })

  test('is read with all that may stand in it, in its order', () => {
    const ordering = tlv(0x01, Uint8Array.of(0xff))
    const tsa = tlv(0xa0, tlv(0x82, text('time.example')))
    const extensions = tlv(0xa1, sequence(POLICY, tlv(0x04)))
    const parts = [sequence(integer(1)), ordering, integer(9), tsa, extensions]
    assert.equal(readTSTInfo(info(genTime('20260501000000Z'), ...parts)).nonce, 9n)
    isRefused(() => readTSTInfo(info(genTime('20260501000000Z'), ...parts.toReversed())))
  })

  test('is refused where a part is none', () => {
    const time = genTime('20260501000000Z')
    for (const bad of [
      sequence(integer(2), POLICY, imprint, integer(5), time),
      sequence(integer(1), imprint, integer(5), time),
      sequence(integer(1), POLICY, integer(5), time),
      sequence(integer(1), POLICY, imprint, time),
      sequence(integer(1), POLICY, imprint, integer(5)),
      info(time, sequence(tlv(0x80, Uint8Array.of(3, 0xe8)))),
      info(time, sequence(integer(0x7f, 0xff, 0xff, 0xff))),
      info(time, sequence(integer(0xff))),
      info(time, tlv(0x01, Uint8Array.of(0))),
      info(time, integer(1), integer(2)),
      info(time, tlv(0x02, new Uint8Array(33).fill(1))),
      Uint8Array.of(...info(time), 0),
      new Uint8Array(),
    ])
      isRefused(() => readTSTInfo(bad))
  })

  test('is written as it is read', () => {
    const octets = writeTSTInfo({
      policy: '1.2.3.4.1',
      messageImprint: imprintOf('SHA-256', digest),
      serialNumber: 5n,
      genTime: Temporal.Instant.from('2026-05-01T00:00:00.999Z'),
      nonce: 9n,
    })
    assert.deepEqual(octets, info(genTime('20260501000000Z'), sequence(integer(1)), integer(9)))
  })
})

suite('a request', () => {
  const request = (...more: readonly Uint8Array[]) => sequence(integer(1), imprint, ...more)

  test('is written as it is read', () => {
    const octets = writeTimeStampReq({ messageImprint: imprintOf('SHA-256', digest), nonce: 9n })
    assert.deepEqual(octets, request(integer(9), tlv(0x01, Uint8Array.of(0xff))))
    const { nonce, certReq, hasExtensions, reqPolicy } = readTimeStampReq(octets)
    assert.deepEqual([nonce, certReq, hasExtensions, reqPolicy], [9n, true, false, undefined])
  })

  test('may ask for a policy and for extensions', () => {
    const { reqPolicy, hasExtensions } = readTimeStampReq(request(POLICY, tlv(0xa0, sequence(POLICY, tlv(0x04)))))
    assert.deepEqual([reqPolicy, hasExtensions], ['1.2.3.4.1', true])
  })

  test('is refused where it is none', () => {
    for (const bad of [
      sequence(integer(2), imprint),
      sequence(imprint),
      sequence(integer(1)),
      request(tlv(0x01, Uint8Array.of(0))),
      request(integer(9), POLICY),
      request(tlv(0x05)),
      sequence(),
      new Uint8Array(),
    ])
      isRefused(() => readTimeStampReq(bad))
  })

  test('has a hash that counts, as long as its digests are', () => {
    const of = (algorithm: Uint8Array, octets: number) =>
      hashOfImprint(
        readTimeStampReq(sequence(integer(1), sequence(sequence(algorithm), tlv(0x04, new Uint8Array(octets)))))
          .messageImprint,
      )
    assert.equal(of(SHA256, 32), 'SHA-256')
    for (const octets of [0, 31, 33, 64]) assert.equal(of(SHA256, octets), undefined)
    assert.equal(of(SHA1, 20), undefined)
    assert.equal(of(POLICY, 32), undefined)
  })
})

suite('an answer', () => {
  const token = sequence(POLICY)
  const status = (value: number, ...more: readonly Uint8Array[]) => sequence(integer(value), ...more)

  test('has its token, whole, or none and a reason', () => {
    assert.deepEqual(readTimeStampResp(sequence(status(0), token)), { token })
    assert.deepEqual(readTimeStampResp(sequence(status(1), token)), { token })
    const why = sequence(tlv(0x0c, text('not')), tlv(0x0c, text('today')))
    assert.deepEqual(readTimeStampResp(sequence(status(2, why, tlv(0x03, Uint8Array.of(7, 0x80))))), {
      text: 'not today',
    })
  })

  test('is refused with a token and a refusal, or with neither', () => {
    for (const bad of [
      sequence(status(0)),
      sequence(status(2), token),
      sequence(status(0), token, token),
      sequence(token),
      sequence(),
      new Uint8Array(),
    ])
      isRefused(() => readTimeStampResp(bad))
  })

  test('says each failure by its bit', () => {
    // RFC 3161 §2.4.2; a named bit string has no zeros at its end (X.690 §11.2.2).
    const bits: Readonly<Record<TimeStampFailure, string>> = {
      badAlg: '03020780',
      badRequest: '03020520',
      badDataFormat: '03020204',
      timeNotAvailable: '0303010002',
      unacceptedPolicy: '0303000001',
      unacceptedExtension: '030407000080',
      addInfoNotAvailable: '030406000040',
      systemFailure: '03050600000040',
    }
    assert.deepEqual(Object.keys(bits), Object.keys(TIME_STAMP_FAILURES))
    for (const [failure, hex] of Object.entries(bits)) {
      const octets = writeTimeStampResp({ failure: failure as TimeStampFailure, text: 'no' })
      assert.deepEqual(octets, sequence(status(2, sequence(tlv(0x0c, text('no'))), Uint8Array.fromHex(hex))), failure)
    }
  })
})
