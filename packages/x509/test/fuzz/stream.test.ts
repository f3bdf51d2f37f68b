// A message in pieces is the message as a whole: whatever it was cut into, however it was written, and whatever was changed in it.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import {
  CmsError,
  cmsFromBer,
  createMessageReader,
  DerError,
  readAuthEnvelopedData,
  readEnvelopedData,
  readSignedData,
  X509Error,
} from '@countersign/x509'
import { mutate, numbersFrom, SEED } from '../../../../tools/testing/mutations.ts'
import { casesOf } from '../vectors.ts'
import { asBer } from './as-ber.ts'

interface Vector {
  readonly id: string
  readonly type: string
  readonly hex: string
}

const READERS = {
  signedData: readSignedData,
  envelopedData: readEnvelopedData,
  authEnvelopedData: readAuthEnvelopedData,
}
type Kind = keyof typeof READERS
const isKind = (type: string): type is Kind => type in READERS

const vectors = [...casesOf<Vector>('cms/structure.json'), ...casesOf<Vector>('cms/openssl.json')].filter(({ type }) =>
  isKind(type),
)

/** What the reader of pieces makes of them: its values with the content put together, or that it refuses. */
function inPieces(message: Uint8Array, cuts: readonly number[]): object {
  const reader = createMessageReader()
  const content: Uint8Array[] = []
  let found: object | undefined
  let before: object | undefined
  let from = 0
  for (const cut of [...cuts, message.length]) {
    // A buffer that is written into again afterwards.
    const piece = message.slice(from, cut)
    for (const part of reader.push(piece)) {
      if (part.event === 'content') content.push(part.octets.slice())
      else if (part.event === 'prefix') before = part.message
      else found = { ...part.message, content: Buffer.concat(content).toString('hex') }
    }
    piece.fill(0xaa)
    from = cut
  }
  reader.end()
  assert.ok(before)
  return found ?? assert.fail()
}

/** The same of the readers of whole messages. */
function asWhole(message: Uint8Array): object {
  const der = cmsFromBer(message)
  const all = Object.entries(READERS).flatMap(([kind, read]) => {
    try {
      return [{ kind, data: read(der) }]
    } catch (error) {
      if (error instanceof CmsError && error.code === 'ERR_CMS_CONTENT_TYPE') return []
      throw error
    }
  })
  const [one] = all
  if (one === undefined) throw new CmsError('ERR_CMS_CONTENT_TYPE', 0)
  const { kind, data } = one
  if ('signerInfos' in data) {
    const { eContent } = data
    return { kind, data: { ...data, ...(eContent && { eContent: EMPTY }) }, content: hex(eContent) }
  }
  const name = 'mac' in data ? 'authEncryptedContentInfo' : 'encryptedContentInfo'
  const info = 'mac' in data ? data.authEncryptedContentInfo : data.encryptedContentInfo
  const { encryptedContent } = info
  return {
    kind,
    data: { ...data, [name]: { ...info, ...(encryptedContent && { encryptedContent: EMPTY }) } },
    content: hex(encryptedContent),
  }
}

const EMPTY = new Uint8Array()
const hex = (octets: Uint8Array | undefined) => octets?.toHex() ?? ''

function outcomeOf(act: () => object): object | 'refused' {
  try {
    return act()
  } catch (error) {
    if (error instanceof CmsError || error instanceof DerError || error instanceof X509Error) return 'refused'
    throw error
  }
}

const below = numbersFrom(SEED)
const cutsOf = (length: number, count: number) =>
  Array.from({ length: count }, () => below(length + 1)).sort((a, b) => a - b)

suite('a message in pieces', () => {
  for (const { id, hex } of vectors)
    test(id, () => {
      const message = Uint8Array.fromHex(hex)
      const whole = outcomeOf(() => asWhole(message))
      const octetByOctet = Array.from({ length: message.length }, (_, i) => i)
      for (const cuts of [[], octetByOctet, ...Array.from({ length: 8 }, () => cutsOf(message.length, 1 + below(6)))])
        assert.deepEqual(
          outcomeOf(() => inPieces(message, cuts)),
          whole,
          `cut at ${cuts}`,
        )
    })

  test('with lengths without end, and strings in parts', () => {
    for (const { hex } of vectors) {
      const message = Uint8Array.fromHex(hex)
      if (outcomeOf(() => cmsFromBer(message)) === 'refused') continue
      for (let times = 0; times < 4; times++) {
        const ber = asBer(cmsFromBer(message), below)
        const cuts = cutsOf(ber.length, below(6))
        const whole = outcomeOf(() => asWhole(ber))
        assert.deepEqual(
          outcomeOf(() => inPieces(ber, cuts)),
          whole,
          `seed ${SEED}: ${ber.toHex()} cut at ${cuts}`,
        )
      }
    }
  })

  test('cut short anywhere, or with more behind it: refused', () => {
    for (const { hex } of vectors) {
      const message = Uint8Array.fromHex(hex)
      if (outcomeOf(() => inPieces(message, [])) === 'refused') continue
      for (let end = 0; end < message.length; end += 1 + below(20))
        assert.equal(
          outcomeOf(() => inPieces(message.subarray(0, end), [])),
          'refused',
          `${message.toHex()} to ${end}`,
        )
      assert.equal(
        outcomeOf(() => inPieces(Uint8Array.of(...message, 0), [])),
        'refused',
      )
    }
  })

  test('with octets changed, left out or put in', () => {
    const seeds = vectors.map((each) => Uint8Array.fromHex(each.hex))
    for (const seed of seeds)
      for (let times = 0; times < 60; times++) {
        const mutated = mutate(seed, seeds, below)
        const whole = outcomeOf(() => asWhole(mutated))
        assert.deepEqual(
          outcomeOf(() => inPieces(mutated, cutsOf(mutated.length, below(4)))),
          whole,
          `seed ${SEED}: ${mutated.toHex()}`,
        )
      }
  })
})
