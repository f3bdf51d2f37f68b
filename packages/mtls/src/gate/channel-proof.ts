// Both ends of a challenge and a response over an open TLS channel, for logins inside of it.
import {
  createHmac,
  createPublicKey,
  hash,
  type KeyObject,
  randomBytes,
  sign,
  timingSafeEqual,
  verify,
} from 'node:crypto'
import type { TLSSocket } from 'node:tls'
import {
  CHANNEL_PROOF_LABEL,
  type ChannelRole,
  type ChannelRun,
  channelProofInput,
  readChannelAnswer,
  readChannelHello,
  readChannelProof,
  writeChannelAnswer,
  writeChannelHello,
  writeChannelProof,
} from '@countersign/protocol'

/** By what a side proves itself, and checks the other. */
export type ChannelKey =
  /** One secret that both hold, of 32 octets or more, from a generator: what the callee says lets a weak one be guessed. */
  | { readonly shared: Uint8Array; readonly ours?: undefined }
  /** Our private key, and the public key that the other must hold: ECDSA over a NIST curve, Ed25519, Ed448 or ML-DSA. */
  | { readonly ours: KeyObject; readonly theirs: KeyObject; readonly shared?: undefined }

/** The side that called, and that begins. */
export interface CallerProof {
  /** To be sent first. */
  readonly hello: Uint8Array
  /** Takes the answer, once: our own proof, to be sent, or undefined where the other side has not proved itself. */
  finish(answer: Uint8Array): Uint8Array | undefined
}

/** The side that was called. */
export interface CalleeProof {
  /** To be sent: our own proof. */
  readonly answer: Uint8Array
  /** Takes the caller's proof, once: whether it holds the key, at the other end of this very channel. */
  check(proof: Uint8Array): boolean
}

const OCTETS = 32

/**
 * Begins a proof over `socket`, whose handshake is complete.
 * @param purpose What both sides call this login, at most 255 octets; the key then proves nothing elsewhere.
 * @throws {RangeError} when the channel is not TLS 1.3 or this its other end, the secret is too short or the purpose too long.
 * @throws {TypeError} when a key is of a kind that is not used here.
 */
export function proveAsCaller(socket: TLSSocket, purpose: string, key: ChannelKey): CallerProof {
  const known = { exporter: exporterFor(socket, 'caller', purpose), callerNonce: randomBytes(OCTETS) }
  const scheme = schemeOf(key, 'caller')
  let isOver = false
  return {
    hello: writeChannelHello(known.callerNonce),
    finish(message) {
      const answer = isOver ? undefined : readChannelAnswer(message)
      isOver = true
      if (answer === undefined) return undefined
      const run = { ...known, calleeNonce: answer.calleeNonce, ...scheme.names }
      return scheme.check(run, answer.proof) ? writeChannelProof(scheme.prove(run)) : undefined
    },
  }
}

/** Answers a proof that the other side began; undefined where `hello` is none. @throws as {@link proveAsCaller} */
export function proveAsCallee(
  socket: TLSSocket,
  purpose: string,
  key: ChannelKey,
  hello: Uint8Array,
): CalleeProof | undefined {
  const exporter = exporterFor(socket, 'callee', purpose)
  const scheme = schemeOf(key, 'callee')
  const callerNonce = readChannelHello(hello)
  if (callerNonce === undefined) return undefined
  const calleeNonce = randomBytes(OCTETS)
  const run = { exporter, callerNonce, calleeNonce, ...scheme.names }
  let isOver = false
  return {
    answer: writeChannelAnswer(calleeNonce, scheme.prove(run)),
    check(message) {
      const proof = isOver ? undefined : readChannelProof(message)
      isOver = true
      return proof !== undefined && scheme.check(run, proof)
    },
  }
}

/** @see RFC 5705 §4: the context mixes in what the value is for. */
function exporterFor(socket: TLSSocket, role: ChannelRole, purpose: string): Uint8Array {
  // Before, two channels may have the same value (RFC 9266 §4.2).
  if (socket.getProtocol() !== 'TLSv1.3') throw new RangeError('only a channel of TLS 1.3 can be proved over')
  // Whoever could be asked in both roles would answer its own question. Node has this of the client's end alone.
  const end = socket.getEphemeralKeyInfo() === null ? 'callee' : 'caller'
  if (end !== role) throw new RangeError(`this is the ${end}'s end of the channel`)
  const context = Buffer.from(purpose)
  if (context.length > 255) throw new RangeError('a purpose has at most 255 octets')
  return new Uint8Array(socket.exportKeyingMaterial(OCTETS, CHANNEL_PROOF_LABEL, context))
}

interface Scheme {
  readonly names: Pick<ChannelRun, 'keys'>
  prove(run: ChannelRun): Uint8Array
  check(run: ChannelRun, proof: Uint8Array): boolean
}

function schemeOf(key: ChannelKey, ours: ChannelRole): Scheme {
  const theirs = ours === 'caller' ? 'callee' : 'caller'
  return key.ours === undefined ? sharedScheme(key.shared, ours, theirs) : signatureScheme(key, ours, theirs)
}

function sharedScheme(secret: Uint8Array, ours: ChannelRole, theirs: ChannelRole): Scheme {
  if (secret.length < OCTETS) throw new RangeError('a shared secret has at least 32 octets')
  const mac = (role: ChannelRole, run: ChannelRun) =>
    createHmac('sha256', secret).update(channelProofInput(role, run)).digest()
  return {
    names: {},
    prove: (run) => mac(ours, run),
    check(run, proof) {
      const expected = mac(theirs, run)
      return proof.length === expected.length && timingSafeEqual(proof, expected)
    },
  }
}

function signatureScheme(
  keys: Extract<ChannelKey, { readonly theirs: KeyObject }>,
  ours: ChannelRole,
  theirs: ChannelRole,
): Scheme {
  const [ourHash, theirHash] = [hashFor(keys.ours), hashFor(keys.theirs)]
  const names = { [ours]: nameOf(createPublicKey(keys.ours)), [theirs]: nameOf(keys.theirs) }
  return {
    names: { keys: names as Record<ChannelRole, Uint8Array> },
    prove: (run) => sign(ourHash, channelProofInput(ours, run), keys.ours),
    check: (run, proof) => verify(theirHash, channelProofInput(theirs, run), keys.theirs, proof),
  }
}

function nameOf(key: KeyObject): Uint8Array {
  return hash('sha256', key.export({ type: 'spki', format: 'der' }), 'buffer')
}

const CURVE_HASHES: Readonly<Record<string, string>> = {
  prime256v1: 'sha256',
  secp384r1: 'sha384',
  secp521r1: 'sha512',
}
const OWN_HASH = new Set(['ed25519', 'ed448', 'ml-dsa-44', 'ml-dsa-65', 'ml-dsa-87'])

/** The hash that a key signs with; null where its algorithm has its own. */
function hashFor({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): string | null {
  const type = asymmetricKeyType ?? 'secret'
  if (OWN_HASH.has(type)) return null
  const found = type === 'ec' ? CURVE_HASHES[asymmetricKeyDetails?.namedCurve ?? ''] : undefined
  if (found === undefined) throw new TypeError(`no channel is proved by a key of the kind ${type}`)
  return found
}
