// Objects of a token: found by what is known of them, and read one attribute at a time.
import type { Cryptoki, Handle } from './cryptoki.ts'

/** An open session. */
export interface At {
  readonly cryptoki: Cryptoki
  readonly session: Handle
}

/** Objects that match; at most two, as a second is one too many. */
export function findObjects(
  { cryptoki, session }: At,
  template: Parameters<Cryptoki['C_FindObjectsInit']>[1],
): readonly Handle[] {
  cryptoki.C_FindObjectsInit(session, template)
  try {
    return cryptoki.C_FindObjects(session, 2)
  } finally {
    cryptoki.C_FindObjectsFinal(session)
  }
}

/** The octets of one attribute. */
export function readAttribute({ cryptoki, session }: At, object: Handle, type: number): Buffer {
  const [attribute] = cryptoki.C_GetAttributeValue(session, object, [{ type }])
  return attribute?.value ?? Buffer.alloc(0)
}

/** A CK_ULONG, in the octets of this machine. */
export function numberOf(octets: Buffer): bigint {
  return octets.length === 8 ? octets.readBigUInt64LE() : BigInt(octets.readUIntLE(0, octets.length))
}
