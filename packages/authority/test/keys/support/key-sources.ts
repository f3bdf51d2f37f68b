// Where a key may be: the contract of keys runs over each of these. All keys are made by OpenSSL.
import { readFileSync, writeFileSync } from 'node:fs'
import { file, openssl, withOpenssl } from '../../../../../interop/openssl.ts'
import { type Scope, softToken, withToken } from '../../../../../tools/testing/soft-token.ts'
import { formatKey, parseKey } from '../../../src/keys/key-file.ts'
import { openTokenSigner } from '../../../src/keys/pkcs11/token-signer.ts'
import { keySigner, type Signer } from '../../../src/keys/signer.ts'

/** The kinds of keys, with the arguments of `openssl genpkey`. */
export const KEY_KINDS = {
  'P-256': ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'],
  'P-384': ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-384'],
  Ed25519: ['-algorithm', 'ED25519'],
  'RSA-2048': ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048'],
} as const
export type KeyKind = keyof typeof KEY_KINDS

export interface KeySource {
  readonly name: string
  readonly options: { readonly skip?: string }
  /** A signer on the key in a plain PKCS#8 file. */
  open(scope: Scope, path: string): Promise<Signer>
}

const PASSPHRASE = 'correct horse battery staple'

export const KEY_SOURCES: readonly KeySource[] = [
  {
    name: 'a file',
    options: withOpenssl,
    open: async (_scope, path) => keySigner(parseKey(readFileSync(path, 'utf8'), path, undefined)),
  },
  {
    name: 'a file that we encrypted, and OpenSSL opened and encrypted again',
    options: withOpenssl,
    async open(_scope, path) {
      const ours = `${path}.ours`
      writeFileSync(ours, formatKey(parseKey(readFileSync(path, 'utf8'), path, undefined), PASSPHRASE))
      const theirs = `${path}.theirs`
      const pass = ['-passin', `pass:${PASSPHRASE}`, '-passout', `pass:${PASSPHRASE}`]
      openssl('pkcs8', '-topk8', '-scrypt', '-in', ours, '-out', theirs, ...pass)
      return keySigner(parseKey(readFileSync(theirs, 'utf8'), theirs, PASSPHRASE))
    },
  },
  {
    name: 'a PKCS #11 token',
    options: withToken,
    async open(scope, path) {
      const token = softToken(scope)
      token.import(path, 'issuing', '01')
      const signer = await openTokenSigner(token.uri('object=issuing;id=%01'))
      scope.after(() => signer.close())
      return signer
    },
  },
]

/** A new key in a file, and its public key as OpenSSL tells it. */
export function newKeyFile(kind: KeyKind): { readonly path: string; readonly spki: Uint8Array } {
  const path = file(`${kind}-${count++}.key`)
  openssl('genpkey', ...KEY_KINDS[kind], '-out', path)
  const der = `${path}.spki`
  openssl('pkey', '-in', path, '-pubout', '-outform', 'DER', '-out', der)
  return { path, spki: new Uint8Array(readFileSync(der)) }
}
let count = 0
