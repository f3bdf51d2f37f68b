// Keys that cost their sender nothing, and whoever judges them minutes: refused before anything is computed with them.
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { suite, test } from 'node:test'
import { judgeOctets, readTrust } from '@countersign/openpgp'
import { generateKey, readKey, SignaturePacket } from 'openpgp'
import { admitKey } from '../src/keys/admit.ts'
import { readPacket } from '../src/octets/packet.ts'
import { collect, OctetReader } from '../src/octets/reader.ts'
import { writePacket } from './support/craft.ts'
import { makeHouse } from './support/house.ts'
import { NOW, streamOf } from './support/mail.ts'

const ADDRESS = 'mallory@acme.example'
const DATE = new Date(NOW.subtract({ hours: 24 }).epochMilliseconds)
const RSA = 1
const DSA = 17

/** A number as RFC 9580 §3.2 has it. */
function numberOf(octets: Uint8Array): Buffer {
  return Buffer.concat([length16(octets.length * 8), Buffer.from([(octets[0] ?? 0) | 0x80]), octets.subarray(1)])
}

function length16(length: number): Buffer {
  return Buffer.from([length >> 8, length & 0xff])
}

/** A key of version 4 whose one user id has signatures that are of chance, but for the two octets of the hash. @see RFC 9580 §5.2.3 */
function keyOf(algorithm: number, bits: readonly number[], signatureBits: readonly number[], signatures = 1): Buffer {
  const created = Buffer.alloc(4)
  created.writeUInt32BE(DATE.getTime() / 1000)
  const numbers = bits.map((each) => numberOf(randomBytes(each / 8)))
  const key = Buffer.concat([Buffer.from([4]), created, Buffer.from([algorithm]), ...numbers])
  const userId = Buffer.from(`<${ADDRESS}>`)
  const hashed = Buffer.concat([Buffer.from([5, 2]), created, Buffer.from([2, 27, 3])])
  const head = Buffer.concat([Buffer.from([4, 0x13, algorithm, 8]), length16(hashed.length), hashed])
  const framed = [Buffer.from([0x99]), length16(key.length), key, Buffer.from([0xb4, 0, 0, 0, userId.length]), userId]
  const trailer = Buffer.from([4, 0xff, 0, 0, 0, head.length])
  const hash = createHash('sha256')
    .update(Buffer.concat([...framed, head, trailer]))
    .digest()
  const keyId = createHash('sha1')
    .update(Buffer.concat(framed.slice(0, 3)))
    .digest()
    .subarray(12)
  const unhashed = Buffer.concat([Buffer.from([9, 16]), keyId])
  const signature = () =>
    writePacket(
      2,
      Buffer.concat([
        head,
        length16(unhashed.length),
        unhashed,
        hash.subarray(0, 2),
        // Less than any number of the key: what is larger is refused without being computed.
        ...signatureBits.map((each) => numberOf(randomBytes(each / 8))),
      ]),
    )
  return Buffer.concat([writePacket(6, key), writePacket(13, userId), ...Array.from({ length: signatures }, signature)])
}

async function packetsOf(key: Uint8Array): Promise<Uint8Array[]> {
  const reader = new OctetReader(streamOf(key))
  const packets: Uint8Array[] = []
  for (let packet = await readPacket(reader); packet; packet = await readPacket(reader))
    packets.push(writePacket(packet.type, await collect(packet.body, 10_000)))
  return packets
}

async function judge(key: Uint8Array): Promise<string> {
  const pinned = new Map([[ADDRESS, (await readKey({ binaryKey: key })).getFingerprint()]])
  const { trust } = await judgeOctets(key, { side: 'callee', trust: await readTrust([], pinned), now: NOW })
  return trust.ok ? 'ok' : trust.refusal.code
}

suite('keys that are costly to judge', () => {
  test('of numbers that nobody uses: refused when they are read', async () => {
    for (const key of [
      keyOf(DSA, [16_384, 16_384, 16_384, 16_384], [16_000, 16_000]),
      keyOf(DSA, [3072, 3072, 3072, 3072], [3000, 3000]),
      keyOf(RSA, [16_392, 32], [16_000]),
      keyOf(RSA, [3072, 3064], [3000]),
    ])
      await assert.rejects(judge(key), { code: 'ERR_MAIL_BUDGET' })
    assert.equal(await judge(keyOf(RSA, [16_384, 64], [16_000])), 'ERR_CALLEE_MALFORMED')
  })

  test('of DSA: no signature of it is computed', async (t) => {
    const verify = t.mock.method(SignaturePacket.prototype, 'verify')
    assert.equal(await judge(keyOf(DSA, [3072, 256, 3072, 3072], [248, 248], 256)), 'ERR_CALLEE_WEAK')
    assert.equal(verify.mock.callCount(), 0)
    assert.equal(await judge(keyOf(RSA, [3072, 24], [3000])), 'ERR_CALLEE_MALFORMED')
    assert.ok(verify.mock.callCount() > 0, 'it is what would be called')
  })

  test('of a subkey: the same', async () => {
    const { publicKey } = await generateKey({
      userIDs: [{ email: ADDRESS }],
      date: DATE,
      format: 'binary',
      config: { v6Keys: false },
    })
    const large = keyOf(DSA, [16_384, 256, 16_384, 16_384], [248, 248])
    // Only its body, as a subkey.
    const subkey = writePacket(14, large.subarray(6, 6 + large.readUInt32BE(2)))
    await assert.rejects(judge(Buffer.concat([publicKey, subkey])), { code: 'ERR_MAIL_BUDGET' })
  })

  test('of Ed448, with many signatures of its own: nothing is admitted', async () => {
    const { publicKey } = await generateKey({
      type: 'curve448',
      userIDs: [{ email: ADDRESS }],
      date: DATE,
      format: 'object',
    })
    const [key, userId, signature, ...subkeys] = await packetsOf(publicKey.write())
    const { authority } = await makeHouse()
    const admit = (count: number) =>
      admitKey({
        key: Buffer.concat([key!, userId!, ...Array<Uint8Array>(count).fill(signature!), ...subkeys]),
        addresses: [ADDRESS],
        authorityFor: async () => authority,
        now: NOW,
        until: NOW.add({ hours: 24 }),
      })
    await assert.rejects(admit(32), { code: 'ERR_MAIL_BUDGET' })
    assert.deepEqual((await admit(1)).addresses, [ADDRESS])
  })
})
