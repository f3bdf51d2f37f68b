/** Marks a path that was accepted. Leaves this package as a type only, so that nobody else can make a `VerifiedPath`. */
export const VERIFIED: unique symbol = Symbol('verified')
