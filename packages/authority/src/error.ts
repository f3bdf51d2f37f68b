// Why the authority cannot start or go on, in words for its operator.

/** Each code with what to do next. A released code keeps its meaning and is never reused. */
export const AUTHORITY_ERRORS = {
  ERR_AUTHORITY_OPTION: 'correct the configuration',
  ERR_AUTHORITY_DIRECTORY: 'name a directory that can be made and read, with --data',
  ERR_AUTHORITY_DIRECTORY_OWNER: 'start as the owner of the data directory, or give it to this user with chown',
  ERR_AUTHORITY_DIRECTORY_MODE: 'close it to others with chmod 700',
  ERR_AUTHORITY_DIRECTORY_READ_ONLY: 'make the data directory writable for its owner',
  ERR_AUTHORITY_IN_USE: 'stop the other process, or use another data directory',
  ERR_AUTHORITY_STORE_NEWER: 'start the newer version of countersign that wrote it',
  ERR_AUTHORITY_STORE_MALFORMED: 'restore it from a backup',
  ERR_AUTHORITY_STORE_MISSING: 'restore it from a backup; without it, revocations would be forgotten',
  ERR_AUTHORITY_STORE_OCCUPIED: 'name an empty database: createdb makes one',
  ERR_AUTHORITY_STORE_FULL: 'free disk space in the data directory, then try again',
  ERR_AUTHORITY_STORE: 'see the cause; check the disk of the data directory',
  ERR_AUTHORITY_DOMAIN: 'use the trust domain that this authority was made with',
  ERR_AUTHORITY_ALGORITHM: 'leave the algorithm out, or make a new authority in another data directory',
  ERR_AUTHORITY_FILE_MISSING: 'restore it from a backup',
  ERR_AUTHORITY_FILE_MODE: 'close it to others with chmod 600',
  ERR_AUTHORITY_FILE_MALFORMED: 'restore it from a backup',
  ERR_AUTHORITY_FILE_MISMATCH: 'restore the whole data directory from one backup',
  ERR_AUTHORITY_ROOT_KEY_ABSENT: 'bring back the exported root key for this one command',
  ERR_AUTHORITY_BACKUP: 'name a directory that countersign backup has made, and a data directory that is not there yet',
  ERR_AUTHORITY_EXPORT: 'name a file that does not exist yet, in a directory that can be written',
  ERR_AUTHORITY_ISSUER_EXPIRED: 'a new issuing certificate is needed; it is signed by the root key',
  ERR_AUTHORITY_ISSUER_KEY:
    'copy its key file into the folder authority of this data directory, or activate an issuer whose key is here',
  ERR_AUTHORITY_LEDGER:
    'restore it and the store from one backup; countersign ledger verify says what is wrong with its files',
  ERR_AUTHORITY_LISTEN: 'stop what uses that address, or choose another one',
  ERR_AUTHORITY_SOCKET_PATH: 'use a data directory with a shorter path',
  ERR_AUTHORITY_REFUSED: 'see the cause',
  ERR_AUTHORITY_KEY_SECRET: 'name a file of mode 600 that holds one line, or an open descriptor, as fd:3',
  ERR_AUTHORITY_KEY_PASSPHRASE: 'give the passphrase that this key was encrypted with',
  ERR_AUTHORITY_KEY_PLAIN: 'encrypt it, or leave the passphrase out',
  ERR_AUTHORITY_KEY_URI: 'write it as pkcs11:token=…;object=…?module-path=/…&pin-source=file:/…',
  ERR_AUTHORITY_KEY_EXTRA: 'add it: npm install pkcs11js@2.1.7 (it compiles: docs/operations.md, Keys on a token)',
  ERR_AUTHORITY_KEY_MODULE: "check module-path, and what the module's own configuration asks for",
  ERR_AUTHORITY_KEY_TOKEN: 'attach the token; nothing needs a new start once it is there',
  ERR_AUTHORITY_KEY_PIN: 'correct the PIN, see how many attempts the token leaves, then start again',
  ERR_AUTHORITY_KEY_ABSENT: 'name one private key of the token, by object or id; pkcs11-tool --list-objects shows them',
  ERR_AUTHORITY_KEY_KIND: 'use a key of P-256, P-384, Ed25519, or RSA with 2,048 bits or more, that may sign',
} as const
export type AuthorityErrorCode = keyof typeof AUTHORITY_ERRORS

/** The authority cannot start or go on. One clear line: what (`message`), where (`path`), what to do (`next`). */
export class AuthorityError extends Error {
  override readonly name = 'AuthorityError'
  readonly code: AuthorityErrorCode
  /** The file, directory or address at fault. */
  readonly path: string
  readonly next: string
  constructor(code: AuthorityErrorCode, path: string, message: string, options?: ErrorOptions & { next?: string }) {
    super(message, options)
    this.code = code
    this.path = path
    this.next = options?.next ?? AUTHORITY_ERRORS[code]
  }
}

/** A bug of ours: caught by nobody but the top. */
export class InvariantError extends Error {
  override readonly name = 'InvariantError'
}
