// What the configuration says of the authority's keys, opened: the passphrase of its files, and a key that is on a token.
import { openTokenSigner, type TokenSigner } from './pkcs11/token-signer.ts'
import { readSecret } from './secret.ts'

/** How the authority's keys are kept. Secret. */
export interface Custody {
  /** Of every key file. */
  readonly passphrase?: string
  /** The issuing key, where it is in no file. */
  readonly token?: TokenSigner
}

/** As the options of an authority have it. */
export interface CustodyOptions {
  /** Where the passphrase of the key files is: a path, or `fd:N`. Key files are encrypted where it is given. */
  readonly passphrase?: string | undefined
  /** The issuing key, where it is on a token: a PKCS #11 URI (RFC 7512). */
  readonly issuingKey?: string | undefined
}

/** Reads the passphrase and opens the token; `opened` lets it go. @throws {AuthorityError} (rejects) */
export async function openCustody(
  { passphrase, issuingKey }: CustodyOptions,
  opened: AsyncDisposableStack,
): Promise<Custody> {
  const read = passphrase === undefined ? {} : { passphrase: readSecret(passphrase) }
  if (issuingKey === undefined) return read
  const token = await openTokenSigner(issuingKey)
  opened.defer(() => token.close())
  return { ...read, token }
}
