import { MailError, type Spool } from '@countersign/protocol'
import type { PrivateKey } from 'openpgp'
import { PACKETS } from '../octets/packet.ts'
import { OctetReader } from '../octets/reader.ts'
import { cipherOf } from './ciphers.ts'
import { type Envelope, readEnvelope } from './envelope.ts'
import { decryptIntegrity, type IntegrityHeader, readIntegrityHeader, type SessionKey } from './integrity.ts'
import { namesOneOf, openSessionKeys } from './session.ts'

/** Passes over a message with one session key each: a local limit. RSA takes up to three, and anybody can name our key twice. */
const MAX_PASSES = 8

/** What is learnt of an encryption on the way, and told also where it is not opened. */
export interface EncryptedFacts {
  isAuthenticated: boolean
  recipients: number
  cipher?: string
  transport?: string
}

/** What was inside, and which of our keys opened it. */
export interface Decrypted {
  readonly key: PrivateKey
  /** To be disposed of by whoever asked. */
  readonly packets: Spool
}

/** What decrypting takes. */
export interface DecryptContext {
  readonly keys: readonly PrivateKey[]
  readonly now: Temporal.Instant
  spool(): Spool
  readonly facts: EncryptedFacts
}

/**
 * Decrypts a message into a spool: nobody looks at what is there before this answers, our own readers included.
 * `message` is read once for each session key that is tried. @throws {MailError} @see RFC 9580 §5.13, §13.8
 */
export async function decrypt(message: () => AsyncIterable<Uint8Array>, context: DecryptContext): Promise<Decrypted> {
  const { keys, now, facts } = context
  const first = await begin(message())
  await first[Symbol.asyncDispose]()
  const { sessionKeys } = first.envelope
  Object.assign(facts, factsOf(first))
  let passes = 0
  for await (const { key, transport, candidates } of openSessionKeys(sessionKeys, keys, now))
    for (const session of candidates.filter((each) => isFor(first.header, each))) {
      if (++passes > MAX_PASSES)
        throw new MailError('ERR_MAIL_BUDGET', 'the message takes too many session keys to try')
      const packets = context.spool()
      await using unless = new AsyncDisposableStack()
      unless.use(packets)
      if (!(await tryKey(message(), session, packets))) continue
      unless.move()
      facts.transport = transport
      if (first.header.version === 1) facts.cipher = `${cipherOf(session.algorithm ?? 0).text}-CFB with MDC`
      return { key, packets }
    }
  if (passes > 0 || namesOneOf(sessionKeys, keys))
    throw new MailError('ERR_MAIL_DECRYPT', 'the message does not decrypt')
  throw new MailError('ERR_MAIL_NO_KEY', 'the message is to none of the keys that are here')
}

interface Begun extends AsyncDisposable {
  readonly envelope: Envelope
  readonly header: IntegrityHeader
  readonly ciphertext: OctetReader
}

async function begin(message: AsyncIterable<Uint8Array>): Promise<Begun> {
  await using unless = new AsyncDisposableStack()
  const envelope = unless.use(await readEnvelope(message))
  expectIntegrity(envelope)
  const ciphertext = new OctetReader(envelope.data.body)
  const header = await readIntegrityHeader(ciphertext)
  unless.move()
  return { envelope, header, ciphertext, [Symbol.asyncDispose]: () => envelope[Symbol.asyncDispose]() }
}

/** @throws {MailError} @see RFC 9580 §5.7: without its MDC, whoever changes ciphertext writes what is read */
function expectIntegrity({ data: { type } }: Envelope): void {
  if (type === PACKETS.symmetricallyEncryptedData)
    throw new MailError('ERR_MAIL_UNAUTHENTICATED', 'the message is encrypted without an MDC')
  if (type === PACKETS.aeadEncryptedData)
    throw new MailError(
      'ERR_MAIL_ALGORITHM',
      'the message has the encryption of LibrePGP, which RFC 9580 does not know',
    )
}

function factsOf({ envelope, header }: Begun): EncryptedFacts {
  return {
    isAuthenticated: true,
    recipients: envelope.sessionKeys.length,
    ...(header.version === 2 && { cipher: `${header.cipher.text}-${header.mode.text}` }),
  }
}

function isFor(header: IntegrityHeader, { octets, algorithm }: SessionKey): boolean {
  // Version 1 names its cipher beside the session key; one that is weak is said to be so. @throws {MailError}
  const { keyOctets } = header.version === 1 ? cipherOf(algorithm ?? 0) : header.cipher
  return octets.length === keyOctets
}

async function tryKey(message: AsyncIterable<Uint8Array>, session: SessionKey, spool: Spool): Promise<boolean> {
  await using begun = await begin(message)
  const { envelope, header, ciphertext } = begun
  try {
    for await (const piece of decryptIntegrity(header, session, ciphertext)) await spool.write(piece)
  } catch (error) {
    if (error instanceof MailError && error.code === 'ERR_MAIL_DECRYPT') return false
    throw error
  }
  await envelope.end()
  return true
}
