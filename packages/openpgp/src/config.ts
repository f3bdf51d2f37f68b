// How the library is used: what it may not read, and what it writes. Each call is handed this; its global settings stay.
import { type Config, enums, config as libraryDefaults } from 'openpgp'

/** Hashes by which nothing may be vouched for: collisions are found in them, or may be. @see RFC 9580 §9.5 */
const BROKEN_HASHES = new Set([enums.hash.md5, enums.hash.sha1, enums.hash.ripemd])
/** An S2K with more memory than 2^16 KiB = 64 MiB is not computed: RFC 9106 §4 recommends as much where memory is scarce. */
const MAX_ARGON2_MEMORY_EXPONENT = 16

/** For keys and messages of RFC 9580. */
export const CONFIG: Config = {
  ...libraryDefaults,
  showVersion: false,
  showComment: false,
  aeadProtect: true,
  v6Keys: true,
  preferredHashAlgorithm: enums.hash.sha512,
  preferredSymmetricAlgorithm: enums.symmetric.aes256,
  preferredAEADAlgorithm: enums.aead.gcm,
  // What is compressed tells its length of what is inside: RFC 9580 §13.10. We read it, and do not write it.
  preferredCompressionAlgorithm: enums.compression.uncompressed,
  rejectHashAlgorithms: BROKEN_HASHES,
  rejectMessageHashAlgorithms: BROKEN_HASHES,
  maxArgon2MemoryExponent: MAX_ARGON2_MEMORY_EXPONENT,
  // RSA: whether a session key was padded rightly is never told, not even by the time it takes. @see RFC 9580 §13.5
  constantTimePKCS1Decryption: true,
  allowUnauthenticatedMessages: false,
  allowUnauthenticatedStream: false,
}

/** For keys that GnuPG 2.2 reads: version 4, and SEIPDv1 with its MDC. */
export const LEGACY_CONFIG: Config = { ...CONFIG, aeadProtect: false, v6Keys: false }
