// What page and server must agree on beside the messages of OPAQUE.

/** Argon2id with t=3, m=64 MiB, p=4: the second of RFC 9106 §4. What the page stretches a password with. @see RFC 9807 §7 */
export const KEY_STRETCHING = 'memory-constrained' as const
