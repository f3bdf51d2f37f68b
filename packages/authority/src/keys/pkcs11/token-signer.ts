// A key that stays on its token. The token may be taken away and come back: whoever asks meanwhile is told, soon.
import { createPublicKey, type KeyObject } from 'node:crypto'
import { readSignatureAlgorithm, readSubjectPublicKeyInfo, writeEcdsaSignature } from '@countersign/x509'
import { AuthorityError } from '../../error.ts'
import type { LintedTbs } from '../../issuance/lint.ts'
import { readSecret } from '../secret.ts'
import { signatureAlgorithmOfKey } from '../signature.ts'
import type { Signer } from '../signer.ts'
import { KeyFault } from './fault.ts'
import { type Holder, PATIENCE_MILLISECONDS, startHolder } from './holder.ts'
import { type KeyUri, parseKeyUri } from './uri.ts'

/** After a token could not be opened, for so long nobody tries again: a storm of requests is not one of processes. */
const PAUSE_MILLISECONDS = 1_000

/** A signer on a token. While the token is away it rejects with an {@link AuthorityError}, after {@link PATIENCE_MILLISECONDS} twice at most. */
export interface TokenSigner extends Signer {
  /** For messages: without its query. */
  readonly uri: string
  /** Lets the token go. */
  close(): Promise<void>
}

/**
 * Opens the key that a PKCS #11 URI names. Its PIN is read once.
 * @param patience For tests: how long a token may take.
 * @throws {AuthorityError} (rejects) when the URI is malformed, the extra or the module absent, or the key cannot be had.
 */
export async function openTokenSigner(uriText: string, patience: number = PATIENCE_MILLISECONDS): Promise<TokenSigner> {
  const uri = parseKeyUri(uriText)
  const pin = uri.pinSource === undefined ? undefined : readSecret(uri.pinSource)
  const holders = createHolders(() => startHolder(uri, pin, patience))
  try {
    const { publicKey: jwk } = await holders.current()
    const publicKey = createPublicKey({ key: jwk, format: 'jwk' })
    const algorithm = signatureAlgorithmOfKey(publicKey)
    if (algorithm === undefined) throw new KeyFault('ERR_AUTHORITY_KEY_KIND', 'this key is none that we sign with')
    const inDer = readSignatureAlgorithm(algorithm)?.kind === 'ECDSA'
    return Object.freeze({
      publicKey: readSubjectPublicKeyInfo(spkiOf(publicKey)),
      algorithm,
      uri: uri.text,
      sign: async (tbs: LintedTbs) => {
        const signature = await signOnce(holders, tbs).catch((cause: unknown) => {
          throw authorityErrorOf(uri, cause)
        })
        return inDer ? writeEcdsaSignature(signature) : signature
      },
      close: () => holders.close(),
    })
  } catch (cause) {
    await holders.close()
    throw authorityErrorOf(uri, cause)
  }
}

/** Asks the holder there is; where that fails, a fresh one, once: the session may be of a token that was away. */
async function signOnce(holders: Holders, tbs: LintedTbs): Promise<Uint8Array> {
  const holder = await holders.current()
  try {
    return await holder.sign(tbs)
  } catch (cause) {
    if (!(cause instanceof KeyFault)) throw cause
    holders.failed(holder, cause)
  }
  const fresh = await holders.current()
  try {
    return await fresh.sign(tbs)
  } catch (cause) {
    // It opens and does not sign: not asked again by everybody at once.
    if (cause instanceof KeyFault) holders.failed(fresh, cause, PAUSE_MILLISECONDS)
    throw cause
  }
}

interface Holders {
  /** The holder there is, or a new one. @throws {KeyFault} (rejects) */
  current(): Promise<Holder>
  /** What it was asked for failed: `current` starts another, after `pause`, and where that may help. */
  failed(holder: Holder, reason: KeyFault, pause?: number): void
  close(): Promise<void>
}

function createHolders(startOne: () => Promise<Holder>): Holders {
  let starting: Promise<Holder> | undefined
  let running: Holder | undefined
  let spki: Uint8Array | undefined
  let fault: { readonly reason: KeyFault; readonly until: number } | undefined

  /** A PIN that was refused is never tried again: a token counts the attempts, and locks itself. */
  const remember = (reason: KeyFault, milliseconds: number): void => {
    const pause = reason.code === 'ERR_AUTHORITY_KEY_PIN' ? Infinity : milliseconds
    fault = { reason, until: performance.now() + pause }
  }

  const start = async (): Promise<Holder> => {
    const holder = await startOne()
    const its = spkiOf(createPublicKey({ key: holder.publicKey, format: 'jwk' }))
    spki ??= its
    if (spki.toHex() === its.toHex()) return holder
    await holder.close()
    throw new KeyFault('ERR_AUTHORITY_KEY_ABSENT', 'the token has another key under this name than before')
  }

  return {
    async current() {
      if (fault !== undefined && performance.now() < fault.until) throw fault.reason
      starting ??= start()
      try {
        running = await starting
        return running
      } catch (cause) {
        starting = undefined
        if (cause instanceof KeyFault) remember(cause, PAUSE_MILLISECONDS)
        throw cause
      }
    },
    failed(holder, reason, pause = 0) {
      remember(reason, pause)
      if (running !== holder) return
      running = undefined
      starting = undefined
    },
    async close() {
      remember(new KeyFault('ERR_AUTHORITY_KEY_TOKEN', 'the token was let go'), Infinity)
      // One that is only starting is let go as well; why it does not start is told to whoever asked for it.
      const last = await starting?.catch(() => undefined)
      await last?.close()
    },
  }
}

function authorityErrorOf({ text }: KeyUri, cause: unknown): unknown {
  if (!(cause instanceof KeyFault)) return cause
  const { code, message, next } = cause
  return new AuthorityError(code, text, message, next === undefined ? { cause } : { cause, next })
}

function spkiOf(key: KeyObject): Uint8Array {
  return new Uint8Array(key.export({ type: 'spki', format: 'der' }))
}
