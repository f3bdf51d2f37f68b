/** Why what a password protects cannot be had. A released code keeps its meaning and is never reused. */
export const PBES2_ERRORS = {
  ERR_PBES2_LEGACY: [
    'RFC 8018 §6.1',
    'the key is protected by DES, RC2 or RC4, which protect no more; write it again with: openssl pkcs8 -topk8 -v2 aes-256-cbc -v2prf hmacWithSHA256',
  ],
  ERR_PBES2_ALGORITHM: ['RFC 8018 §6.2', 'the key is not protected by PBES2 with algorithms that we use'],
  ERR_PBES2_KEY_LENGTH: ['RFC 8018 A.2', 'the key is derived in another length than its cipher asks for'],
  ERR_PBES2_ITERATIONS: ['RFC 8018 A.2', 'an iteration count is at least 1'],
  ERR_PBES2_COST: [
    'RFC 7914 §2',
    'the cost of scrypt is a power of two above 1, block size and parallelization are at least 1',
  ],
  ERR_PBES2_WORK_LIMIT: ['local limit', 'the password would take more work than a file may ask for'],
  ERR_PBES2_MEMORY_LIMIT: ['local limit', 'the password would take more memory than a file may ask for'],
  ERR_PBES2_PASSWORD: ['RFC 8018 §6.2.2', 'the password is wrong, or the file is damaged'],
} as const

/** One reason of {@link PBES2_ERRORS}. */
export type Pbes2ErrorCode = keyof typeof PBES2_ERRORS

/** Says why a password does not open what it protects; never with a piece of either. */
export class Pbes2Error extends Error {
  override readonly name = 'Pbes2Error'
  readonly code: Pbes2ErrorCode
  constructor(code: Pbes2ErrorCode, options?: ErrorOptions) {
    const [clause, text] = PBES2_ERRORS[code]
    super(`${text} (${clause})`, options)
    this.code = code
  }
}
