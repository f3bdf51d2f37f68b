// Octets of certificates, keys and lists, put together field by field without the writers that are tested.
const utf8 = new TextEncoder()

export const octets = (hex: string): Uint8Array => Uint8Array.fromHex(hex)
export const joined = (...parts: readonly Uint8Array[]): Uint8Array =>
  octets(parts.map((part) => part.toHex()).join(''))
export const u32 = (value: number): Uint8Array => octets(value.toString(16).padStart(8, '0'))
export const u64 = (value: bigint): Uint8Array => octets(value.toString(16).padStart(16, '0'))

/** A string, of a text or around values. */
export function str(...parts: readonly (Uint8Array | string)[]): Uint8Array {
  const inner = joined(...parts.map((part) => (typeof part === 'string' ? utf8.encode(part) : part)))
  return joined(u32(inner.length), inner)
}

/** A key of a type, with its fields. */
export const keyOf = (type: string, ...fields: readonly Uint8Array[]): Uint8Array => joined(str(type), ...fields)

export const ed25519Fields: Uint8Array = str(new Uint8Array(32).fill(7))
export const ed25519: Uint8Array = keyOf('ssh-ed25519', ed25519Fields)
export const point = (length: number, form = 4): Uint8Array =>
  Uint8Array.of(form, ...new Uint8Array(length - 1).fill(9))
export const p256: Uint8Array = keyOf('ecdsa-sha2-nistp256', str('nistp256'), str(point(65)))
/** A modulus of `bits`, which is odd. */
export const modulus = (bits: number): Uint8Array =>
  str(
    octets(
      (bits % 8 === 0 ? '00' : '') +
        ((1n << BigInt(bits - 1)) | 1n).toString(16).padStart(Math.ceil(bits / 8) * 2, '0'),
    ),
  )
export const rsa = (bits: number, exponent = '010001'): Uint8Array =>
  keyOf('ssh-rsa', str(octets(exponent)), modulus(bits))
export const skEd25519: Uint8Array = keyOf('sk-ssh-ed25519@openssh.com', ed25519Fields, str('ssh:'))

/** An option: its name, and what its value holds. */
export type OptionPair = readonly [name: string, data?: Uint8Array]

/** Options, in the order given. */
export const options = (...pairs: readonly OptionPair[]): Uint8Array =>
  str(...pairs.flatMap(([name, data = new Uint8Array()]) => [str(name), str(data)]))

export interface CertificateFields {
  readonly type: Uint8Array
  readonly nonce: Uint8Array
  readonly key: Uint8Array
  readonly serial: Uint8Array
  readonly role: Uint8Array
  readonly keyId: Uint8Array
  readonly principals: Uint8Array
  readonly validAfter: Uint8Array
  readonly validBefore: Uint8Array
  readonly criticalOptions: Uint8Array
  readonly extensions: Uint8Array
  readonly reserved: Uint8Array
  readonly signatureKey: Uint8Array
  readonly signature: Uint8Array
}

const sound: CertificateFields = {
  type: str('ssh-ed25519-cert-v01@openssh.com'),
  nonce: str(new Uint8Array(32).fill(1)),
  key: ed25519Fields,
  serial: u64(1n),
  role: u32(1),
  keyId: str('alice'),
  principals: str(str('alice')),
  validAfter: u64(1_700_000_000n),
  validBefore: u64(1_800_000_000n),
  criticalOptions: str(),
  extensions: str(),
  reserved: str(),
  signatureKey: str(ed25519),
  signature: str(str('ssh-ed25519'), str(new Uint8Array(64))),
}

/** A certificate in which only what is `changed` is not sound. Its signature proves nothing. */
export function certificateOf(changed: Partial<CertificateFields> = {}): Uint8Array {
  return joined(...Object.values({ ...sound, ...changed }))
}

/** What is signed in it. */
export function tbsOf(changed: Partial<CertificateFields> = {}): Uint8Array {
  return joined(...Object.values({ ...sound, ...changed }).slice(0, -1))
}

/** A list: its sections, and its header where that is changed. */
export function krlOf(
  sections: Uint8Array,
  header: Partial<Record<'magic' | 'format' | 'flags' | 'date', Uint8Array>> = {},
): Uint8Array {
  const { magic = octets('5353484b524c0a00'), format = u32(1), flags = u64(0n), date = u64(1_700_000_000n) } = header
  return joined(magic, format, u64(3n), date, flags, str(), str('a list'), sections)
}

export const section = (type: number, ...parts: readonly Uint8Array[]): Uint8Array =>
  joined(Uint8Array.of(type), str(...parts))
/** A section of certificates of one authority. */
export const certificates = (authority: Uint8Array | undefined, ...sections: readonly Uint8Array[]): Uint8Array =>
  section(1, str(authority ?? new Uint8Array()), str(), ...sections)
